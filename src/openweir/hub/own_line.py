"""The one connection that carries the audit chain into an embedded database.

SQLite tells each connection whether anybody else committed since it was asked last (`PRAGMA
data_version`); what the connection itself commits does not count. So the connection that
writes the chain, five times a second under load, is the one to ask: what it says is news.
Source: SQLite, "PRAGMA data_version".
"""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from sqlalchemy import Connection, Engine

__all__ = ["OwnLine"]

# What another process changed is seen so soon.
_LOOK_SECONDS = 0.001
# Whoever could not look for so long knows nothing.
_BLIND_SECONDS = 0.5
_log = logging.getLogger("openweir.hub")


class OwnLine:
    """A connection that stays open, used by one thread at a time.

    Args:
        engine: connects when it is first used.
        changed: told that somebody else committed, once for however much.
    """

    def __init__(self, engine: Engine, changed: Callable[[], object]) -> None:
        """Do not connect yet."""
        self._engine = engine
        self._changed = changed
        self._looked = float("-inf")
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._version: tuple[object, int] | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a transaction, committed at the end of its `with` block."""
        with self._lock:
            connection = self._opened()
            with connection.begin():
                yield connection

    def look(self) -> bool:
        """Ask whether somebody else committed; return whether what is known of it is fresh.

        While this connection writes nobody waits for it: then the last look counts, for half
        a second.
        """
        now = monotonic()
        if now - self._looked >= _LOOK_SECONDS and self._lock.acquire(blocking=False):
            try:
                line = self._opened().connection.driver_connection
                assert line is not None
                found = (line, int(line.execute("PRAGMA data_version").fetchone()[0]))
                if self._version != found:
                    self._version = found
                    self._changed()
                self._looked = now
            except sqlite3.Error as error:
                # Not known, so nothing that was read before is believed from now on.
                _log.warning("changes elsewhere are not seen: %s", error)
                self._looked = float("-inf")
            finally:
                self._lock.release()
        return now - self._looked < _BLIND_SECONDS

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _opened(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection
