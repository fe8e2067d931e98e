"""What is due: the days a decision itself names, and what changed under it."""

from dataclasses import dataclass
from datetime import date, timedelta

from openweir.decision import Decision, Proof, Status
from openweir.evidence import Evidence

__all__ = ["Trigger", "due"]

_DECIDE = "openweir decide CASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One reason to look again.

    Attributes:
        kind: `expired`, `review`, `expiring` or `changed`.
        day: when it became or becomes due; None for what has no day.
        sentence: what is the matter.
        next_step: what to run or do.
    """

    kind: str
    day: date | None
    sentence: str
    next_step: str


def due(
    decision: Decision,
    *,
    evidence: tuple[tuple[str, Evidence], ...] = (),
    inputs: tuple[tuple[str, str], ...] | None = None,
    as_of: date,
    notice_days: int = 30,
) -> tuple[Trigger, ...]:
    """Return what is due as of a day, the most pressing first.

    Args:
        decision: the one in force.
        evidence: (SHA-256, item) of the case.
        inputs: (name, SHA-256) of the case's files as they are now; None skips the
            comparison.
        as_of: the day that is asked about.
        notice_days: how long before its end an expiry is told.
    """
    found: list[Trigger] = []
    until, review = decision.valid_until, decision.review_by
    oldest = _oldest(decision, evidence) if until < review else ""
    if until < as_of:
        found.append(
            Trigger(
                kind="expired",
                day=until,
                sentence=f"the decision ended on {until}: hubs serve nothing under it{oldest}",
                next_step=_DECIDE,
            )
        )
    if review <= as_of:
        found.append(
            Trigger(
                kind="review",
                day=review,
                sentence=f"the review that was due by {review} is open",
                next_step=_DECIDE,
            )
        )
    if as_of <= until <= as_of + timedelta(days=notice_days) and review > as_of:
        days = (until - as_of).days
        found.append(
            Trigger(
                kind="expiring",
                day=until,
                sentence=f"the decision ends on {until}, in {days} days{oldest}",
                next_step="repeat the oldest trial, then " + _DECIDE if oldest else _DECIDE,
            )
        )
    found += _changed(decision, inputs)
    return tuple(found)


def _changed(decision: Decision, inputs: tuple[tuple[str, str], ...] | None) -> list[Trigger]:
    if inputs is None:
        return []
    now, then = dict(inputs), dict(decision.inputs)
    names = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    if not names:
        return []
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return [
        Trigger(
            kind="changed",
            day=None,
            sentence=f"the case is not what the decision was made on: {shown}",
            next_step=_DECIDE,
        )
    ]


def _oldest(decision: Decision, evidence: tuple[tuple[str, Evidence], ...]) -> str:
    resting = {
        digest
        for item in decision.requirements
        if item.tier <= decision.tier
        for digest in _digests(item.proof)
    }
    used = [(item.produced_on, item.trial) for digest, item in evidence if digest in resting]
    if not used:
        return ""
    produced_on, trial = min(used)
    return f"; the oldest evidence it rests on is `{trial}` of {produced_on}"


def _digests(proof: Proof) -> set[str]:
    if proof.status is not Status.DEMONSTRATED:
        return set()
    below = (_digests(child) for child in proof.children)
    return set(proof.evidence).union(*below)
