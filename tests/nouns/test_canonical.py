"""Canonical JSON: one spelling per value, and readers that name what they miss."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.canonical import Object, compact, decimal_text, parse, text
from openweir.errors import CanonicalError

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=20,
)


class TestRfc8785:
    """RFC 8785: the same value has the same bytes, whoever writes it."""

    @given(VALUES)
    def test_round_trip(self, value):
        """Reading what was written gives the value back, in both forms."""
        assert parse(compact(value)) == value
        assert parse(text(value)) == value

    @given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 9)))
    def test_order_of_keys_does_not_matter(self, value):
        """Section 3.2.3: insertion order leaves no trace."""
        assert compact(value) == compact(dict(reversed(value.items())))

    def test_keys_sort_by_utf16_code_units(self):
        """Section 3.2.3: U+10000 (surrogates) sorts before U+FB33, unlike by code point."""
        assert compact({"\ufb33": 1, "\U00010000": 2}) == '{"\U00010000":2,"\ufb33":1}'.encode()

    def test_floats_have_no_form(self):
        """Law 10: a float never reaches a signed byte."""
        with pytest.raises(CanonicalError, match="a float has no canonical form"):
            compact({"threshold": 0.1})

    @pytest.mark.parametrize("value", [{1: 0}, {"a": 0, 1: 0}, {"\u00e9": 0, 1: 0}, {None: 0}])
    def test_keys_are_text(self, value):
        """Section 3.2.3 sorts text: any other key is refused, wherever it stands."""
        with pytest.raises(CanonicalError, match="object keys must be text"):
            compact(value)

    def test_text_form_is_plain_json_for_others(self):
        """The indented form is what `json` in any language reads."""
        assert json.loads(text({"b": [1], "a": "é"})) == {"a": "é", "b": [1]}


class TestStrictReading:
    """What two parsers could read in two ways is refused."""

    @pytest.mark.parametrize(
        ("data", "fault"),
        [
            (b'{"a":1,"a":2}', "key `a` stands twice"),
            (b'{"a":NaN}', "`NaN` is not a number"),
            (b'{"a":1e9999}', "out of range"),
            (b'{"a":1e' + b"9" * 40 + b"}", "out of range"),
            (b'{"a":1e-' + b"9" * 40 + b"}", "out of range"),
            (b'{"a": "\xff"}', "not valid JSON: byte 7 is not UTF-8"),
            (b"{", "not valid JSON from line 1, column 2 on"),
            (b'{\n  "a": 1\n  "b": 2}', "not valid JSON from line 3, column 3 on"),
            (b'{"a": [1,\n]}', "not valid JSON from line 1, column 9 on"),
            (b'{"a": 1 ,\t}', "not valid JSON from line 1, column 9 on"),
            (b"[" * 5000 + b"]" * 5000, "nested deeper than 64"),
            (b"[" * 5000, "nested deeper than 64"),
            (b"[" * 5000 + b'{"a":1,"a":2}' + b"]" * 5000, "nested deeper than 64"),
            (b'["' + b"[" * 5000 + b'\\"]', "not valid JSON from line 1, column 2 on"),
            (b"1" * 5000, "an integer of over 400 digits"),
        ],
    )
    def test_refused(self, data, fault):
        """Each fault is named with the file it is in."""
        with pytest.raises(CanonicalError, match=fault) as caught:
            parse(data, where="x.json")
        assert str(caught.value).startswith("x.json: ")

    def test_too_long(self):
        """Size is checked before parsing."""
        with pytest.raises(CanonicalError, match="longer than the 2 allowed"):
            parse(b"123", max_bytes=2)

    @given(st.binary(max_size=200))
    def test_hostile_bytes_never_crash(self, data):
        """Any bytes are a value or a CanonicalError."""
        try:
            parse(data)
        except CanonicalError:
            return

    def test_fractions_are_exact(self):
        """1e25 and 0.1 come back as the decimals they spell."""
        assert parse(b"[1e25, 0.1]") == [Decimal("1e25"), Decimal("0.1")]


class TestObject:
    """A reader's error says which key of which file was wrong."""

    @pytest.mark.parametrize(
        ("key", "call"),
        [
            ("missing", lambda read: read.text("missing")),
            ("number", lambda read: read.text("number")),
            ("flag", lambda read: read.integer("flag")),
            ("number", lambda read: read.object("number")),
            ("number", lambda read: read.texts("number")),
            ("word", lambda read: read.decimal("word")),
        ],
    )
    def test_where(self, key, call):
        """The place is the file, then the key."""
        read = Object({"number": 1, "flag": True, "word": "x"}, "plan.json")
        with pytest.raises(CanonicalError) as caught:
            call(read)
        assert caught.value.where == f"plan.json.{key}"

    def test_nested_place(self):
        """List positions are part of the place."""
        [item] = Object({"trials": [{}]}, "plan.json").objects("trials")
        with pytest.raises(CanonicalError, match=r"plan\.json\.trials\[0\]\.id"):
            item.text("id")


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_decimal_text_is_exact(number):
    """What is written is the same number, to the last digit."""
    assert Decimal(decimal_text(number)) == number
