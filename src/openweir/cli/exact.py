"""JSON for results whose numbers outside checks compare: exact fractions as plain numbers.

Canonical JSON has no numbers with a fraction, because what is signed must have one
spelling. Percentages and scores of openness are not signed and are compared with
other tools' floats, so here a fraction is written as a JSON number with twenty
significant digits: `50/3` is `16.666666666666666667`. Everything else is as in
`openweir.canonical`: sorted keys, no floats, the same bytes for the same value.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction

from openweir.canonical import decimal_text
from openweir.errors import CanonicalError

__all__ = ["line", "text"]

_DIGITS = Context(prec=20)


def text(value: object) -> bytes:
    """Return the indented form, ending in a newline.

    Raises:
        CanonicalError: text holds half a surrogate pair.
    """
    return _encode(_write(value, "\n"))


def line(value: object) -> bytes:
    """Return the form on one line, ending in a newline.

    Raises:
        CanonicalError: as `text`.
    """
    return _encode(_write(value, ""))


def _encode(written: str) -> bytes:
    try:
        return f"{written}\n".encode()
    except UnicodeEncodeError:
        raise CanonicalError("text holds half a surrogate pair", code="surrogate") from None


def _write(value: object, break_: str) -> str:
    """Write one value; `break_` is the line break with the present indent, or nothing."""
    if isinstance(value, Fraction):
        exact = _DIGITS.divide(Decimal(value.numerator), Decimal(value.denominator))
        return decimal_text(exact)
    inner = break_ and f"{break_}  "
    if isinstance(value, Mapping):
        colon = ": " if break_ else ":"
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}{colon}{_write(value[key], inner)}"
            for key in sorted(value, key=lambda key: str(key).encode("utf-16-be", "surrogatepass"))
        ]
        return _wrap("{", parts, "}", break_)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _wrap("[", [_write(item, inner) for item in value], "]", break_)
    if isinstance(value, float):
        raise TypeError("a float is not exact")
    return json.dumps(value, ensure_ascii=False)


def _wrap(opening: str, parts: list[str], closing: str, break_: str) -> str:
    if not parts:
        return opening + closing
    inner = break_ and f"{break_}  "
    return opening + inner + f",{inner}".join(parts) + break_ + closing
