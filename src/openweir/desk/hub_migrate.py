"""`openweir hub migrate`: bring a hub's database to the form this version works with."""

from dataclasses import dataclass
from pathlib import Path

from openweir.desk.hub_place import Place
from openweir.errors import UsageError
from openweir.hub.database import standing_of
from openweir.hub.migration import HEAD
from openweir.hub.store import Store

__all__ = ["Migrated", "migrate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What was done, or would be.

    Attributes:
        revision: where the database stood; empty before revisions were counted.
        newest: what this version works with.
        pending: (number, what it brings) of what was due.
        done: whether it was carried out.
    """

    revision: str
    newest: str
    pending: tuple[tuple[str, str], ...]
    done: bool


def migrate(place: Place, *, dry_run: bool) -> Migrated:
    """Bring a database forward, in one transaction; starting the hub does the same.

    Args:
        place: where the hub is.
        dry_run: only say what is due.

    Raises:
        UsageError: there is no hub.
        HubError: the database is of a later version, or cannot be opened.
    """
    address = place.database or _embedded(place.data)
    found = standing_of(address)
    if found.current is None:
        raise UsageError(
            "there is no hub in this database",
            code="no-hub",
            hint="start one first: openweir serve",
        )
    if found.pending and not dry_run:
        Store(address).close()
    return Migrated(
        revision=found.current,
        newest=HEAD,
        pending=found.pending,
        done=bool(found.pending) and not dry_run,
    )


def _embedded(data: Path) -> str:
    path = data / "hub.sqlite"
    if not path.is_file():
        raise UsageError(
            f"there is no hub in `{data}`",
            code="no-hub",
            hint=f"start one first: openweir serve --data {data}",
        )
    return f"sqlite:///{path}"
