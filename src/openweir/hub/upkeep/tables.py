"""The database as lines of JSON, one row each, alike for SQLite and PostgreSQL.

Rows come in an order in which each may be inserted. What must not live on elsewhere is left
out: the key of links that are out, what clients are told of the Xet store, the audit key,
which a backup keeps beside. Tokens are digests here as in the database.
"""

from collections.abc import Iterable, Iterator
from typing import IO

from sqlalchemy import Column, Connection, MetaData, Table, func, insert, inspect, select, text

from openweir.canonical import Object, compact, parse
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.migration import HEAD
from openweir.hub.upkeep.named import STATEMENT_COLUMNS

__all__ = ["needed_by", "read_rows", "write_rows", "write_tables"]

_LEFT_OUT = ("link-key", "xet-epoch", "audit-key")
_AT_ONCE = 500
_MAX_LINE_BYTES = 64 * 1024 * 1024
_DIGEST_TABLES = ("trees", "release_files", "possession")

_Row = tuple[str, dict[str, object]]


def write_tables(connection: Connection, out: IO[bytes]) -> dict[str, int]:
    """Write every row of a snapshot; return table -> rows."""
    counts: dict[str, int] = {}
    for table in schema.metadata.sorted_tables:
        query = select(table).order_by(*table.primary_key.columns)
        if table is schema.settings:
            query = query.where(table.c.name.not_in(_LEFT_OUT))
        rows = connection.execution_options(yield_per=_AT_ONCE).execute(query)
        count = 0
        for row in rows.mappings():
            out.write(compact({"table": table.name, "row": dict(row)}) + b"\n")
            count += 1
        counts[table.name] = count
    return counts


def read_rows(source: IO[bytes]) -> Iterator[_Row]:
    """Yield (table, row) of each line.

    Raises:
        HubError: a line holds no row.
    """
    number = 0
    while line := source.readline(_MAX_LINE_BYTES + 1):
        number += 1
        where = f"row {number} of the backup"
        read = Object(parse(line, where=where, max_bytes=_MAX_LINE_BYTES), where)
        row = read.object("row").value
        if any(not isinstance(value, str | int | None) for value in row.values()):
            raise HubError("it holds a value that no table has", code="backup", where=where)
        yield read.text("table"), dict(row)


def needed_by(rows: Iterable[_Row]) -> dict[str, int | None]:
    """Return SHA-256 -> bytes (None: not written down) of all blobs that rows name."""
    found: dict[str, int | None] = {}
    for table, row in rows:
        if table in _DIGEST_TABLES and row.get("sha256") is not None:
            size = row.get("size")
            found[str(row["sha256"])] = size if isinstance(size, int) else None
        elif table == "releases":
            for column in STATEMENT_COLUMNS:
                if row.get(column) is not None:
                    found.setdefault(str(row[column]), None)
    return found


def write_rows(connection: Connection, rows: Iterable[_Row], *, revision: str) -> dict[str, int]:
    """Insert rows into empty tables of a revision; return table -> rows.

    Raises:
        HubError: a row is of no table, or has a column that its table lacks.
    """
    metadata = schema.metadata if revision == HEAD else _as_they_are(connection)
    counts: dict[str, int] = {}
    waiting: list[dict[str, object]] = []
    at: Table | None = None
    for name, row in rows:
        if at is None or at.name != name:
            _insert(connection, at, waiting)
            at = metadata.tables.get(name)
        if at is None or not row.keys() <= {column.name for column in at.columns}:
            raise HubError(f"it holds a row that `{name[:100]}` does not take", code="backup")
        waiting.append(row)
        counts[name] = counts.get(name, 0) + 1
        if len(waiting) == _AT_ONCE:
            _insert(connection, at, waiting)
    _insert(connection, at, waiting)
    if connection.dialect.name == "postgresql":
        _count_on(connection)
    return counts


def _as_they_are(connection: Connection) -> MetaData:
    """Return the tables of a database that this version's own do not describe."""
    found, metadata = inspect(connection), MetaData()
    for name in found.get_table_names():
        columns = (Column(one["name"], one["type"]) for one in found.get_columns(name))
        Table(name, metadata, *columns)
    return metadata


def _insert(connection: Connection, table: Table | None, rows: list[dict[str, object]]) -> None:
    if table is not None and rows:
        connection.execute(insert(table), rows)
    rows.clear()


def _count_on(connection: Connection) -> None:
    """Have PostgreSQL number new rows past those that came with their numbers."""
    for table in schema.metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"),
            {"table": table.name, "column": column.name},
        ).scalar()
        highest = connection.execute(select(func.max(column))).scalar()
        if sequence is not None and highest is not None:
            connection.execute(select(func.setval(sequence, highest)))
