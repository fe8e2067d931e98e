"""SMT-LIB text, piece by piece: the few forms that the encoding needs, and nothing more."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

__all__ = [
    "FALSE",
    "TRUE",
    "all_of",
    "any_of",
    "at_least",
    "declare",
    "define",
    "digits",
    "equal",
    "implies",
    "negate",
    "number",
    "scaled",
    "unscaled",
]

TRUE = "true"
FALSE = "false"


def all_of(parts: Iterable[str]) -> str:
    """Return the conjunction; of nothing it is true."""
    found = [part for part in parts if part != TRUE]
    if FALSE in found:
        return FALSE
    return found[0] if len(found) == 1 else f"(and {' '.join(found)})" if found else TRUE


def any_of(parts: Iterable[str]) -> str:
    """Return the disjunction; of nothing it is false."""
    found = [part for part in parts if part != FALSE]
    if TRUE in found:
        return TRUE
    return found[0] if len(found) == 1 else f"(or {' '.join(found)})" if found else FALSE


def at_least(needed: int, parts: Iterable[str]) -> str:
    """Return that `needed` of `parts` hold, in the standard's own words."""
    counted = " ".join(f"(ite {part} 1 0)" for part in parts)
    return f"(>= (+ 0 {counted}) {needed})" if counted else (TRUE if needed <= 0 else FALSE)


def negate(part: str) -> str:
    """Return the negation."""
    if part in (TRUE, FALSE):
        return FALSE if part == TRUE else TRUE
    return f"(not {part})"


def implies(condition: str, part: str) -> str:
    """Return that `part` holds wherever `condition` does."""
    if condition == FALSE or part == TRUE:
        return TRUE
    return part if condition == TRUE else f"(=> {condition} {part})"


def equal(left: str, right: str) -> str:
    """Return that two terms are the same."""
    return f"(= {left} {right})"


def declare(symbol: str, sort: str) -> str:
    """Return the declaration of a variable."""
    return f"(declare-const {symbol} {sort})"


def define(symbol: str, body: str, sort: str = "Bool") -> str:
    """Return the definition of a named term."""
    return f"(define-fun {symbol} () {sort} {body})"


def number(value: int) -> str:
    """Return a whole number; the standard writes negative ones as a difference."""
    return str(value) if value >= 0 else f"(- {-value})"


def digits(value: Decimal) -> int:
    """Return how many decimal places a number has, trailing zeros left out."""
    _sign, figures, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise ValueError(f"{value} is not a number")  # noqa: TRY004 - its value, not its type
    text = "".join(map(str, figures))
    zeros = len(text) - len(text.rstrip("0"))
    return max(0, -(exponent + zeros)) if value else 0


def scaled(value: Decimal, places: int) -> int:
    """Return `value` in units of ten to the minus `places`; nothing is rounded."""
    found = Fraction(value) * 10**places
    if found.denominator != 1:
        raise ValueError(f"{value} has more than {places} decimal places")
    return int(found)


def unscaled(units: int, places: int) -> Decimal:
    """Return the number that is `units` of ten to the minus `places`, exactly."""
    sign, text = int(units < 0), str(abs(units))
    return Decimal((sign, tuple(map(int, text)), -places))
