"""Where a hub lies that is looked after without serving it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openweir.desk.home import Home
from openweir.errors import UsageError
from openweir.hub.storage import open_storage
from openweir.hub.upkeep import Kept

__all__ = ["Place", "kept_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a hub's database and files are.

    Attributes:
        data: the data directory.
        database: `postgresql://...` of a hub with replicas; None for a file in `data`.
        blobs: `s3://BUCKET[/PREFIX]` of such a hub; None for `data`.
    """

    data: Path
    database: str | None = None
    blobs: str | None = None

    @classmethod
    def stated(
        cls, home: Home, *, data: str | None, database: str | None, blobs: str | None
    ) -> "Place":
        """Return what the options say, or the environment, or the home's own hub."""
        # A directory that is named is meant, whatever the environment says.
        named = data is not None
        return cls(
            data=home.hub if data is None else Path(data),
            database=database or (None if named else os.environ.get("OPENWEIR_DATABASE")) or None,
            blobs=blobs or (None if named else os.environ.get("OPENWEIR_BLOBS")) or None,
        )


@contextmanager
def kept_at(place: Place) -> Iterator[Kept]:
    """Open a hub that is there.

    Raises:
        UsageError: there is none.
        HubError: its database or its bucket cannot be opened.
    """
    if place.database is None and not (place.data / "hub.sqlite").is_file():
        raise UsageError(
            f"there is no hub in `{place.data}`",
            code="no-hub",
            hint=f"start one first: openweir serve --data {place.data}",
        )
    storage = None if place.blobs is None else open_storage(place.blobs)
    kept = Kept.at(place.data, database=place.database, storage=storage)
    try:
        yield kept
    finally:
        kept.store.close()
