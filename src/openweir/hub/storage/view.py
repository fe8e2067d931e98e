"""Files as memory: mapped once for many answers, and never waited for by the server's loop.

The kernel sends a mapped piece straight from its cache. A piece that is not there yet would
have to come from the disk while every other answer waits: `at_hand` says so beforehand.
"""

import mmap
import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

__all__ = ["View", "Views"]

_MOST = 16
_KEPT_SECONDS = 10.0


class View:
    """The bytes of an open file; they stay although the file is deleted meanwhile."""

    __slots__ = ("__weakref__", "_bytes", "_handle", "_probe")

    def __init__(self, handle: int) -> None:
        """Map the file of a handle, which is closed when nobody uses the view any more."""
        weakref.finalize(self, os.close, handle)
        mapped = mmap.mmap(handle, 0, access=mmap.ACCESS_READ)
        mapped.madvise(mmap.MADV_SEQUENTIAL)
        self._handle = handle
        self._bytes = memoryview(mapped)
        self._probe = [bytearray(1)]

    def piece(self, start: int, end: int) -> memoryview:
        """Return the bytes from `start` up to before `end`, not read yet."""
        return self._bytes[start:end]

    def at_hand(self, end: int) -> bool:
        """Whether the byte before `end` is in memory, so that sending it waits for no disk."""
        try:
            os.preadv(self._handle, self._probe, end - 1, os.RWF_NOWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True  # a file system that cannot say
        return True

    def read(self, start: int, end: int) -> bytes:
        """Return a copy of bytes, from the disk if need be.

        Raises:
            OSError: they cannot be read, or the file has become shorter.
        """
        found = os.pread(self._handle, end - start, start)
        if len(found) != end - start:
            raise OSError("the file has become shorter")
        return found


class Views:
    """The views used last, so that the next answer from the same file need not map it anew.

    A file that was deleted takes up its room on the disk until its view is dropped: with the
    next request for any file after ten seconds without one for this.
    """

    def __init__(self) -> None:
        """Keep none yet."""
        self._kept: OrderedDict[tuple[str, str], tuple[float, View]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: str, mark: str, opened: Callable[[], int | None]) -> View | None:
        """Return the view of a file, kept or made.

        Args:
            key: which file.
            mark: which bytes of it.
            opened: opens it; None where it cannot be mapped.
        """
        now = monotonic()
        with self._lock:
            while self._kept and now - next(iter(self._kept.values()))[0] > _KEPT_SECONDS:
                self._kept.popitem(last=False)
            found = self._kept.pop((key, mark), None)
            if found is None:
                handle = opened()
                if handle is None:
                    return None
                found = now, View(handle)
            self._kept[key, mark] = now, found[1]
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return found[1]
