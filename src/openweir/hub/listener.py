"""Hearing from other replicas at once that something changed, by PostgreSQL's LISTEN and NOTIFY.

Whoever changes what answers rest on says so in the same transaction, so it is heard when the
change holds and not before. What is said is only that something changed: everybody then asks
the database anew. A listener that has lost its line knows so within a second, and until it
hears again its replica keeps no answer at all.
"""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from sqlalchemy import ColumnElement, func, make_url

__all__ = ["CHANNEL", "Listener", "told_by"]

CHANNEL = "openweir"
_CALLED = "openweir-listener"
_POLL_SECONDS = 0.25
# A line counts as alive for so long after it last answered.
_ALIVE_SECONDS = 1.0
_AGAIN_SECONDS = 0.5
_log = logging.getLogger("openweir.hub")


def told_by(writer: str) -> ColumnElement[str]:
    """Return what a writer says: the schema its hub is in, its name, the database's own time."""
    now = func.extract("epoch", func.clock_timestamp())
    return func.concat_ws(" ", func.current_schema(), writer, now)


class Listener:
    """Listens in a thread of its own, once started.

    Args:
        address: of the PostgreSQL database.
        own: name of the replica's own writer, which knows of its changes already.
        heard: told how many seconds ago, by the database's clock, something was changed; None
            where it is not known what was missed.
    """

    def __init__(self, address: str, *, own: str, heard: Callable[[float | None], object]) -> None:
        """Do not listen yet."""
        url = make_url(address).set(drivername="postgresql")
        self._address = url.render_as_string(hide_password=False)
        self._own = own
        self._heard = heard
        self._answered = float("-inf")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def hears(self) -> bool:
        """Whether a change elsewhere would be heard."""
        return monotonic() - self._answered < _ALIVE_SECONDS

    def start(self) -> None:
        """Begin to listen; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="openweir-listen", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        while not self._stop.is_set():
            try:
                self._listen()
            except (psycopg.Error, OSError) as error:
                lost = self._answered > 0
                self._answered = float("-inf")
                if lost:
                    said = " ".join(str(error).split())
                    _log.warning("changes elsewhere are not heard, so nothing is kept: %s", said)
            self._stop.wait(_AGAIN_SECONDS)

    def _listen(self) -> None:
        import psycopg  # noqa: PLC0415 - an extra

        with psycopg.connect(
            self._address, autocommit=True, connect_timeout=5, application_name=_CALLED
        ) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            row = connection.execute("SELECT current_schema()").fetchone()
            schema = "" if row is None else str(row[0])
            # What was said while nobody listened.
            self._heard(None)
            while not self._stop.is_set():
                # Answers only over a line that is alive; tells the database's time as well.
                row = connection.execute(
                    "SELECT extract(epoch FROM clock_timestamp())::double precision"
                ).fetchone()
                self._answered = monotonic()
                assert row is not None
                ahead = row[0] - self._answered
                for said in connection.notifies(timeout=_POLL_SECONDS):
                    where, _, rest = said.payload.partition(" ")
                    writer, _, told_at = rest.partition(" ")
                    if where == schema and writer != self._own:
                        self._heard(max(0.0, monotonic() + ahead - float(told_at)))
