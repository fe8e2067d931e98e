"""Tiers and days: one word, one meaning."""

from datetime import UTC, date, datetime

import pytest

from openweir.errors import OpenweirError, UsageError
from openweir.instant import format_instant, parse_day, parse_instant
from openweir.tier import Tier


def test_the_ladder():
    """Six tiers in order; weights leave at the fourth and cannot come back from the fifth."""
    assert [tier.word for tier in Tier] == [
        "sealed",
        "trusted-hosted",
        "public-hosted",
        "gated-weights",
        "open-weights",
        "fully-open",
    ]
    assert next(tier for tier in Tier if tier.weights_leave) is Tier.GATED_WEIGHTS
    assert next(tier for tier in Tier if tier.irreversible) is Tier.OPEN_WEIGHTS
    assert all(Tier.parse(tier.word) is tier for tier in Tier)


def test_unknown_tier_lists_all():
    """The error teaches the six words."""
    with pytest.raises(UsageError, match=r"`open` is not a tier .*gated-weights"):
        Tier.parse("open")


@pytest.mark.parametrize(
    "text", ["2026-13-01", "20261120", "2026-11-20 ", "today", "", "2026-02-30", "２０２６-11-20"]
)
def test_what_is_no_day(text):
    """Other spellings and impossible days are refused."""
    with pytest.raises(UsageError, match="is not a day"):
        parse_day(text)


def test_days_and_instants_round_trip():
    """What is written is read back, in UTC, to the second."""
    assert parse_day("2026-11-20") == date(2026, 11, 20)
    instant = datetime(2026, 11, 20, 10, 0, 1, tzinfo=UTC)
    assert parse_instant(format_instant(instant)) == instant
    with pytest.raises(UsageError, match="is not a UTC instant"):
        parse_instant("2026-11-20T10:00:00+01:00")


def test_error_is_one_line():
    """Place, message and next step stand on one line even when the input has several."""
    error = OpenweirError("bad `a\nb`", code="x", where="f.toml", hint="do\nthis")
    assert str(error) == "f.toml: bad `a b` (hint: do this)"
    assert error.code == "openweir.x"
