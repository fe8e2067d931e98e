"""The only place that reads a clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime

from openweir.instant import parse_day

__all__ = ["NeverBack", "instant_of", "now", "today"]


# 9999-12-31T23:59:59Z.
_LAST_SECOND = 253402300799


def now() -> datetime:
    """Return the present instant in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the desk reads the clock


class NeverBack:
    """A clock that stands still while the machine's is set back, until that has caught up.

    What expired stays so: a grant or a decision whose day has passed does not come back.
    """

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        """Begin at the present instant of `clock`."""
        self._clock = clock
        self._latest = clock()

    def __call__(self) -> datetime:
        """Return the latest instant that was ever told."""
        self._latest = max(self._latest, self._clock())
        return self._latest


def today(stated: str | None = None) -> date:
    """Return the day the user stated with `--as-of`, or the present day in UTC.

    Raises:
        UsageError: what the user stated is not a day.
    """
    return now().date() if stated is None else parse_day(stated, where="--as-of")


def instant_of(seconds: int) -> datetime:
    """Return the instant so many seconds after 1970-01-01T00:00:00Z; the last one if later."""
    return datetime.fromtimestamp(min(seconds, _LAST_SECOND), UTC)
