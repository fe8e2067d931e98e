"""Which bytes the database names, and by what."""

from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import Connection, or_, select

from openweir.hub import schema

__all__ = ["STATEMENT_COLUMNS", "batches", "held_since", "named_by_any", "named_digests"]

STATEMENT_COLUMNS = ("decision", "envelope", "log_proof", "model_signature")
_AT_ONCE = 500


def named_digests(connection: Connection) -> dict[str, int | None]:
    """Return SHA-256 -> size of all that a release, a draft or its history names.

    The size is None where only a statement's digest is written down.
    """
    found: dict[str, int | None] = {}
    for name in STATEMENT_COLUMNS:
        column = schema.releases.c[name]
        query = select(column).where(column.is_not(None)).distinct()
        found |= dict.fromkeys(connection.execute(query).scalars())
    for table in (schema.release_files, schema.trees):
        query = select(table.c.sha256, table.c.size).where(table.c.sha256.is_not(None)).distinct()
        for row in connection.execute(query):
            found[row.sha256] = row.size
    return found


def named_by_any(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Return those digests that a release, a draft or its history names now."""
    found: set[str] = set()
    releases = schema.releases
    columns = [releases.c[name] for name in STATEMENT_COLUMNS]
    for some in batches(digests):
        for table in (schema.release_files, schema.trees):
            query = select(table.c.sha256).where(table.c.sha256.in_(some)).distinct()
            found |= set(connection.execute(query).scalars())
        query = select(*columns).where(or_(*(column.in_(some) for column in columns)))
        found |= {one for row in connection.execute(query) for one in row if one in some}
    return found


def held_since(connection: Connection, digests: Sequence[str], instant: str) -> set[str]:
    """Return those digests that a namespace has shown at an instant or after it."""
    table = schema.possession
    found: set[str] = set()
    for some in batches(digests):
        query = select(table.c.sha256).where(table.c.sha256.in_(some), table.c.shown_at >= instant)
        found |= set(connection.execute(query).scalars())
    return found


def batches(digests: Iterable[str], size: int = _AT_ONCE) -> Iterator[list[str]]:
    """Yield them in lists of at most `size`."""
    batch: list[str] = []
    for digest in digests:
        batch.append(digest)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
