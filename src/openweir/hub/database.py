"""Connecting to a hub's database, of either kind."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from openweir.errors import HubError
from openweir.hub.migration import Standing, standing

__all__ = ["CHANGED", "TELLING", "engine_at", "note_change", "opening", "standing_of"]

CHANGED = "openweir-changed"
"""Set on a connection whose transaction wrote something."""

TELLING = "openweir-telling"
"""Set on one whose transaction wrote what other replicas must hear of."""

_WRITTEN = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?([a-z_]+)', re.ASCII)
# Whoever keeps answers must hear of every change but these: no answer rests on them.
_UNTOLD = frozenset(
    (
        "blob_marks",
        "blobs",
        "commits",
        "logins",
        "possession",
        "refresh_tokens",
        "settings",
        "trees",
    )
)


def standing_of(url: str) -> Standing:
    """Return at which revision a database is, changing nothing.

    Raises:
        HubError: it cannot be opened, or is of a later version.
    """
    with opening(url):
        engine = engine_at(url)
        try:
            return standing(engine)
        finally:
            engine.dispose()


@contextmanager
def opening(url: str) -> Iterator[None]:
    """Turn what connecting raises into one sentence without a password."""
    try:
        yield
    except (DatabaseError, ArgumentError, ImportError) as error:
        reason = getattr(error, "orig", None) or error
        raise HubError(
            f"the hub's database cannot be opened: {' '.join(str(reason).split())[:300]}",
            code="database",
            where=_without_password(url),
            hint="postgresql://USER@HOST/NAME, with the extra `scale-out` installed",
        ) from None


def engine_at(url: str, *, synchronous: str = "FULL") -> Engine:
    """Return what connects to a database, which need not be a hub's yet.

    Args:
        url: as for `Store`.
        synchronous: of SQLite: whether a power cut may take the last changes.
    """
    embedded = url.startswith("sqlite")
    # Waiting for a database that is gone would hold every thread of the server.
    arguments: dict[str, object] = {"timeout": 30} if embedded else {"connect_timeout": 5}
    address = _address(url)
    if address.drivername in ("postgres", "postgresql"):
        address = address.set(drivername="postgresql+psycopg")
    pool = {} if embedded else {"pool_size": 20, "max_overflow": 20, "pool_pre_ping": True}
    engine = create_engine(address, connect_args=arguments, **pool)
    if embedded:

        @event.listens_for(engine, "connect")
        def _set_up(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute(f"PRAGMA synchronous={synchronous}")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.close()

    return engine


def note_change(connection: Connection, _cursor: object, statement: str, *_: object) -> None:
    """Note on a connection what its transaction has to be told of, after each statement."""
    if statement.startswith("SELECT"):
        return
    connection.info[CHANGED] = True
    if connection.dialect.name == "postgresql":
        found = _WRITTEN.match(statement)
        if found is not None and found[1] not in _UNTOLD:
            connection.info[TELLING] = True


def _address(url: str) -> URL:
    """Read an address; one that is none is always the same error."""
    try:
        return make_url(url)
    except ValueError:
        # Its own is about a number: the port.
        raise ArgumentError("this is no address of a database") from None


def _without_password(url: str) -> str:
    try:
        return _address(url).render_as_string(hide_password=True)
    except ArgumentError:
        return ""
