"""Which test to run next: the untested claims of a way up, by cost over the chance to fail.

Tests of one way (a minimal set) are run one after another until one fails. For
independent tests the order by cost / P(fail) has the least expected cost. Of several
ways the one with the least expected cost per chance of success comes first. All
numbers are exact; the chances are the user's own, or even where nothing is stated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from openweir.decision.lack import Lack, Need

__all__ = [
    "WARNING",
    "Candidate",
    "Costs",
    "Estimate",
    "NextTest",
    "Way",
    "expected_cost",
    "next_test",
]

WARNING = (
    "Name each trial in the plan before it runs: to test again until it passes is optional"
    " stopping, and every planned trial counts, the failed ones too."
)
_STRADDLING = ("straddles", "stale", "low-assurance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What somebody expects of the tests that `words` describe.

    Attributes:
        words: all must stand in what a need asks, as whole words.
        cost: of one test, in the unit of the costs; above 0.
        fails: the chance that it fails, 0 to 1.
    """

    words: tuple[str, ...]
    cost: Decimal
    fails: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What tests cost and how likely they fail.

    Attributes:
        unit: of costs, such as `EUR` or `GPU-hour`.
        estimates: the one with the most words that fits counts; the first of equals.
        otherwise: where none fits.
    """

    unit: str = "test"
    estimates: tuple[Estimate, ...] = ()
    otherwise: Estimate = Estimate(words=(), cost=Decimal(1), fails=Decimal("0.5"))

    def of(self, need: Need) -> Estimate:
        """Return the estimate for what a need asks."""
        asked = need.asked.replace(",", " ").split()
        fitting = [item for item in self.estimates if set(item.words) <= set(asked)]
        return max(fitting, key=lambda item: len(item.words), default=self.otherwise)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One need as a test.

    Attributes:
        unavoidable: every way that is open to evidence asks it.
        again: it was tested already, with a result that does not suffice.
        stated: whether cost and chance are the user's.
    """

    need: Need
    cost: Decimal
    fails: Decimal
    unavoidable: bool
    again: bool
    stated: bool

    @property
    def ratio(self) -> Fraction | None:
        """Cost over the chance to fail; None for a test that cannot fail."""
        return Fraction(self.cost) / Fraction(self.fails) if self.fails else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One minimal set in the order to test it.

    Attributes:
        expected_cost: when testing stops at the first failure.
        chance: that all of it passes.
    """

    tests: tuple[Candidate, ...]
    expected_cost: Fraction
    chance: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTest:
    """The answer: ways that evidence can still open, best first; none where nothing can."""

    ways: tuple[Way, ...]
    unit: str
    assumed: bool

    @property
    def first(self) -> Candidate | None:
        """The test to run next."""
        return self.ways[0].tests[0] if self.ways else None


def next_test(lack: Lack, costs: Costs | None = None) -> NextTest:
    """Order what is untested on each way to a tier.

    Args:
        lack: what the tier lacks.
        costs: one per test and even chances by default.
    """
    costs = costs or Costs()
    sets = lack.sets[: lack.open_sets]
    everywhere = (
        set.intersection(*({need.asked for need in needs} for needs in sets)) if sets else set()
    )
    ways = [_way([_test(need, costs, everywhere) for need in needs]) for needs in sets]
    ways.sort(
        key=lambda way: (
            way.chance == 0,
            way.expected_cost / way.chance if way.chance else way.expected_cost,
            len(way.tests),
            [test.need.asked for test in way.tests],
        )
    )
    return NextTest(
        ways=tuple(ways),
        unit=costs.unit,
        assumed=any(not test.stated for way in ways for test in way.tests),
    )


def expected_cost(tests: Sequence[Candidate]) -> Fraction:
    """Return what testing in this order costs on average, stopping at the first failure."""
    total, still = Fraction(0), Fraction(1)
    for test in tests:
        total += still * Fraction(test.cost)
        still *= 1 - Fraction(test.fails)
    return total


def _test(need: Need, costs: Costs, everywhere: set[str]) -> Candidate:
    found = costs.of(need)
    return Candidate(
        need=need,
        cost=found.cost,
        fails=found.fails,
        unavoidable=need.asked in everywhere,
        again=need.reason.partition(":")[0] in _STRADDLING,
        stated=found is not costs.otherwise,
    )


def _way(tests: list[Candidate]) -> Way:
    def order(test: Candidate) -> tuple[bool, Fraction, bool, str]:
        ratio = test.ratio
        return (ratio is None, ratio or Fraction(0), not test.unavoidable, test.need.asked)

    ordered = tuple(sorted(tests, key=order))
    chance = Fraction(1)
    for test in ordered:
        chance *= 1 - Fraction(test.fails)
    return Way(tests=ordered, expected_cost=expected_cost(ordered), chance=chance)
