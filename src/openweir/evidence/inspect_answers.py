"""Every sample's own verdict and answer in an Inspect log, once the log itself holds water.

The log is first read as any other (`from_inspect`), with all that is refused there; what is
told of the samples here must then add up to what was counted.

Source: inspect_ai log format version 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from openweir.canonical import Object
from openweir.errors import EvidenceError
from openweir.evidence.archive import Archive
from openweir.evidence.from_inspect import read_archive
from openweir.evidence.inspect_scores import sample_of
from openweir.evidence.reading import Log, Reading, Told, log_json, outcome

__all__ = ["REFUSAL_SCORES", "Answered", "read_answers"]

REFUSAL_SCORES = ("refusal", "refused")
"""Names of a score that says whether an answer refuses, not whether it is right."""

_SAMPLES = "samples/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One sample.

    Attributes:
        id: as the log has it.
        right: what the score says; None where there is none.
        refused: what a score of `REFUSAL_SCORES` says; None where there is none.
        answer: the model's last words.
    """

    id: str
    right: bool | None
    refused: bool | None
    answer: str


def read_answers(stream: BinaryIO, *, where: str) -> tuple[Reading, tuple[Answered, ...]]:
    """Read a `.eval` log sample by sample, each question asked once.

    Args:
        stream: the log, seekable.
        where: its name, for errors.

    Raises:
        EvidenceError: the log is refused, has no or several scores beside that of refusal, or
            asks a question more than once.
    """
    archive = Archive(stream, where)
    names = tuple(name for name in archive.names(_SAMPLES) if name.endswith(".json"))
    scores = {score for one in _samples(archive, names, where) for score in sample_of(one).scores}
    right = sorted(scores - set(REFUSAL_SCORES))
    refusal = sorted(scores & set(REFUSAL_SCORES))
    if len(right) != 1 or len(refusal) > 1:
        told = ", ".join(name[:60] for name in sorted(scores)[:10]) or "none"
        raise EvidenceError(
            f"one score says what is right, and the log has: {told}",
            code="which-score",
            where=where,
            hint="give the task one yes-or-no scorer, and if need be a second named `refusal`",
        )
    stream.seek(0)
    (reading,) = read_archive(
        Log(
            where=where,
            stream=stream,
            value=None,
            told=Told(metric=right[0]),
            beside=lambda _: None,
            samples_of=lambda _: None,
        )
    )
    found = tuple(
        _answered(one, right[0], refusal[0] if refusal else None)
        for one in _samples(archive, names, where)
    )
    counts = [sum(one.right is said for one in found) for said in (True, False, None)]
    if len({one.id for one in found}) != len(found):
        raise EvidenceError("a question was asked several times", code="epochs", where=where)
    if counts != [reading.correct, reading.incorrect, reading.unscored]:
        raise EvidenceError(
            "the samples do not add up to what the log counts", code="disagree", where=where
        )
    return reading, found


def _samples(archive: Archive, names: tuple[str, ...], where: str) -> Iterator[Object]:
    for name in names:
        yield Object(log_json(archive.read(name), f"{where}: {name}"), f"{where}: {name}")


def _answered(item: Object, right: str, refusal: str | None) -> Answered:
    sample = sample_of(item)

    def said(score: str | None) -> bool | None:
        if score is None or sample.failed:
            return None
        value = sample.scores.get(score)
        # A score in parts is counted by the one part it has.
        if isinstance(value, dict):
            value = next(iter(value.values())) if len(value) == 1 else None
        return outcome(value, f"{item.where}.scores.{score}")

    output = item.optional_object("output")
    last = None if output is None else output.value.get("completion")
    return Answered(
        id=str(item.value.get("id")),
        right=said(right),
        refused=said(refusal),
        answer=last if isinstance(last, str) else "",
    )
