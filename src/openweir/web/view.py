"""What a template shows, worked out from a decision so that templates only place it."""

from dataclasses import dataclass

from openweir.decision import Decision, Lack, Need, RequirementResult, Status
from openweir.tier import Tier
from openweir.web.words import TIERS, TierWords

__all__ = ["Group", "Missing", "Step", "groups", "ladder", "missing"]

_MOST_OTHERS = 8


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
        before: the lower tier whose shortest set is contained in this one's; None for the first.
        fresh: what the shortest set asks beyond that.
        others: further sets in full, shortest first; past a bound they are only counted.
        unlisted: how many sets are not on the page.
    """

    lack: Lack
    words: TierWords
    before: TierWords | None
    fresh: tuple[Need, ...]
    others: tuple[tuple[Need, ...], ...]
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
    found: list[Missing] = []
    told: frozenset[str] = frozenset()
    before: TierWords | None = None
    for lack in sorted(decision.whynot, key=lambda lack: lack.tier):
        # What was refuted takes another model, not another test: such sets come last.
        # Among the rest, the one that asks least beyond what the tier below lacks anyway.
        chosen = min(
            lack.sets,
            key=lambda needs: (_refuted(needs), len(_asked(needs) - told), len(needs)),
            default=(),
        )
        contained = bool(told) and told <= _asked(chosen)
        others = tuple(needs for needs in lack.sets if needs is not chosen)
        found.append(
            Missing(
                lack=lack,
                words=TIERS[lack.tier],
                before=before if contained else None,
                fresh=tuple(need for need in chosen if not contained or need.asked not in told),
                others=others[:_MOST_OTHERS],
                unlisted=max(0, len(others) - _MOST_OTHERS),
            )
        )
        told, before = _asked(chosen), TIERS[lack.tier]
    return tuple(found)


def _refuted(needs: tuple[Need, ...]) -> int:
    return sum(need.reason.startswith(Status.REFUTED.value) for need in needs)


def _asked(needs: tuple[Need, ...]) -> frozenset[str]:
    return frozenset(need.asked for need in needs)
