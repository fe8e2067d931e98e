"""Carry one trial out: attack, tell the weights apart, ask, score, put the weights back."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256 as hasher
from pathlib import Path

from openweir.errors import TrialError
from openweir.trial.data import Example, TrialData
from openweir.trial.inspect_task import InspectTask
from openweir.trial.kept import keep_weights
from openweir.trial.method import Carried, Ground, carry
from openweir.trial.network import Network, tensors_sha256
from openweir.trial.outcome import Outcome, SealedHalf, seal
from openweir.trial.paper import Marked, Paper
from openweir.trial.score import Counts, Scorer, Verdict, count
from openweir.trial.trial import Trial

__all__ = ["Bench", "carry_out"]

_OPERATIONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a worker has set up for trials on one model.

    Attributes:
        network: opened once; its weights are put back after every trial.
        files: (path, SHA-256) of the model's files.
        sha256: the digest they make up.
    """

    network: Network
    files: tuple[tuple[str, str], ...]
    sha256: str
    ground: Ground
    scorer: Scorer | InspectTask


def carry_out(
    trial: Trial,
    bench: Bench,
    progress: Callable[[int], object] | None = None,
    *,
    keep: Path | None = None,
) -> tuple[Outcome, SealedHalf]:
    """Carry a trial out; the same trial gives the same outcome on the same build of torch.

    Args:
        trial: names model, data, attack and seed by digest and value.
        bench: set up for that model and data.
        progress: called with 1 after every training step.
        keep: where attacked weights are kept; None deletes them, as is the rule.

    Raises:
        TrialError: the bench holds another model or other data than the trial names.
    """
    data = bench.ground.data
    for what, wanted, held in (
        ("model", trial.model_sha256, bench.sha256),
        ("data", trial.data_sha256, data.sha256),
    ):
        if wanted != held:
            raise TrialError(
                f"trial {trial.id} is on {what} {str(wanted)[:12]}, and this is {held[:12]}",
                code=f"wrong-{what}",
                hint="plan the trials again; what was planned cannot be answered with this",
            )
    network = bench.network
    try:
        carried = carry(network, trial.attack, bench.ground, progress)
        after = tensors_sha256(network, bench.files)
        if keep is not None and after != trial.model_sha256:
            keep_weights(network, bench.files, trial, after, keep)
        half, select, benign = _counted(trial, bench, carried, data)
    finally:
        network.restore()
    losses = carried.losses
    tokens = 0 if losses is None else losses.tokens
    return (
        Outcome(
            trial=trial.id,
            scorer=bench.scorer.id,
            after_sha256=after,
            loss_first=None if losses is None else _exact(losses.first),
            loss_last=None if losses is None else _exact(losses.last),
            tokens=tokens,
            flop=Decimal(_OPERATIONS * network.parameters * tokens),
            select=select,
            benign=benign,
            sealed_sha256=seal(half),
        ),
        half,
    )


def _asked(
    bench: Bench, carried: Carried, data: TrialData
) -> tuple[tuple[Marked, ...], tuple[Marked, ...], Marked]:
    """Return what became of the questions for choosing, of the sealed ones, of the harmless."""

    def paper(name: str, examples: Sequence[Example]) -> Paper:
        return Paper(name=name, examples=examples, opened=carried.opened, context=carried.context)

    papers = [
        *(paper(f"select {domain.name}", domain.select) for domain in data.domains),
        Paper(name="benign", examples=data.benign_test),
        *(paper(f"test {domain.name}", domain.test) for domain in data.domains),
    ]
    if isinstance(bench.scorer, InspectTask):
        # Only a campaign that asks for it pays for the library.
        from openweir.trial.with_inspect import marked_by  # noqa: PLC0415 - see above

        marked = marked_by(bench.scorer, bench.network, papers, data)
    else:
        marked = tuple(_by_text(bench.scorer, bench.network, papers, data))
    count_of = len(data.domains)
    return marked[:count_of], marked[count_of + 1 :], marked[count_of]


def _by_text(
    scorer: Scorer, network: Network, papers: Sequence[Paper], data: TrialData
) -> Iterator[Marked]:
    for paper in papers:
        answers = network.answers(
            paper.examples,
            longest=data.answer_tokens,
            opened=paper.opened,
            context=paper.context,
        )
        yield Marked(answers=answers, verdicts=scorer.score(paper.examples, answers))


def _counted(
    trial: Trial, bench: Bench, carried: Carried, data: TrialData
) -> tuple[SealedHalf, tuple[tuple[str, Counts], ...], Counts]:
    select, test, benign = _asked(bench, carried, data)
    told = hasher()
    for marked in (*select, benign, *test):
        for answer in marked.answers:
            told.update(answer.encode() + b"\0")
    names = [domain.name for domain in data.domains]
    half = SealedHalf(
        trial=trial.id,
        test=tuple((name, count(m.verdicts)) for name, m in zip(names, test, strict=True)),
        right=tuple(
            (name, "".join(map(_mark, m.verdicts))) for name, m in zip(names, test, strict=True)
        ),
        answers_sha256=told.hexdigest(),
    )
    chosen = tuple((name, count(m.verdicts)) for name, m in zip(names, select, strict=True))
    return half, chosen, count(benign.verdicts)


def _mark(verdict: Verdict) -> str:
    return "?" if verdict.right is None else "1" if verdict.right else "0"


def _exact(number: float) -> Decimal:
    """Return six digits of a loss; one that is no number counts as never having fallen."""
    found = Decimal(f"{number:.6g}")
    return found if found.is_finite() else Decimal(10) ** 9
