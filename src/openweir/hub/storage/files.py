"""Storage in a directory: a key is a file below it."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from openweir.hub.storage.place import Stamp
from openweir.hub.storage.view import View, Views

__all__ = ["Files"]

_PIECE_BYTES = 1024 * 1024
# Of a longer write the kernel makes long runs of pages, for which it first moves others about
# where memory is full: three times the processor time of the same bytes in short ones.
_WRITTEN_BYTES = 128 * 1024
_INCOMING = "incoming"
_MOST_STAMPS = 10_000
_ZEROS = bytes(_PIECE_BYTES)
_HOLE_BYTES = 64 * 1024


class Files:
    """The files below `root`, used by one process at a time."""

    shared = False

    def __init__(self, root: Path) -> None:
        """Keep files under `root`, which is created when missing."""
        self.root = root
        self._prefix = f"{root}/"
        self._views = Views()
        # As words for the facts the system tells of a file, which is asked each time.
        self._stamps: dict[str, tuple[tuple[int, int, int, int], Stamp]] = {}
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def writer(self, key: str) -> "_Writer":
        """Return where to write; the bytes lie aside until they are kept."""
        aside = self.root / _INCOMING
        aside.mkdir(exist_ok=True, mode=0o700)
        return _Writer(aside / secrets.token_hex(16), self._at(key), self.root)

    def stamp(self, key: str) -> Stamp | None:
        """Return size, times and inode of a file."""
        try:
            # Asked several times in each request: a `Path` would take longer than the system.
            found = os.stat(f"{self._prefix}{key}")  # noqa: PTH116 - see above
        except FileNotFoundError:
            return None
        facts = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = self._stamps.get(key)
        if known is not None and known[0] == facts:
            return known[1]
        if len(self._stamps) >= _MOST_STAMPS:
            self._stamps.clear()
        told = _stamp(found)
        self._stamps[key] = (facts, told)
        return told

    def pieces(
        self, key: str, start: int = 0, end: int | None = None, *, mark: str | None = None
    ) -> Iterator[bytes]:
        """Yield a range of a file; whoever reads keeps it although it is deleted meanwhile."""
        with self._at(key).open("rb", buffering=0) as stream:
            if mark is not None and _stamp(os.fstat(stream.fileno())).mark != mark:
                raise FileNotFoundError(key)
            stream.seek(start)
            left = None if end is None else end - start
            while left is None or left > 0:
                piece = stream.read(_PIECE_BYTES if left is None else min(_PIECE_BYTES, left))
                if not piece:
                    return
                if left is not None:
                    left -= len(piece)
                yield piece

    def move(self, key: str, to: str) -> None:
        """Rename a file and make that durable."""
        _rename(self._at(key), self._at(to), self.root)

    def delete(self, key: str) -> None:
        """Delete a file, and its folder where it was the last in it."""
        path = self._at(key)
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            if path.parent.parent != self.root:
                path.parent.rmdir()

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the files whose key begins with `prefix`."""
        folder = self._at(prefix.rpartition("/")[0])
        for path in folder.rglob("*"):
            key = path.relative_to(self.root).as_posix()
            if key.startswith(prefix) and path.is_file():
                yield key

    def listed(self, prefix: str) -> Iterator[tuple[str, Stamp]]:
        """Yield the files whose key begins with `prefix`, with their stamps."""
        for key in self.keys(prefix):
            found = self.stamp(key)
            if found is not None:
                yield key, found

    def unkept(self, before: datetime, *, forget: bool) -> int:
        """Count the files that lie aside and were last written before an instant."""
        count = 0
        for key, stamp in tuple(self.listed(f"{_INCOMING}/")):
            if stamp.changed_at < before:
                count += 1
                if forget:
                    self.delete(key)
        return count

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the names in a folder."""
        try:
            return tuple(sorted(path.name for path in self._at(prefix).iterdir()))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def path(self, key: str) -> Path:
        """Return where a file lies."""
        return self._at(key)

    def view(self, key: str, mark: str) -> View | None:
        """Map a file; the view keeps it although it is deleted meanwhile."""

        def opened() -> int | None:
            handle = os.open(self._at(key), os.O_RDONLY | os.O_CLOEXEC)
            stat = os.fstat(handle)
            if stat.st_size and _stamp(stat).mark == mark:
                return handle
            os.close(handle)
            if stat.st_size:
                raise FileNotFoundError(key)
            return None

        return self._views.get(key, mark, opened)

    def link(self, key: str, *, seconds: int, name: str) -> str | None:  # noqa: ARG002 - none
        """Return None: a file has no address outside of this machine."""
        return None

    def room(self) -> int:
        """Return the bytes free on the disk."""
        return shutil.disk_usage(self.root).free

    def _at(self, key: str) -> Path:
        return self.root / key


class _Writer:
    """A file written aside, then renamed."""

    def __init__(self, aside: Path, target: Path, root: Path) -> None:
        self._aside = aside
        self._target = target
        self._root = root
        self._stream = aside.open("xb", buffering=0)

    def write(self, piece: bytes | memoryview) -> None:
        # Zeros become a hole: a file that is mostly empty takes no more room than it has bytes.
        if _HOLE_BYTES <= len(piece) <= _PIECE_BYTES and piece[0] == piece[-1] == 0:
            piece = bytes(piece)
            if piece == _zeros(len(piece)):
                self._stream.seek(len(piece), os.SEEK_CUR)
                return
        left = memoryview(piece)
        while left:
            left = left[self._stream.write(left[:_WRITTEN_BYTES]) :]

    def keep(self) -> None:
        self._stream.truncate()  # a hole at the end is of the file too
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._aside.chmod(0o444)
        _rename(self._aside, self._target, self._root)

    def drop(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.close()
        with contextlib.suppress(OSError):
            self._aside.unlink(missing_ok=True)


def _zeros(length: int) -> bytes:
    return _ZEROS if length == _PIECE_BYTES else _ZEROS[:length]


def _stamp(stat: os.stat_result) -> Stamp:
    return Stamp(
        size=stat.st_size,
        mark=f"{stat.st_ino}-{stat.st_size}-{stat.st_mtime_ns}-{stat.st_ctime_ns}",
        changed_at=datetime.fromtimestamp(stat.st_mtime, UTC),
    )


def _rename(path: Path, target: Path, root: Path) -> None:
    """Rename a file into a folder that may go while it is empty."""
    _make(target.parent, root)
    try:
        path.replace(target)
    except FileNotFoundError:
        _make(target.parent, root)
        path.replace(target)
    _sync(target.parent)


def _make(folder: Path, root: Path) -> None:
    """Make a folder that lasts: its name has to be durable in every folder above it too."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    while folder != root:
        folder = folder.parent
        _sync(folder)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
