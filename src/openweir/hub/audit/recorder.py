"""The recorder: events go to the journal at once and to the chain a moment later.

Recording costs one `write`; a thread carries what was written into the database in batches,
so requests neither wait for the database nor for each other.
"""

import logging
import os
import secrets
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from openweir.errors import HubError, RegisterError
from openweir.hub.audit.chain import Chain
from openweir.hub.audit.event import AccessEvent, Line, Link, Repeated
from openweir.hub.audit.journal import Journal, orphans
from openweir.hub.store import Store
from openweir.register import SignerKey, VerifierKey

__all__ = ["Recorder", "signing_key"]

_PAUSE_SECONDS = 0.2
_BATCH = 2000
# What may wait for a slow database: then nothing more is served, and memory stays bounded.
_MOST_WAITING_BYTES = 64 * 1024 * 1024
_log = logging.getLogger("openweir.hub")


class Recorder:
    """Records what a replica does; opened once per process.

    Args:
        store: the database, shared by all replicas.
        folder: where this machine's journals lie.
        key: signs checkpoints.
        clock: the present instant.
    """

    def __init__(
        self, store: Store, folder: Path, *, key: SignerKey, clock: Callable[[], datetime]
    ) -> None:
        """Open the chain; the journal is made at the first event."""
        self._key = key
        self._folder = folder
        self._clock = clock
        self._journal: Journal | None = None
        self._waiting: deque[Line] = deque()
        self._waiting_bytes = 0
        self._guard = threading.Lock()
        self._carrying = threading.Lock()
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.chain = Chain(store, self._key)
        self.recover()

    @property
    def verifier(self) -> VerifierKey:
        """The public key that checkpoints verify under."""
        return self._key.verifier

    @property
    def waiting(self) -> int:
        """How many events are on their way into the chain."""
        return len(self._waiting)

    def record(self, event: AccessEvent) -> int:
        """Write an event down and return its number.

        Raises:
            HubError: it cannot be kept, so what it speaks of must not happen.
        """
        return self._record(event.name, event.written())

    def again(self, event: Repeated, *, at: datetime, stated: str, request_id: str) -> int:
        """Write down that an event happened again; as `record` otherwise.

        Args:
            event: what stays the same.
            at: now.
            stated: the range that the client wrote.
            request_id: of the request.
        """
        return self._record(event.name, event.again(at, stated, request_id))

    def flush(self) -> None:
        """Carry everything that was recorded by now into the chain."""
        with self._carrying:
            left = len(self._waiting)
            while left > 0:
                batch = [self._waiting[at] for at in range(min(left, _BATCH))]
                self.chain.extend(batch, at=self._clock())
                for _ in batch:
                    self._waiting.popleft()
                left -= len(batch)
                with self._guard:
                    self._waiting_bytes -= sum(len(line.event) for line in batch)
                if self._journal is not None:
                    self._journal.forget(batch[-1].number)

    def events(self, name: str) -> tuple[AccessEvent, ...]:
        """Return what was recorded of one release, oldest first."""
        self.flush()
        rows = self.chain.rows(name=name)
        return tuple(Link.from_body(body.encode()).event for body, _ in rows)

    def recover(self) -> int:
        """Take over the journals of processes that are gone; return how many events they held."""
        count = 0
        for paths, lines in orphans(self._folder):
            if lines:
                self.chain.extend(lines, at=self._clock())
            for path in paths:
                path.unlink(missing_ok=True)
            count += len(lines)
        return count

    def checkpoint(self) -> None:
        """Carry everything into the chain and sign its head."""
        self.flush()
        self.chain.extend((), at=self._clock(), checkpoint=True)

    def close(self) -> None:
        """Stop carrying; what was recorded is in the chain, or stays in the journal."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=30)
        if self._journal is None:
            return
        try:
            self.checkpoint()
        except SQLAlchemyError as error:
            _log.error("events stay in the journal: %s", error)
            return
        self._journal.close()
        self._journal = None

    def _record(self, name: str, event: bytes) -> int:
        if self._waiting_bytes > _MOST_WAITING_BYTES:
            raise HubError("the audit chain is behind; nothing is served", code="no-room")
        with self._guard:
            if self._journal is None:
                self._start()
            assert self._journal is not None
            line = self._journal.append(name, event)
            self._waiting.append(line)
            self._waiting_bytes += len(event)
        if not self._wake.is_set():
            self._wake.set()
        return line.number

    def _start(self) -> None:
        self._journal = Journal(self._folder)
        self._thread = threading.Thread(target=self._carry, name="openweir-audit", daemon=True)
        self._thread.start()

    def _carry(self) -> None:
        while not self._stop.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                self.flush()
            except SQLAlchemyError as error:
                _log.warning("the audit chain waits for the database: %s", error)
                self._wake.set()
            # A pause gathers what comes meanwhile into one batch.
            self._stop.wait(_PAUSE_SECONDS)


def signing_key(path: Path | None, store: Store) -> SignerKey:
    """Return the key that checkpoints are signed with, making it at the first start.

    Args:
        path: the file that keeps it on the one machine of an embedded hub; None where replicas
            share a database, which keeps it then.
        store: that database.

    Raises:
        HubError: what is kept is no key.
    """
    made = SignerKey.generate(f"openweir/audit/{secrets.token_hex(4)}")
    if path is None:
        kept, where = store.setting("audit-key", made.reveal()), "the database"
    else:
        kept, where = _kept(path, made.reveal() + "\n"), str(path)
    try:
        return SignerKey.parse(kept, where=where)
    except RegisterError:
        raise HubError("the hub's audit key is damaged", code="data", where=where) from None


def _kept(path: Path, first: str) -> str:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8", errors="replace")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(first)
        stream.flush()
        os.fsync(stream.fileno())
    return first
