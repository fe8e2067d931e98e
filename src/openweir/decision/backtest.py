"""Back-test: what a policy would have decided about releases whose fate is known.

Two answers for each release. *Shown* is the tier that what is known demonstrates; it is
what `decide` says. *Possible* is the tier that nothing known refutes: a maker with good
evidence could reach it. What really happened is no norm; that a policy differs from it
is a question to its authors, and the rates say how often it arises.

Law 12: over-restriction is measured like under-restriction.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from openweir.canonical import decimal_text
from openweir.decision.case import Case
from openweir.decision.compiled import program_of
from openweir.decision.record import record
from openweir.dossier import Estimate
from openweir.errors import DecisionError
from openweir.policy import FactAtom, Policy, leaves
from openweir.tier import Tier

__all__ = ["BackTest", "Limit", "Member", "Outcome", "backtest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A release of the population; `actual` is None where nobody says how it was released."""

    case: Case
    actual: Tier | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one release."""

    name: str
    actual: Tier | None
    shown: Tier
    possible: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How a limit on a quantity divides the population; each count as (all, open).

    Open are those whose weights anyone could have. `inside` are those whose interval
    holds the limit, `unknown` those of which the quantity is not known.
    """

    predicate: str
    unit: str
    number: Decimal
    at_or_above: tuple[int, int]
    below: tuple[int, int]
    inside: tuple[int, int]
    unknown: tuple[int, int]

    def to_json(self) -> dict[str, object]:
        """Return the limit as plain JSON values."""
        return {
            "fact": self.predicate,
            "unit": self.unit,
            "limit": decimal_text(self.number),
            **{
                name: {"all": count[0], "open": count[1]}
                for name, count in (
                    ("at_or_above", self.at_or_above),
                    ("below", self.below),
                    ("inside", self.inside),
                    ("unknown", self.unknown),
                )
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """The whole result; counts follow from `outcomes`."""

    outcomes: tuple[Outcome, ...]
    limits: tuple[Limit, ...]

    def tiers(self, which: str) -> tuple[tuple[Tier, int], ...]:
        """Return how many are at each tier; `which` is `actual`, `shown` or `possible`."""
        found = Counter(getattr(item, which) for item in self.outcomes)
        return tuple((tier, found[tier]) for tier in Tier)

    def compared(self) -> tuple[Outcome, ...]:
        """Return those of which it is known how they were released."""
        return tuple(item for item in self.outcomes if item.actual is not None)

    def over(self) -> tuple[Outcome, ...]:
        """Return those that were released more openly than was shown to be right."""
        return tuple(i for i in self.compared() if i.actual is not None and i.shown < i.actual)

    def refuted(self) -> tuple[Outcome, ...]:
        """Return those of `over` that no further evidence could have brought back."""
        return tuple(i for i in self.over() if i.actual is not None and i.possible < i.actual)

    def under(self) -> tuple[Outcome, ...]:
        """Return those that the policy would have let out further than their makers did."""
        return tuple(i for i in self.compared() if i.actual is not None and i.shown > i.actual)

    def rate(self, some: Sequence[Outcome]) -> str:
        """Return the share of `some` among the compared ones, to three places."""
        compared = len(self.compared())
        if not compared:
            return "0"
        share = Decimal(len(some)) / Decimal(compared)
        return decimal_text(share.quantize(Decimal("0.001"), rounding=ROUND_HALF_EVEN))

    def table(self) -> tuple[tuple[Tier | None, tuple[int, ...]], ...]:
        """Return for each actual tier how many are shown at each tier; None is not known."""
        found = Counter((item.actual, item.shown) for item in self.outcomes)
        rows: tuple[Tier | None, ...] = (*Tier, None)
        return tuple((row, tuple(found[row, tier] for tier in Tier)) for row in rows)


def backtest(members: Sequence[Member], policy: Policy, as_of: date) -> BackTest:
    """Decide a whole population at once.

    Args:
        members: releases and how they were released in fact.
        policy: the rules, whether or not they were in force at the time.
        as_of: the day the age of evidence is counted to.

    Raises:
        DecisionError: the population is empty.
    """
    from openweir.policy.columns import columns, evaluate  # noqa: PLC0415 - numpy: no other verb needs it

    if not members:
        raise DecisionError("the population is empty", code="empty")
    program = program_of(policy)
    population = columns(program, [record(item.case, program, as_of) for item in members])
    shown = evaluate(program, population).tiers
    possible = evaluate(program, population, possible=True).tiers
    return BackTest(
        outcomes=tuple(
            Outcome(
                name=item.case.dossier.name,
                actual=item.actual,
                shown=Tier(int(shown[row])),
                possible=Tier(int(possible[row])),
            )
            for row, item in enumerate(members)
        ),
        limits=tuple(_limits(members, policy)),
    )


def _limits(members: Sequence[Member], policy: Policy) -> Iterator[Limit]:
    """Yield a limit for each number that a rule compares a quantity of the dossier with."""
    asked = {
        (atom.predicate, atom.unit, atom.number)
        for rule in policy.requirements
        for atom in leaves(rule.formula)
        if isinstance(atom, FactAtom) and atom.number is not None
    }
    for predicate, unit, number in sorted(asked):
        found: dict[str, list[Member]] = {}
        for member in members:
            side = _side(_interval(member.case, predicate, unit, policy.accepted), number)
            found.setdefault(side, []).append(member)
        yield Limit(
            predicate=predicate,
            unit=unit,
            number=number,
            at_or_above=_count(found.get("at_or_above", [])),
            below=_count(found.get("below", [])),
            inside=_count(found.get("inside", [])),
            unknown=_count(found.get("unknown", [])),
        )


def _interval(
    case: Case, predicate: str, unit: str, accepted: tuple[str, ...]
) -> tuple[Decimal, Decimal] | None:
    values = [
        fact.value
        for fact in case.dossier.facts_of(predicate)
        if fact.certainty in accepted and fact.unit == unit and isinstance(fact.value, Estimate)
    ]
    if not values:
        return None
    low, high = max(v.lower for v in values), min(v.upper for v in values)
    return (low, high) if low <= high else None


def _side(interval: tuple[Decimal, Decimal] | None, number: Decimal) -> str:
    if interval is None:
        return "unknown"
    if interval[0] >= number:
        return "at_or_above"
    return "below" if interval[1] < number else "inside"


def _count(members: Sequence[Member]) -> tuple[int, int]:
    opened = sum(1 for m in members if m.actual is not None and m.actual >= Tier.OPEN_WEIGHTS)
    return len(members), opened
