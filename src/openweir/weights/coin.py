"""Fair coins: how likely at least k heads in n throws are, exactly and never in floats.

P(X >= k) for X ~ Binomial(n, 1/2) is a sum of integers over 2^n. The sum is cut
where what is left cannot matter, and what is left is added as an upper bound, so
every answer errs towards "could be chance".
"""

from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from math import comb

__all__ = ["at_most", "log10_text"]

_GUARD_BITS = 96
_CONTEXT = Context(prec=50)
_HUNDREDTH = Decimal("0.01")


def at_most(k: int, n: int, level: Fraction) -> bool:
    """Whether P(X >= k) is surely at most `level`."""
    return _tail(k, n) * level.denominator <= (level.numerator << n)


def log10_text(k: int, n: int) -> str:
    """Return log10 of P(X >= k), rounded up to two places: `-30.11`."""
    tail = _tail(k, n)
    shift = max(tail.bit_length() - _GUARD_BITS, 0)
    leading = Decimal((tail >> shift) + (1 if shift else 0))
    two = _CONTEXT.log10(Decimal(2))
    value = _CONTEXT.add(_CONTEXT.log10(leading), _CONTEXT.multiply(Decimal(shift - n), two))
    rounded = value.quantize(_HUNDREDTH, rounding=ROUND_CEILING, context=_CONTEXT)
    return str(min(rounded, Decimal("0.00")) + 0)


@lru_cache(maxsize=64)
def _tail(k: int, n: int) -> int:
    """Return an upper bound of the number of outcomes with at least k heads, of 2^n."""
    if 2 * k <= n:
        return 1 << n
    term = total = comb(n, k)
    for heads in range(k, n):
        # Past the middle terms only shrink, so those left are at most as many times this one.
        left = (n - heads) * term
        if left.bit_length() + _GUARD_BITS < total.bit_length():
            return total + left
        term = term * (n - heads) // (heads + 1)
        total += term
    return total
