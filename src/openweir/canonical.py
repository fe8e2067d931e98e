"""JSON with exactly one spelling, and readers that name the key they failed at.

Two forms, same order of keys:

- `compact(value)`: RFC 8785 (JCS), for what is signed and logged.
- `text(value)`: the same, indented by two spaces and ended by a newline, for
  files that people keep in git. A file's digest is the SHA-256 of its bytes.

Floats have no canonical form here (law 10): exact numbers are written as
integers or as decimal text.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from itertools import accumulate
from json.encoder import encode_basestring
from typing import Any, NoReturn, cast

from openweir.errors import CanonicalError

__all__ = ["Object", "compact", "decimal_text", "parse", "text"]

_MAX_DEPTH = 64
_MAX_EXPONENT = 400
_SAFE_INTEGER = 2**53 - 1
_WRITTEN_OUT_DIGITS = 21
# A piece of text, ended or not; outside of text an opening bracket counts 1, a closing one -1.
_TEXT = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[{]}"))


def compact(value: object) -> bytes:
    """Return the RFC 8785 form of `value`.

    Args:
        value: mappings with text keys, sequences, text, integers, booleans, None.

    Raises:
        CanonicalError: the value holds a float or anything else without a canonical form.
    """
    return _encode(json.dumps(_ordered(value, 0), ensure_ascii=False, separators=(",", ":")))


def text(value: object) -> bytes:
    """Return the indented form of `value` for a file, ending in a newline.

    Raises:
        CanonicalError: as `compact`.
    """
    return _encode(_indented(_ordered(value, 0), "\n") + "\n")


def decimal_text(number: Decimal | int) -> str:
    """Write an exact number in its one spelling: `0.05`, `180`, `3.8E+25`.

    Trailing zeros of a fraction go; integers of up to 21 digits are written out.

    Raises:
        CanonicalError: the number is infinite or not a number.
    """
    number = Decimal(number)
    if not number.is_finite():
        raise CanonicalError(f"`{number}` is not a finite number", code="not-finite")
    # Not Decimal.normalize: it would round to the context's 28 digits.
    sign, digits, exponent = number.as_tuple()
    kept = "".join(map(str, digits)).lstrip("0").rstrip("0")
    if not kept:
        return "0"
    exponent = int(exponent) + len(digits) - len("".join(map(str, digits)).rstrip("0"))
    if exponent >= 0 and len(kept) + exponent <= _WRITTEN_OUT_DIGITS:
        return "-" * sign + kept + "0" * exponent
    return str(Decimal((sign, tuple(map(int, kept)), exponent)))


def parse(
    data: bytes,
    *,
    where: str = "",
    max_bytes: int = 64 * 1024 * 1024,
    foreign: bool = False,
) -> Any:
    """Read JSON strictly: UTF-8, no duplicate keys, no NaN, no floats, bounded depth.

    Numbers with a fraction or exponent come back as `Decimal`.

    Args:
        data: the whole document.
        where: what to call it in errors.
        max_bytes: longer documents are refused unread.
        foreign: another tool wrote it: `NaN` and `Infinity`, which JSON does not have
            but such tools write, come back as None.

    Raises:
        CanonicalError: the bytes break one of these rules.
    """
    if len(data) > max_bytes:
        raise CanonicalError(
            f"file of {len(data)} bytes is longer than the {max_bytes} allowed",
            code="too-long",
            where=where,
        )
    if _depth(data) > _MAX_DEPTH:
        raise CanonicalError(f"nested deeper than {_MAX_DEPTH}", code="too-deep", where=where)
    try:
        json_text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CanonicalError(
            f"not valid JSON: byte {error.start} is not UTF-8", code="not-json", where=where
        ) from None
    try:
        value = json.loads(
            json_text,
            object_pairs_hook=_unique,
            parse_float=_exact,
            parse_constant=_unknown if foreign else _no_constant,
            parse_int=_integer,
        )
    except CanonicalError as error:
        raise CanonicalError(error.message, code="not-json", where=where) from None
    except json.JSONDecodeError as error:
        raise CanonicalError(
            f"not valid JSON from {_place(json_text, error.pos)} on", code="not-json", where=where
        ) from None
    return value


class Object:
    """A JSON object being read: every miss names the file and the key.

    Args:
        value: the parsed value; must be an object.
        where: the file and path so far, such as `plan.json: trials[2]`.
    """

    __slots__ = ("value", "where")

    def __init__(self, value: object, where: str) -> None:
        """Check that `value` is an object."""
        if not isinstance(value, Mapping):
            raise CanonicalError(
                f"expected an object, got {_kind(value)}", code="wrong-type", where=where
            )
        self.value = value
        self.where = where

    def text(self, key: str, default: str | None = None) -> str:
        """Return text under `key`; `default` when the key is absent."""
        return str(self._typed(key, str, "text", default))

    def optional_text(self, key: str) -> str | None:
        """Return text under `key`, or None when it is absent or null."""
        return None if self.value.get(key) is None else self.text(key)

    def integer(self, key: str, default: int | None = None) -> int:
        """Return an integer under `key`."""
        found = self._typed(key, int, "an integer", default)
        if isinstance(found, bool):
            self._fail(key, "expected an integer, got a boolean")
        return int(found)

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return a boolean under `key`."""
        return bool(self._typed(key, bool, "true or false", default))

    def decimal(self, key: str) -> Decimal:
        """Return an exact number written as decimal text or as an integer."""
        found = self.value.get(key)
        if isinstance(found, bool) or not isinstance(found, (str, int, Decimal)):
            self._fail(key, f"expected a decimal number as text, got {_kind(found)}")
        try:
            number = Decimal(found)
        except InvalidOperation:
            self._fail(key, f"`{str(found)[:80]}` is not a decimal number")
        if not number.is_finite():
            self._fail(key, f"`{str(found)[:80]}` is not a finite number")
        return number

    def object(self, key: str) -> "Object":
        """Return the object under `key`, to be read on."""
        if key not in self.value:
            self._fail(key, "missing")
        return Object(self.value[key], f"{self.where}.{key}")

    def optional_object(self, key: str) -> "Object | None":
        """Return the object under `key`, or None when it is absent or null."""
        return None if self.value.get(key) is None else self.object(key)

    def objects(self, key: str) -> "Iterator[Object]":
        """Yield each object of the list under `key`; an absent key is an empty list."""
        for index, item in enumerate(self.items(key)):
            yield Object(item, f"{self.where}.{key}[{index}]")

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under `key`; an absent key is an empty list."""
        found = self.items(key)
        for item in found:
            if not isinstance(item, str):
                self._fail(key, f"expected a list of texts, found {_kind(item)}")
        return tuple(found)

    def items(self, key: str) -> Sequence[Any]:
        """Return the list under `key`; an absent key is an empty list."""
        found = self.value.get(key, [])
        if not isinstance(found, list):
            self._fail(key, f"expected a list, got {_kind(found)}")
        return found

    def _typed(self, key: str, kind: type, name: str, default: Any) -> Any:
        if key not in self.value:
            if default is None:
                self._fail(key, "missing")
            return default
        found = self.value[key]
        if not isinstance(found, kind):
            self._fail(key, f"expected {name}, got {_kind(found)}")
        return found

    def _fail(self, key: str, message: str) -> NoReturn:
        raise CanonicalError(message, code="wrong-type", where=f"{self.where}.{key}")


def _depth(data: bytes) -> int:
    # Before parsing: how deep json can go, and whether it fails well, differs between builds.
    brackets = _TEXT.sub(b"", data).translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(brackets).cast("b")), default=0)


def _place(json_text: str, position: int) -> str:
    # Such words stand in decisions, so every version of Python gives the same (law 9): not
    # json's own, and of a comma too many the place of the comma, as from Python 3.13 on.
    before = json_text[:position].rstrip()
    if not (before.endswith(",") and json_text[position : position + 1] in ("]", "}")):
        before = json_text[:position] + ","
    return f"line {before.count(chr(10)) + 1}, column {len(before.rpartition(chr(10))[2])}"


def _encode(json_text: str) -> bytes:
    try:
        return json_text.encode()
    except UnicodeEncodeError:
        raise CanonicalError("text holds half a surrogate pair", code="surrogate") from None


def _kind(value: object) -> str:
    names = {
        str: "text",
        bool: "a boolean",
        int: "an integer",
        Decimal: "a number",
        list: "a list",
        dict: "an object",
        type(None): "nothing",
    }
    return names.get(type(value), type(value).__name__)


def _ordered(value: object, depth: int) -> object:
    if depth > _MAX_DEPTH:
        raise CanonicalError(f"nested deeper than {_MAX_DEPTH}", code="too-deep")
    # Exact types first: asking the abstract ones costs more than all the rest.
    kind = type(value)
    if kind is str:
        return value
    if kind is list or kind is tuple:
        return [_ordered(item, depth + 1) for item in cast("list[object]", value)]
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise CanonicalError(
                f"`{value}` is beyond the integers JSON can carry exactly",
                code="integer",
                hint="write it as decimal text",
            )
        return int(value)
    if kind is dict or isinstance(value, Mapping):
        value = cast("Mapping[str, object]", value)
        return {key: _ordered(value[key], depth + 1) for key in _sorted_keys(value)}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_ordered(item, depth + 1) for item in value]
    raise CanonicalError(
        f"a {type(value).__name__} has no canonical form",
        code="type",
        hint="write numbers with a fraction as decimal text",
    )


def _sorted_keys(value: Mapping[str, object]) -> list[str]:
    # RFC 8785 section 3.2.3: by UTF-16 code units, which for ASCII are the characters.
    try:
        if all(map(str.isascii, value)):  # a TypeError for what is not text
            return sorted(value)
    except TypeError:
        raise CanonicalError("object keys must be text", code="key") from None
    if not all(isinstance(key, str) for key in value):
        raise CanonicalError("object keys must be text", code="key")
    return sorted(value, key=lambda key: key.encode("utf-16-be"))


def _indented(value: object, edge: str) -> str:
    # As json.dumps(indent=2), which leaves its fast path to indent. `edge` starts each line.
    if isinstance(value, str):
        return encode_basestring(value)
    inner = edge + "  "
    if isinstance(value, dict) and value:
        items = [
            f"{encode_basestring(key)}: {_indented(item, inner)}" for key, item in value.items()
        ]
        return "{" + inner + f",{inner}".join(items) + edge + "}"
    if isinstance(value, list) and value:
        return (
            "[" + inner + f",{inner}".join([_indented(item, inner) for item in value]) + edge + "]"
        )
    return json.dumps(value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        # One pass: a header of a million keys must not take a million passes.
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise CanonicalError(f"key `{twice[:80]}` stands twice in one object", code="duplicate-key")
    return found


def _exact(text_: str) -> Decimal:
    try:
        number = Decimal(text_)
    except InvalidOperation:  # an exponent that no Decimal has
        number = Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > _MAX_EXPONENT:
        raise CanonicalError(f"`{text_[:40]}` is out of range", code="number")
    return number


def _integer(text_: str) -> int:
    if len(text_) > 400:
        raise CanonicalError("an integer of over 400 digits", code="number")
    return int(text_)


def _no_constant(name: str) -> NoReturn:
    raise CanonicalError(f"`{name}` is not a number in JSON", code="not-finite")


def _unknown(_: str) -> None:
    return None
