"""Hold evidence against the plan: which trials are answered, which are not, and why (law 3)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from openweir.evidence.evidence import Evidence
from openweir.evidence.plan import Plan, PlannedTrial

__all__ = ["Conflict", "conflicts", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Evidence that does not answer the trial it names.

    Attributes:
        trial: the id the evidence names.
        code: `not-planned`, `doubled`, `wrong-claim`, `wrong-evaluation`, `wrong-rung` or
            `wrong-subject`.
        detail: one sentence for people.
    """

    trial: str
    code: str
    detail: str


def missing(plan: Plan, evidence: Sequence[Evidence], claim: str | None = None) -> tuple[str, ...]:
    """Return the planned trials without an answer, in the plan's order.

    Args:
        plan: all that was named.
        evidence: all that came in; what conflicts with the plan answers nothing.
        claim: ask only for trials on this claim.
    """
    refused = {conflict.trial for conflict in conflicts(plan, evidence)}
    answered = {item.trial for item in evidence} - refused
    return tuple(
        trial.id
        for trial in plan.trials
        if trial.id not in answered and claim in (None, trial.claim)
    )


def conflicts(plan: Plan, evidence: Sequence[Evidence]) -> tuple[Conflict, ...]:
    """Return what is wrong between evidence and plan, sorted by trial and code."""
    times = Counter(item.trial for item in evidence)
    planned = {trial.id: trial for trial in plan.trials}
    found = {
        conflict
        for item in evidence
        for conflict in _compare(item, planned.get(item.trial), plan.subject_sha256)
    }
    found |= {
        Conflict(
            trial=trial, code="doubled", detail=f"trial `{trial}` has {count} answers, not one"
        )
        for trial, count in times.items()
        if count > 1
    }
    return tuple(sorted(found, key=lambda conflict: (conflict.trial, conflict.code)))


def _compare(
    item: Evidence, trial: PlannedTrial | None, subject: str | None
) -> tuple[Conflict, ...]:
    if trial is None:
        detail = f"trial `{item.trial}` was never planned"
        return (Conflict(trial=item.trial, code="not-planned", detail=detail),)
    pairs = (
        ("claim", trial.claim, item.claim),
        ("evaluation", trial.evaluation, item.evaluation),
        ("rung", trial.rung.name, item.attack.rung.name),
        ("subject", subject or "no model", item.subject_sha256 or "no model"),
    )
    return tuple(
        Conflict(
            trial=item.trial,
            code=f"wrong-{name}",
            detail=f"trial `{item.trial}` was planned with {name} {wanted}, its evidence has {got}",
        )
        for name, wanted, got in pairs
        if wanted != got
    )
