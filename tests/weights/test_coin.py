"""Fair coins, exactly."""

from decimal import Decimal
from fractions import Fraction
from math import comb

from hypothesis import given
from hypothesis import strategies as st

from openweir.weights.coin import at_most, log10_text


def exact(k, n):
    """P(X >= k) by its definition."""
    return Fraction(sum(comb(n, heads) for heads in range(k, n + 1)), 2**n)


PAIRS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(PAIRS, st.integers(1, 40))
def test_never_below_the_truth(pair, places):
    """What is called improbable is improbable; beyond the middle the two agree."""
    k, n = pair
    level = Fraction(1, 10**places)
    if at_most(k, n, level):
        assert exact(k, n) <= level
    elif 2 * k > n:
        assert exact(k, n) > level * (1 - Fraction(1, 2**64))


@given(PAIRS)
def test_the_logarithm_is_rounded_up(pair):
    """The text is the logarithm to two places, erring towards chance."""
    k, n = pair
    text = Decimal(log10_text(k, n))
    truth = exact(k, n) if 2 * k > n else Fraction(1)
    assert Fraction(10) ** int(text * 100) >= truth**100
    assert Fraction(10) ** int(text * 100 - 1) <= truth**100 * (1 + Fraction(1, 2**32)) or text == 0


@given(PAIRS)
def test_more_heads_are_never_likelier(pair):
    """The bound falls as the count rises."""
    k, n = pair
    assert Decimal(log10_text(min(k + 1, n), n)) <= Decimal(log10_text(k, n))


def test_known_values():
    """All heads in n throws have probability 2^-n."""
    assert log10_text(8192, 8192) == "-2466.03"
    assert log10_text(15, 20) == "-1.68"
    assert log10_text(10, 20) == "0.00"
