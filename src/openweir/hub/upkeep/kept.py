"""What a hub keeps, opened without serving it."""

from dataclasses import dataclass
from pathlib import Path

from openweir.hub.blobs import Blobs
from openweir.hub.possession import Possession
from openweir.hub.storage import Files, Storage
from openweir.hub.store import Store
from openweir.hub.xet.store import XetStore

__all__ = ["Kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A hub's database and files.

    Attributes:
        data: the data directory of an embedded hub, or of this replica.
        embedded: whether database and keys are files in `data`.
    """

    data: Path
    store: Store
    storage: Storage
    embedded: bool

    @classmethod
    def at(cls, data: Path, *, database: str | None, storage: Storage | None) -> "Kept":
        """Open what a hub keeps.

        Args:
            data: its data directory.
            database: address of the database that replicas share; None for a file in `data`.
            storage: where replicas share their files; None for `data` itself.

        Raises:
            HubError: the database cannot be opened.
        """
        return cls(
            data=data,
            store=Store.embedded(data) if database is None else Store(database),
            storage=Files(data) if storage is None else storage,
            embedded=database is None,
        )

    @property
    def blobs(self) -> Blobs:
        """Its blobs."""
        return Blobs(self.storage)

    def xet(self) -> XetStore:
        """Return its Xet holdings."""
        blobs = self.blobs
        return XetStore(self.store, blobs, Possession(self.store, blobs))
