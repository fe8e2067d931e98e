"""Which revision a database is at, and the way to the newest."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
)

from openweir.errors import HubError
from openweir.hub import schema

__all__ = ["HEAD", "REVISIONS", "Standing", "locked", "migrate", "standing"]

REVISIONS: tuple[tuple[str, str], ...] = (
    ("0001", "the tables of hubs before revisions were counted"),
    ("0002", "indexes of digests, for fsck and gc"),
    ("0003", "tokens of logins without a secret"),
    ("0004", "measures of stages, gates of cards, and drafts that were published"),
    ("0005", "indexes that requests and lists ask for"),
)
"""(number, what it brings), oldest first."""

HEAD = REVISIONS[-1][0]

_NUMBERS = tuple(number for number, _ in REVISIONS)
_MIGRATING = 0x6F77  # any number that only hubs of this kind lock by
_UNCOUNTED = ""
# alembic's own table, so that its tools work on a hub's database too.
_VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))
_log = logging.getLogger("openweir.hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a database stands.

    Attributes:
        current: its revision; empty for one made before they were counted, None for a
            database without tables.
        pending: (number, what it brings) of the revisions that are due.
    """

    current: str | None
    pending: tuple[tuple[str, str], ...]


def standing(engine: Engine) -> Standing:
    """Return where a database stands, changing nothing.

    Raises:
        HubError: it is of a later version.
    """
    with engine.connect() as connection:
        return _standing(connection)


def migrate(engine: Engine, *, to: str = HEAD) -> Standing:
    """Bring a database to a revision, in one transaction; return where it stood before.

    Processes that come at once wait for the first, and then find nothing to do.

    Args:
        engine: of the database.
        to: the newest, but for a backup of an older hub on its way back.

    Raises:
        HubError: the database is of a later version, or of none that can be brought forward.
    """
    before = standing(engine)
    if before.current is not None and not before.pending:
        return before
    with locked(engine) as connection:
        before = _standing(connection)
        if before.current is None and to == HEAD:
            schema.metadata.create_all(connection)
            _stamp(connection, HEAD)
        elif before.current is None or before.pending:
            _upgrade(connection, to)
            if before.current is not None:
                _log.warning(
                    "the database was brought from revision %s to %s",
                    before.current or "0000",
                    to,
                )
    return before


@contextmanager
def locked(engine: Engine) -> Iterator[Connection]:
    """Give a transaction in which no other process of a hub changes tables."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
        else:
            # Else SQLite would give each change of a table a transaction of its own.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def _standing(connection: Connection) -> Standing:
    found = inspect(connection)
    current: str | None = None
    if found.has_table(_VERSION.name):
        current = connection.execute(select(_VERSION.c.version_num)).scalar_one_or_none()
    if current is None and found.has_table(schema.users.name):
        current = _UNCOUNTED
    if current and current not in _NUMBERS:
        raise HubError(
            f"the database is at revision `{current[:40]}`, of a later version than this one",
            code="schema",
            hint="start the version that wrote it, or restore a backup made before",
        )
    done = 0 if not current else _NUMBERS.index(current) + 1
    return Standing(current=current, pending=REVISIONS[done:])


def _upgrade(connection: Connection, to: str) -> None:
    # Mako and the rest of it are of no use to a hub that has nothing to upgrade.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "openweir.hub:migration")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    if to == HEAD:
        _require_whole(connection)


def _require_whole(connection: Connection) -> None:
    """Refuse what still lacks a table or column: the transaction then leaves it as it was."""
    found = inspect(connection)
    for table in schema.metadata.sorted_tables:
        present = found.has_table(table.name)
        names = {column["name"] for column in found.get_columns(table.name)} if present else set()
        lacking = [column.name for column in table.columns if column.name not in names]
        if lacking:
            raise HubError(
                f"the database is no hub's that can be brought forward: `{table.name}` has no "
                f"`{lacking[0]}`",
                code="schema",
                hint="it was left as it was; restore a backup into an empty place",
            )


def _stamp(connection: Connection, revision: str) -> None:
    _VERSION.create(connection, checkfirst=True)
    connection.execute(delete(_VERSION))
    connection.execute(insert(_VERSION).values(version_num=revision))
