"""Marks: which version of each blob some replica compared with its digest.

Whoever hashed the bytes of a blob, as they came up or as they were first read, notes the
mark that storage gives that version. The others then compare marks, not bytes: a blob in a
bucket is read once, by whom it is for. Another mark makes the next reader hash it again. Who
may write to the database and to the bucket could deceive this; who may write to one cannot.

The table may be dropped at any time, and is no part of what is backed up: another bucket has
other marks, and without one the next reader hashes.
"""

from sqlalchemy import Column, MetaData, String, Table, delete, insert, select
from sqlalchemy.exc import IntegrityError

from openweir.hub.store import Store

__all__ = ["Marks"]

_LONGEST = 200
_metadata = MetaData()
_marks = Table(
    "blob_marks",
    _metadata,
    Column("sha256", String(64), primary_key=True),
    Column("mark", String(_LONGEST), nullable=False),
)


class Marks:
    """The marks in the database that replicas share."""

    def __init__(self, store: Store) -> None:
        """Work on the records in `store`; make the table if it is missing."""
        self._store = store
        with store.alone("make blob_marks"), store.begin() as connection:
            _metadata.create_all(connection)

    def known(self, digest: str) -> str | None:
        """Return the mark of the version of a blob that was compared; None for none."""
        with self._store.begin() as connection:
            found = connection.execute(
                select(_marks.c.mark).where(_marks.c.sha256 == digest)
            ).scalar_one_or_none()
        return None if found is None else str(found)

    def note(self, digest: str, mark: str) -> None:
        """Remember the mark of a version that was compared; a stranger's long one is left out."""
        if len(mark) > _LONGEST or self.known(digest) == mark:
            return
        try:
            with self._store.begin() as connection:
                connection.execute(delete(_marks).where(_marks.c.sha256 == digest))
                connection.execute(insert(_marks).values(sha256=digest, mark=mark))
        except IntegrityError:
            # Another replica compared the same bytes at the same time: one note is enough.
            return
