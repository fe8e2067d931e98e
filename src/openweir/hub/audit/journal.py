"""The journal: events on their way into the chain, in a file of this process.

An event is one `write` of one line, made before the bytes it speaks of go out. What was
written stays when the process is killed; the next one to open the folder takes it over. A
lock held for the life of the process tells a living writer's journal from a dead one's.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from pathlib import Path

from openweir.errors import CanonicalError, HubError
from openweir.hub.audit.event import AccessEvent, Link

__all__ = ["Journal", "orphans"]

_ENDING = ".jsonl"


class Journal:
    """The journal of one writer.

    Args:
        folder: where the journals of this machine's writers lie; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        """Open a new journal under a new writer's name."""
        self.writer = secrets.token_hex(8)
        self._path = folder / f"{self.writer}{_ENDING}"
        self._lock = threading.Lock()
        self._number = 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._handle = os.open(
                self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600
            )
        except OSError as error:
            raise HubError(
                f"the audit journal cannot be made: {error.strerror}",
                code="data",
                where=str(folder),
            ) from None
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def append(self, event: AccessEvent) -> Link:
        """Write an event down and return it with its number.

        Raises:
            HubError: it cannot be written, so what it speaks of must not happen.
        """
        with self._lock:
            link = Link(seq=0, writer=self.writer, number=self._number + 1, event=event)
            line = link.body() + b"\n"
            try:
                written = os.write(self._handle, line)
            except OSError as error:
                raise HubError(
                    f"the hub cannot keep its audit journal: {error.strerror}", code="no-room"
                ) from None
            if written != len(line):
                # What comes next must not stand on a torn line, which is passed over.
                os.ftruncate(self._handle, os.fstat(self._handle).st_size - written)
                raise HubError("the hub cannot keep its audit journal", code="no-room")
            self._number += 1
            return link

    def forget(self, upto: int) -> bool:
        """Empty the file if nothing was written after the event of that number."""
        with self._lock:
            if self._number != upto:
                return False
            os.ftruncate(self._handle, 0)
            return True

    def close(self) -> None:
        """Let go of the file; it is removed, because everything in it is in the chain."""
        with contextlib.suppress(OSError):
            self._path.unlink()
        with contextlib.suppress(OSError):
            os.close(self._handle)


def orphans(folder: Path) -> Iterator[tuple[Path, tuple[Link, ...]]]:
    """Yield each journal whose process is gone, with its events in order.

    A last line cut short by a full disk was refused when it was written: it is passed over.
    The caller removes the file once the events are in the chain; until then it stays locked.
    """
    for path in sorted(folder.glob(f"*{_ENDING}")):
        try:
            handle = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield path, tuple(_links(path.read_bytes()))
        except OSError:
            continue  # its writer lives, or another process takes it over
        finally:
            os.close(handle)


def _links(content: bytes) -> Iterator[Link]:
    for line in content.split(b"\n"):
        try:
            yield Link.from_body(line, where="journal")
        except CanonicalError:
            continue
