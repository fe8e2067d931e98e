"""Dates and instants, always UTC, always passed in.

Decisions are made as of a day (`2026-11-20`); statements and log entries carry
an instant (`2026-11-20T10:00:00Z`). Nothing here reads a clock: only
`openweir.desk` does.
"""

import re
from datetime import UTC, date, datetime

from openweir.errors import UsageError

__all__ = ["format_instant", "parse_day", "parse_instant"]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


def parse_day(text: str, *, where: str = "") -> date:
    """Read a day in the form YYYY-MM-DD (RFC 3339 full-date).

    Raises:
        UsageError: the text is not such a day.
    """
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise UsageError(
        f"`{text}` is not a day", code="bad-day", where=where, hint="write it as 2026-11-20"
    )


def parse_instant(text: str, *, where: str = "") -> datetime:
    """Read a UTC instant in the form YYYY-MM-DDTHH:MM:SSZ (RFC 3339 date-time).

    Raises:
        UsageError: the text is not such an instant.
    """
    if _INSTANT.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            pass
    raise UsageError(
        f"`{text}` is not a UTC instant",
        code="bad-instant",
        where=where,
        hint="write it as 2026-11-20T10:00:00Z",
    )


def format_instant(instant: datetime) -> str:
    """Write an aware instant as YYYY-MM-DDTHH:MM:SSZ, dropping fractions of a second."""
    return instant.astimezone(UTC).isoformat()[:19] + "Z"
