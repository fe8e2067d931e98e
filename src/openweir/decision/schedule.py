"""The drop schedule: on which days the tier changes while nothing else does, and why.

A judgement can only change on the day after something runs out, on the day a trial's
date comes, or when the policy or an instruction starts or ends; only those days are
judged, so the schedule is exact. With trials dated in the past the tier only falls.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from openweir.decision.case import Case
from openweir.decision.claim import days_after
from openweir.decision.decide import decide_together
from openweir.decision.decision import Decision, Proof, Status
from openweir.instant import parse_day
from openweir.policy import ClaimAtom, Policy, leaves
from openweir.tier import Tier

__all__ = ["Cause", "Change", "Schedule", "schedule"]

_MOST_CAUSES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One leaf that turns, and the requirement it turns with."""

    requirement: str
    label: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The first day of other tiers.

    Attributes:
        tier, effective_tier: from that day on.
        was, effective_was: the day before.
        causes: leaves of requirements that are no longer demonstrated; empty where only an
            instruction or a policy ends.
        note: what else happens on that day.
    """

    on: date
    tier: Tier
    was: Tier
    effective_tier: Tier
    effective_was: Tier
    causes: tuple[Cause, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Every change from `as_of` on, in order.

    Attributes:
        ends: the last day on which every policy may decide; None where none ends.
    """

    now: Decision
    changes: tuple[Change, ...]
    ends: date | None

    def to_json(self) -> dict[str, object]:
        """Return the schedule as plain JSON values."""
        return {
            "name": self.now.name,
            "as_of": self.now.as_of.isoformat(),
            "tier": self.now.tier.word,
            "effective_tier": self.now.effective_tier.word,
            "valid_until": self.now.valid_until.isoformat(),
            "review_by": self.now.review_by.isoformat(),
            "policy_ends": None if self.ends is None else self.ends.isoformat(),
            "changes": [
                {
                    "on": item.on.isoformat(),
                    "tier": item.tier.word,
                    "was": item.was.word,
                    "effective_tier": item.effective_tier.word,
                    "effective_was": item.effective_was.word,
                    "because": [
                        {
                            "requirement": cause.requirement,
                            "label": cause.label,
                            "reason": cause.reason,
                        }
                        for cause in item.causes
                    ],
                    "note": item.note,
                }
                for item in self.changes
            ],
        }


def schedule(case: Case, policies: Sequence[Policy], as_of: date) -> Schedule:
    """Return when the tier of a case changes if nothing but time does.

    Args:
        case: as it stands.
        policies: all that decide.
        as_of: the first day.

    Raises:
        DecisionError: as `decide_together` on the first day.
    """
    now = decide_together(case, policies, as_of)
    before, changes = now, []
    ends = now.policy.effective_to
    for day in sorted(set(_turns(case, policies, as_of))):
        if ends is not None and day > ends:
            break
        after = decide_together(case, policies, day)
        if (after.tier, after.effective_tier) != (before.tier, before.effective_tier):
            changes.append(_change(before, after, day))
        before = after
    return Schedule(now=now, changes=tuple(changes), ends=ends)


def _turns(case: Case, policies: Sequence[Policy], as_of: date) -> Iterator[date]:
    """Yield every later day on which a judgement can differ from the day before."""
    atoms = (
        atom
        for policy in policies
        for item in policy.requirements
        for atom in leaves(item.formula)
        if isinstance(atom, ClaimAtom)
    )
    lives: dict[str, set[int]] = {}
    for atom in atoms:
        lives.setdefault(atom.claim, set()).add(atom.shelf_life_days)
    days: list[date] = []
    for _, item in case.evidence:
        made = parse_day(item.produced_on)
        days.append(made)
        days += [_next(days_after(made, life)) for life in lives.get(item.claim, ())]
    days += [_next(grant.until) for grant in case.grants]
    for instruction in case.instructions:
        days += [instruction.made_on, _next(instruction.until)]
    return (day for day in days if day > as_of)


def _next(day: date) -> date:
    return day if day == date.max else day + timedelta(days=1)


def _change(before: Decision, after: Decision, day: date) -> Change:
    held = {item.id for item in before.requirements if item.status is Status.DEMONSTRATED}
    causes: dict[str, Cause] = {}
    for item in after.requirements:
        if item.id in held and item.status is not Status.DEMONSTRATED and item.tier <= before.tier:
            for leaf in _nearest(item.proof):
                asked = leaf.label if leaf.atom is None else leaf.atom.asked
                causes.setdefault(
                    asked, Cause(requirement=item.id, label=leaf.label, reason=leaf.reason)
                )
    standing = {item.file: item.refused for item in before.adjustments if item.file}
    ended = sorted(
        item.file
        for item in after.adjustments
        if item.refused and item.file and not standing.get(item.file, "x")
    )
    return Change(
        on=day,
        tier=after.tier,
        was=before.tier,
        effective_tier=after.effective_tier,
        effective_was=before.effective_tier,
        causes=tuple(causes.values())[:_MOST_CAUSES],
        note=f"no longer counts: {', '.join(ended)}" if ended else "",
    )


def _nearest(proof: Proof) -> Iterator[Proof]:
    """Yield the leaves on the way that a node's own reason comes from."""
    if proof.atom is not None:
        yield proof
        return
    way = [child for child in proof.children if child.reason == proof.reason and child.reason]
    short = [child for child in proof.children if child.status is not Status.DEMONSTRATED]
    for child in short if proof.kind == "all" else way[:1]:
        yield from _nearest(child)
