"""Evidence, plans and cases for tests, drawn or written out."""

from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from openweir.dossier import Dossier
from openweir.evidence import (
    Access,
    Attack,
    Conduct,
    Evidence,
    Independence,
    Method,
    Plan,
    PlannedTrial,
    Result,
    Rung,
    Source,
    bound,
)

MODEL = "a" * 64
LOG = "b" * 64
GOLDEN = Path(__file__).parent / "evidence" / "golden"


def evidence(**changes) -> Evidence:
    """Return one piece of evidence: 2 of 100 on `bio.capability`, from a log."""
    item = Evidence(
        trial="bio-1",
        claim="bio.capability",
        evaluation="PE1",
        subject_sha256=MODEL,
        binding="declared",
        attack=Attack(rung=Rung.A0),
        result=result(2, 100),
        conduct=Conduct(evaluator="self", independence=Independence.SELF, access=Access.AL1),
        method=Method(
            source=Source.LOG,
            tool="inspect_ai",
            tool_version="0.3.285",
            task="velmar_small",
            task_version="1",
            metric="match",
            model="velmar/botanist",
            log_sha256=LOG,
            reference=None,
            certainty="read",
        ),
        produced_on="2026-11-20",
    )
    return replace(item, **changes)


def result(events: int, n: int, unscored: int = 0) -> Result:
    """Return counts with the interval they allow."""
    return Result(events=events, n=n, unscored=unscored, bound=bound(events, n, unscored=unscored))


def trial(trial_id: str = "bio-1", **changes) -> PlannedTrial:
    """Return a planned trial that `evidence()` answers."""
    planned = PlannedTrial(
        id=trial_id,
        claim="bio.capability",
        evaluation="PE1",
        rung=Rung.A0,
        registered_on="2026-11-19",
    )
    return replace(planned, **changes)


def plan(*trials: PlannedTrial) -> Plan:
    """Return a plan for the same model as `evidence()`."""
    return Plan(subject_sha256=MODEL, trials=trials)


def make_case(root: Path, model_sha256: str | None = MODEL) -> Path:
    """Write a case with a dossier and nothing else."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "case.toml").write_text('[release]\nname = "velmar/botanist"\n')
    dossier = Dossier(
        name="velmar/botanist", release_sha256=model_sha256, model_sha256=model_sha256
    )
    (root / "dossier.json").write_bytes(dossier.to_bytes())
    return root


ids = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
claims = st.sampled_from(
    ["bio.capability", "bio.uplift", "cyber.willingness", "misuse.safeguard", "other.some-task"]
)
evaluations = st.sampled_from(["PE1", "PE2", "PE3", "PE4", "SYS"])
rungs = st.sampled_from(Rung)
days = st.dates().map(lambda day: day.isoformat())
lines = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=40).filter(
    str.isprintable
)
results = st.integers(1, 300).flatmap(
    lambda n: st.builds(result, st.integers(0, n), st.just(n), st.integers(0, 20))
)
plans = st.lists(
    st.builds(
        PlannedTrial,
        id=ids,
        claim=claims,
        evaluation=evaluations,
        rung=rungs,
        registered_on=days,
        retrospective=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda planned: planned.id,
).map(lambda trials: Plan(subject_sha256=MODEL, trials=tuple(trials)))
pieces = st.builds(
    evidence,
    trial=ids,
    claim=claims,
    evaluation=evaluations,
    attack=st.builds(
        Attack,
        rung=rungs,
        budget=st.dictionaries(lines, lines, max_size=3).map(lambda d: tuple(sorted(d.items()))),
    ),
    result=results,
    conduct=st.builds(
        Conduct,
        evaluator=lines,
        independence=st.sampled_from(Independence),
        access=st.sampled_from(Access),
    ),
    produced_on=days,
)
