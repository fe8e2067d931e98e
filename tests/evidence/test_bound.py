"""Exact bounds: against scipy, against their definition, and as laws."""

import json
from decimal import Decimal
from fractions import Fraction
from math import comb
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openweir.errors import EvidenceError
from openweir.evidence.bound import Bound, bound, bound_is_covered

_GOLDEN = json.loads((Path(__file__).parent / "bounds.json").read_text())
_STEP = Decimal("0.000001")
# scipy's own error; nearer to a grid point than this, either side is right.
_SLACK = Decimal("1e-9")

counts = st.integers(1, 400).flatmap(
    lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(0, 50))
)


def tail(events: int, n: int, rate: Fraction) -> Fraction:
    """P(X <= events), straight from the definition."""
    return sum(
        (comb(n, i) * rate**i * (1 - rate) ** (n - i) for i in range(events + 1)), Fraction()
    )


class TestAgainstScipy:
    """evidence.md 8.5: the bound equals the reference to the places it is stated in."""

    @pytest.mark.parametrize("row", _GOLDEN, ids=lambda row: "-".join(map(str, row[:4])))
    def test_equals_reference_rounded_outward(self, row):
        """Each end is the reference's, at most one step of rounding further out."""
        events, n, sided, confidence, lower, upper = row
        found = bound(events, n, sided=sided, confidence=Decimal(confidence))
        assert Decimal(lower) - _STEP - _SLACK <= found.lower <= Decimal(lower) + _SLACK
        assert Decimal(upper) - _SLACK <= found.upper <= Decimal(upper) + _STEP + _SLACK


class TestKnownNumbers:
    """Numbers that other pages and issues quote."""

    @pytest.mark.parametrize(
        ("events", "n", "sided", "lower", "upper"),
        [
            (0, 180, 1, "0", "0.016506"),
            (180, 180, 1, "0.983494", "1"),
            (0, 299, 1, "0", "0.009970"),
            (0, 298, 1, "0", "0.010003"),
            (0, 1, 2, "0", "0.975"),
            (1, 1, 2, "0.025", "1"),
            (0, 1000, 1, "0", "0.002992"),
        ],
    )
    def test_quoted(self, events, n, sided, lower, upper):
        """The bound is the quoted one; an exact tie such as 0.975 stays where it is."""
        found = bound(events, n, sided=sided)
        assert (Decimal(lower), Decimal(upper)) == (found.lower, found.upper)

    def test_nothing_scored_says_nothing(self):
        """Without a single score the interval is everything."""
        assert (bound(0, 0, unscored=5).lower, bound(0, 0, unscored=5).upper) == (0, 1)


class TestDefinition:
    """Clopper-Pearson: the upper bound is the least rate at which so few events are rare."""

    @given(counts)
    @settings(max_examples=60, deadline=None)
    def test_ends_are_where_the_tail_turns(self, count):
        """The bound covers and one step inside it does not, by whole-number arithmetic."""
        events, n, unscored = count
        total = n + unscored
        found = bound(events, n, unscored=unscored)
        for upper, hits in (
            (found.upper, events + unscored),
            (1 - found.lower, total - events),
        ):
            if hits == total:
                assert upper == 1
            else:
                assert tail(hits, total, Fraction(upper)) <= Fraction(1, 40)
                assert tail(hits, total, Fraction(upper - _STEP)) > Fraction(1, 40)

    @pytest.mark.parametrize("n", [30, 100, 313])
    @pytest.mark.parametrize("rate", ["0.001", "0.02", "0.1", "0.5"])
    def test_coverage(self, n, rate):
        """Law 10: the interval holds the true rate at least as often as it says."""
        p = Fraction(rate)
        covered = sum(
            comb(n, k) * p**k * (1 - p) ** (n - k)
            for k in range(n + 1)
            if bound(k, n).lower <= p <= bound(k, n).upper
        )
        assert covered >= Fraction(95, 100)


class TestLaws:
    """What must hold for any counts."""

    @given(counts, st.integers(1, 30))
    @settings(deadline=None)
    def test_unscored_never_narrows(self, count, more):
        """Law 3: samples without a score only ever widen the interval."""
        events, n, unscored = count
        less, wider = (
            bound(events, n, unscored=unscored),
            bound(events, n, unscored=unscored + more),
        )
        assert wider.lower <= less.lower <= less.upper <= wider.upper

    @given(counts)
    @settings(deadline=None)
    def test_monotone_in_events(self, count):
        """One more event moves neither end down."""
        events, n, unscored = count
        if events < n:
            one, two = bound(events, n, unscored=unscored), bound(events + 1, n, unscored=unscored)
            assert one.lower <= two.lower
            assert one.upper <= two.upper

    @given(counts)
    @settings(deadline=None)
    def test_mirrored(self, count):
        """Counting the other answer mirrors the interval."""
        events, n, unscored = count
        one, other = bound(events, n, unscored=unscored), bound(n - events, n, unscored=unscored)
        assert (one.lower, one.upper) == (1 - other.upper, 1 - other.lower)

    @given(counts)
    @settings(deadline=None)
    def test_ends_never_past_nothing(self, count):
        """Zero events never prove a rate of zero, nor all events a rate of one."""
        events, n, unscored = count
        found = bound(events, n, unscored=unscored)
        assert 0 <= found.lower < 1
        assert 0 < found.upper <= 1
        assert (found.lower == 0) == (events == 0)
        assert (found.upper == 1) == (events == n)

    @given(counts)
    @settings(deadline=None)
    def test_covers_itself_and_nothing_narrower(self, count):
        """The check accepts the computed interval and refuses one step less at either end."""
        events, n, unscored = count
        found = bound(events, n, unscored=unscored)
        assert bound_is_covered(found, events, n, unscored)
        for lower, upper in (
            (found.lower + _STEP, found.upper),
            (found.lower, found.upper - _STEP),
        ):
            narrower = Bound(
                lower=lower, upper=upper, confidence=found.confidence, method=found.method
            )
            assert not bound_is_covered(narrower, events, n, unscored)


class TestRefusals:
    """Numbers that cannot be."""

    @pytest.mark.parametrize(
        ("arguments", "options", "code", "text"),
        [
            ((3, 2), {}, "evidence.counts", "3 events of 2 samples"),
            ((-1, 2), {}, "evidence.counts", "-1 events"),
            ((0, 2_000_000), {}, "evidence.counts", "are more than"),
            ((0, 2), {"confidence": Decimal(1)}, "evidence.confidence", "not a confidence"),
            ((0, 2), {"confidence": Decimal("NaN")}, "evidence.confidence", "not a confidence"),
            ((0, 2), {"confidence": Decimal("0.1")}, "evidence.confidence", "not a confidence"),
            ((0, 2), {"sided": 3}, "evidence.sided", "1 or 2 sides"),
        ],
    )
    def test_refused(self, arguments, options, code, text):
        """A count, confidence or side that makes no sense is refused by name."""
        with pytest.raises(EvidenceError, match=text) as caught:
            bound(*arguments, **options)
        assert code == caught.value.code

    def test_tiny_exponent_is_refused_fast(self):
        """A proportion of 1E-999999999 is refused, not written out."""
        stated = Bound(
            lower=Decimal("1E-999999999"),
            upper=Decimal(1),
            confidence=Decimal("0.95"),
            method="clopper-pearson",
        )
        with pytest.raises(EvidenceError, match="decimal places"):
            bound_is_covered(stated, 0, 1)
