"""The journal: events on their way into the chain, in a file of this process.

An event is one `write` of one line, made before the bytes it speaks of go out. What was
written stays when the process is killed; the next one to open the folder takes it over. A
lock held for the life of the process tells a living writer's journal from a dead one's.

Under a load that never pauses the file is never without an event that the chain still lacks,
so it is continued in a new one every few megabytes, and the old one goes with its last event.
"""

import contextlib
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openweir.errors import CanonicalError, HubError
from openweir.hub.audit.event import Line, Link

__all__ = ["Journal", "orphans"]

_ENDING = ".jsonl"
_MOST_BYTES = 8 * 1024 * 1024


class Journal:
    """The journal of one writer.

    Args:
        folder: where the journals of this machine's writers lie; made when missing.
    """

    def __init__(self, folder: Path) -> None:
        """Open a new journal under a new writer's name."""
        self.writer = secrets.token_hex(8)
        self._folder = folder
        self._lock = threading.Lock()
        self._number = 0
        self._files: list[_File] = []
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._continue()
        except OSError as error:
            raise HubError(
                f"the audit journal cannot be made: {error.strerror}",
                code="data",
                where=str(folder),
            ) from None

    def append(self, name: str, event: bytes) -> Line:
        """Write an event down and return it with its number.

        Args:
            name: of the release it is about.
            event: as `AccessEvent.written` gave it.

        Raises:
            HubError: it cannot be written, so what it speaks of must not happen.
        """
        with self._lock:
            line = Line(writer=self.writer, number=self._number + 1, name=name, event=event)
            content = line.body() + b"\n"
            try:
                if self._files[-1].size > _MOST_BYTES:
                    self._continue()
                written = os.write(self._files[-1].handle, content)
            except OSError as error:
                raise HubError(
                    f"the hub cannot keep its audit journal: {error.strerror}", code="no-room"
                ) from None
            if written != len(content):
                # What comes next must not stand on a torn line.
                os.ftruncate(self._files[-1].handle, self._files[-1].size)
                raise HubError("the hub cannot keep its audit journal", code="no-room")
            self._number += 1
            self._files[-1].size += written
            self._files[-1].last = self._number
            return line

    def forget(self, upto: int) -> None:
        """Drop what holds no event after the one of that number."""
        with self._lock:
            while len(self._files) > 1 and self._files[0].last <= upto:
                self._files.pop(0).remove()
            if self._files[0].last <= upto and self._files[0].size:
                os.ftruncate(self._files[0].handle, 0)
                self._files[0].size = 0

    def close(self) -> None:
        """Let go of the files; they are removed, because everything in them is in the chain."""
        for file in self._files:
            file.remove()

    def _continue(self) -> None:
        # Names in the order of time, so that whoever takes over reads them in that order.
        path = self._folder / f"{self.writer}-{self._number:016d}{_ENDING}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        self._files.append(_File(path=path, handle=handle, last=self._number))


@dataclass(slots=True, kw_only=True)
class _File:
    """One file of a journal.

    Attributes:
        last: number of its last event.
        size: in bytes.
    """

    path: Path
    handle: int
    last: int
    size: int = 0

    def remove(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            os.close(self.handle)


def orphans(folder: Path) -> Iterator[tuple[tuple[Path, ...], tuple[Line, ...]]]:
    """Yield the files of each journal whose process is gone, with its events in order.

    A last line cut short by a full disk was refused when it was written: it is passed over.
    The caller removes the files once the events are in the chain; until then they stay locked,
    all of them, since the chain takes a writer's events in their order only.
    """
    writers: dict[str, list[Path]] = {}
    for path in sorted(folder.glob(f"*{_ENDING}")):
        writers.setdefault(path.stem.partition("-")[0], []).append(path)
    for paths in writers.values():
        with contextlib.ExitStack() as held:
            try:
                for path in paths:
                    handle = os.open(path, os.O_RDONLY)
                    held.callback(os.close, handle)
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found = tuple(line for path in paths for line in _lines(path.read_bytes()))
            except OSError:
                continue  # its writer lives, or another process takes it over
            yield tuple(paths), found


def _lines(content: bytes) -> Iterator[Line]:
    for line in content.split(b"\n"):
        try:
            yield Link.from_body(line, where="journal").line()
        except CanonicalError:
            continue
