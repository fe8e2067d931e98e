"""What differs around the requirements: signatures, dates, certainties, duties, overrides."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from openweir.policy.policy import Approval, Policy
from openweir.policy.witness import Witness
from openweir.tier import Tier

__all__ = ["Region", "frame_regions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One thing that one version asks and the other does not.

    Attributes:
        id: the requirement, or what of the frame it is: `PE2@gated-weights`, `review-days`,
            `approval@gated-weights`; the note of a version names it by this.
        tier: at which tier a release passes that did not.
        missing: what is not shown and lets pass all the same; for the frame, what changed.
        witness: a dossier the two versions answer differently; None for what no dossier
            shows, such as dates, and where none was found but none could be excluded.
        replayed: (tier by the old version, tier by the new one), as the engine answers.
    """

    id: str
    tier: Tier
    text: str
    missing: tuple[str, ...]
    witness: Witness | None = None
    replayed: tuple[Tier, Tier] | None = None

    def to_json(self) -> dict[str, object]:
        """Return the region as plain JSON values."""
        return {
            "id": self.id,
            "tier": self.tier.word,
            "text": self.text,
            "without": list(self.missing),
            "witness": None if self.witness is None else self.witness.to_json(),
            "replayed": None
            if self.replayed is None
            else {"a": self.replayed[0].word, "b": self.replayed[1].word},
        }


def frame_regions(old: Policy, new: Policy) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
    """Return what `new` asks less of and more of than `old` around the requirements."""
    return tuple(_less(old, new)), tuple(_less(new, old))


def _less(asking: Policy, other: Policy) -> Iterator[Region]:
    """Yield what `asking` asks and `other` does not."""
    for word in sorted(set(other.accepted) - set(asking.accepted)):
        yield _region(f"accepted-certainty:{word}", f"facts only known as {word} count")
    if other.review_days > asking.review_days:
        yield _region(
            "review-days", f"looked at after {other.review_days} days, not {asking.review_days}"
        )
    if (other.effective_to or date.max) > (asking.effective_to or date.max):
        last = other.effective_to.isoformat() if other.effective_to else "further notice"
        yield _region("effective-to", f"in force until {last}")
    yield from _approvals(asking, other)
    yield from _overrides(asking, other)
    yield from _duties(asking, other)
    for tier in Tier:
        if other.tier_rule(tier).reversible and not asking.tier_rule(tier).reversible:
            yield _region(f"reversible@{tier.word}", f"{tier.word} counts as reversible", tier)
    stops = {item.rule: item.tier for item in reversed(other.requirements) if item.hard_stop}
    for item in asking.requirements:
        if item.hard_stop and item.rule not in stops:
            stops[item.rule] = item.tier
            yield _region(f"hard-stop:{item.rule}", f"an override may pass {item.rule}", item.tier)


def _approvals(asking: Policy, other: Policy) -> Iterator[Region]:
    for tier in Tier:
        mine, theirs = asking.approval(tier), other.approval(tier)
        below = Tier(tier - 1) if tier else None
        if below is not None and (mine, theirs) == (asking.approval(below), other.approval(below)):
            continue
        told = _signed(theirs)
        if theirs.signatures < mine.signatures or not set(theirs.roles) <= set(mine.roles):
            yield _region(f"approval@{tier.word}", f"{told}, not {_signed(mine)}", tier)


def _signed(approval: Approval) -> str:
    return f"{approval.signatures} of {', '.join(approval.roles)}"


def _overrides(asking: Policy, other: Policy) -> Iterator[Region]:
    for tier in list(Tier)[1:]:
        mine, theirs = asking.override(tier), other.override(tier)
        if theirs is not None and (
            mine is None
            or theirs.signatures < mine.signatures
            or not set(theirs.roles) <= set(mine.roles)
            or theirs.days > mine.days
        ):
            yield _region(
                f"override-authority@{tier.word}",
                f"{theirs.signatures} of {', '.join(theirs.roles)} lift for {theirs.days} days",
                tier,
            )


def _duties(asking: Policy, other: Policy) -> Iterator[Region]:
    kept = {item.id: item for item in other.obligations}
    for duty in asking.obligations:
        now = kept.get(duty.id)
        if (
            now is None
            or now.tier > duty.tier
            or now.deadline_days > duty.deadline_days
            or (now.bearer, now.act, now.trigger, now.discharge)
            != (duty.bearer, duty.act, duty.trigger, duty.discharge)
            or _cap(now.breach_cap) > _cap(duty.breach_cap)
        ):
            said = "is gone" if now is None else "asks something else or less"
            yield _region(f"obligation:{duty.id}", f"obligation {duty.id} {said}", duty.tier)
    held = {item.id: item for item in other.invariants}
    for invariant in asking.invariants:
        again = held.get(invariant.id)
        if again is None or again.tier > invariant.tier or again.formula != invariant.formula:
            yield _region(
                f"invariant:{invariant.id}",
                f"never-statement {invariant.id} is gone or another",
                invariant.tier,
            )


def _cap(tier: Tier | None) -> int:
    return len(Tier) if tier is None else tier


def _region(name: str, text: str, tier: Tier = Tier.TRUSTED_HOSTED) -> Region:
    return Region(id=name, tier=tier, text=text, missing=(text,))
