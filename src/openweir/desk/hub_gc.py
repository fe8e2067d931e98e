"""`openweir hub gc`: let go of what nothing on the hub names."""

from collections.abc import Callable
from datetime import timedelta

from openweir.desk.clock import now
from openweir.desk.hub_place import Place, kept_at
from openweir.errors import UsageError
from openweir.hub.upkeep import Collected, collect, turn

__all__ = ["DAYS", "gc"]

DAYS = 30
"""How old, unless stated, what is let go must be."""

_MOST_DAYS = 3650


def gc(
    place: Place,
    *,
    days: int,
    dry_run: bool,
    advanced: Callable[[int], object] = lambda _count: None,
) -> Collected:
    """Let go of what nothing names, be the hub serving or not.

    Args:
        place: where the hub is.
        days: what is younger stays.
        dry_run: change nothing.
        advanced: told how many blobs were dealt with.

    Raises:
        UsageError: there is no hub, or `days` is no number of days.
        HubError: it cannot be opened, or another fsck, gc or backup is running.
    """
    if not 1 <= days <= _MOST_DAYS:
        raise UsageError(
            f"what is let go is from 1 to {_MOST_DAYS} days old, not {days}",
            code="days",
            where="--older-than",
            hint="links to upload by hold for hours: younger bytes may be on their way",
        )
    with kept_at(place) as kept, turn(kept, alone=not dry_run):
        return collect(
            kept,
            at=now(),
            older_than=timedelta(days=days),
            dry_run=dry_run,
            advanced=advanced,
        )
