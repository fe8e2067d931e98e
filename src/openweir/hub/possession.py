"""Possession: which namespace has shown that it holds which bytes.

Knowing a digest is not holding the bytes: digests of gated files are public. A namespace
holds bytes once one of its members sent them to this hub, or proved them chunk by chunk, or
copied them from a release they may read. Nothing else makes a large file committable, and
an answer never tells apart bytes another namespace holds from bytes nobody does.
A token for one repository is held to what that repository has: it is a holder of its own.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.blobs import Blobs
from openweir.hub.naming import naming
from openweir.hub.store import Store
from openweir.instant import format_instant

__all__ = ["Possession", "not_held"]


class Possession:
    """What each namespace has shown to hold."""

    def __init__(self, store: Store, blobs: Blobs) -> None:
        """Work on the records in `store` about the bytes in `blobs`."""
        self._store = store
        self._blobs = blobs

    def record(self, namespace: str, sha256: str, size: int, *, at: datetime) -> None:
        """Note that a namespace holds these bytes as of now, and that they lie here.

        Raises:
            HubError: they do not lie here: they were let go while they came.
        """
        table, now = schema.possession, format_instant(at)
        try:
            with self._store.begin() as connection:
                naming(connection)
                self._blobs.require(sha256, size)
                again = connection.execute(
                    update(table)
                    .where(table.c.namespace == namespace, table.c.sha256 == sha256)
                    .values(shown_at=now)
                )
                if not again.rowcount:
                    connection.execute(
                        insert(table).values(
                            namespace=namespace, sha256=sha256, size=size, shown_at=now
                        )
                    )
        except IntegrityError:
            # Another upload of the same bytes came first, which shows the same.
            return

    def guard(self, namespace: str, digests: Iterable[str]) -> Callable[[Connection], None]:
        """Return what refuses, inside a transaction, if bytes that were held are so no more.

        What it lets pass stays until that transaction ends, and then is named by it.
        """
        asked = tuple(set(digests))

        def check(connection: Connection) -> None:
            naming(connection)
            gone = set(asked) - set(_held(connection, namespace, asked))
            if gone:
                raise not_held(namespace, min(gone))

        return check

    def held(self, namespace: str, digests: Iterable[str]) -> dict[str, int]:
        """Return digest -> size of those digests that the namespace holds."""
        with self._store.begin() as connection:
            return _held(connection, namespace, tuple(digests))

    def require(self, namespace: str, sha256: str) -> int:
        """Return the size of bytes that the namespace holds.

        Raises:
            HubError: it has not shown them, be they here or not: one answer for both.
        """
        size = self.held(namespace, (sha256,)).get(sha256)
        if size is None:
            raise not_held(namespace, sha256)
        return size


def _held(connection: Connection, namespace: str, asked: tuple[str, ...]) -> dict[str, int]:
    table = schema.possession
    found: dict[str, int] = {}
    for start in range(0, len(asked), 500):
        query = (
            select(table.c.sha256, table.c.size)
            .where(table.c.namespace == namespace)
            .where(table.c.sha256.in_(asked[start : start + 500]))
        )
        found |= {row.sha256: row.size for row in connection.execute(query)}
    return found


def not_held(namespace: str, sha256: str) -> HubError:
    """Return the error for bytes that were not shown, be they here or not."""
    return HubError(
        f"`{namespace}` has not uploaded the bytes of `{sha256[:12]}`",
        code="not-held",
        hint="upload the file, then commit it",
    )
