"""What a template shows, worked out from a decision so that templates only place it."""

from dataclasses import dataclass

from openweir.decision import Decision, Lack, RequirementResult, Status
from openweir.tier import Tier
from openweir.web.words import TIERS, TierWords

__all__ = ["Group", "Missing", "Step", "groups", "ladder", "missing"]

_SHOWN_SETS = 3
_MOST_SETS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the ladder.

    Attributes:
        reached: whether the release may go this far.
        effective, computed: whether this is that tier.
    """

    tier: Tier
    words: TierWords
    reached: bool
    effective: bool
    computed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The requirements first asked at one tier, and how many of them are demonstrated."""

    tier: Tier
    words: TierWords
    results: tuple[RequirementResult, ...]
    demonstrated: int

    @property
    def met(self) -> bool:
        """Whether every requirement of the group is demonstrated."""
        return self.demonstrated == len(self.results)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What one higher tier lacks.

    Attributes:
        first: the smallest sets, shown at once.
        more: further sets, folded away; past a bound they are only counted.
        unlisted: how many sets are not on the page.
    """

    lack: Lack
    words: TierWords
    first: tuple[tuple[object, ...], ...]
    more: tuple[tuple[object, ...], ...]
    unlisted: int


def ladder(decision: Decision) -> tuple[Step, ...]:
    """Return the six rungs from `sealed` up, with the decision's marks on them."""
    return tuple(
        Step(
            tier=tier,
            words=TIERS[tier],
            reached=tier <= decision.effective_tier,
            effective=tier == decision.effective_tier,
            computed=tier == decision.tier,
        )
        for tier in Tier
    )


def groups(decision: Decision) -> tuple[Group, ...]:
    """Return the requirements by the tier they are first asked at, in the policy's order."""
    found = []
    for tier in Tier:
        results = tuple(item for item in decision.requirements if item.tier == tier)
        if results:
            met = sum(item.status is Status.DEMONSTRATED for item in results)
            found.append(Group(tier=tier, words=TIERS[tier], results=results, demonstrated=met))
    return tuple(found)


def missing(decision: Decision) -> tuple[Missing, ...]:
    """Return what each higher tier lacks, nearest tier first."""
    return tuple(
        Missing(
            lack=lack,
            words=TIERS[lack.tier],
            first=lack.sets[:_SHOWN_SETS],
            more=lack.sets[_SHOWN_SETS:_MOST_SETS],
            unlisted=max(0, len(lack.sets) - _MOST_SETS),
        )
        for lack in sorted(decision.whynot, key=lambda lack: lack.tier)
    )
