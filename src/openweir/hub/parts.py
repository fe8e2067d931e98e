"""Parts: a large file on its way in by pieces that may come again, in any order.

Each upload has keys of its own, `parts/<upload>/<number>`, in the storage that replicas
share, so that parts may come to any of them; its parts are joined into a blob only
when the client names them all, and the blob's digest is checked there as for any other.
"""

import contextlib
import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from openweir.errors import HubError
from openweir.hub.storage import OutOfReachError, Storage, Writer

__all__ = ["Part", "Parts", "Upload"]

_FOLDER = "parts"
_MIB = 1024 * 1024
_MOST_PARTS = 1000
_KEPT_FOR = timedelta(days=2)
_NAME = re.compile(r"[0-9a-f]{32}", re.ASCII)


class Parts:
    """The uploads under way in one storage."""

    FROM_BYTES = 256 * _MIB

    def __init__(self, storage: Storage) -> None:
        """Keep parts in `storage`."""
        self._storage = storage

    @staticmethod
    def bytes_each(size: int) -> int:
        """Return how long each part of a file is, the last one excepted."""
        least = -(-size // _MOST_PARTS)
        return max(64 * _MIB, -(-least // _MIB) * _MIB)

    @staticmethod
    def count(size: int) -> int:
        """Return how many parts a file has."""
        return max(1, -(-size // Parts.bytes_each(size)))

    @staticmethod
    def length(size: int, number: int) -> int:
        """Return how long a part is.

        Raises:
            HubError: the file has no such part.
        """
        if not 1 <= number <= Parts.count(size):
            raise HubError(f"there is no part {number}", code="bad-request")
        each = Parts.bytes_each(size)
        return min(each, size - (number - 1) * each)

    def begin(self, at: datetime) -> str:
        """Return the name of a new upload, and forget those that were left two days ago."""
        for name in self._storage.folders(_FOLDER):
            for key in tuple(self._storage.keys(f"{_FOLDER}/{name}/")):
                stamp = self._storage.stamp(key)
                if stamp is not None and stamp.changed_at < at - _KEPT_FOR:
                    self._storage.delete(key)
        return secrets.token_hex(16)

    def of(self, name: str) -> "Upload":
        """Return an upload by its name, which comes from a link of ours."""
        assert _NAME.fullmatch(name)
        return Upload(self._storage, f"{_FOLDER}/{name}")


class Upload:
    """The parts of one file that have come so far."""

    def __init__(self, storage: Storage, folder: str) -> None:
        """Keep them below the key `folder`."""
        self._storage = storage
        self._folder = folder

    def incoming(self, number: int, length: int) -> "Part":
        """Return where to write a part; `finish` puts it in place."""
        try:
            return Part(self._storage.writer(f"{self._folder}/{number}"), length)
        except OSError as error:
            raise _no_room(error) from None

    def joined(self, tags: Iterable[str]) -> Iterator[bytes]:
        """Yield the bytes of all parts in their order.

        Raises:
            HubError: a part is not there, or is not the one that was answered with that tag.
        """
        for number, tag in enumerate(tags, 1):
            seen = hashlib.md5(usedforsecurity=False)
            try:
                for chunk in self._storage.pieces(f"{self._folder}/{number}"):
                    seen.update(chunk)
                    yield chunk
            except FileNotFoundError:
                raise HubError(f"part {number} has not come", code="bad-request") from None
            if seen.hexdigest() != tag:
                raise HubError(f"part {number} is another one", code="bad-request")

    def drop(self) -> None:
        """Forget the parts."""
        with contextlib.suppress(OSError):
            for key in tuple(self._storage.keys(f"{self._folder}/")):
                self._storage.delete(key)


class Part:
    """One part on its way in."""

    def __init__(self, writer: Writer, length: int) -> None:
        """Write a part, which has exactly `length` bytes."""
        self._writer = writer
        self._left = length
        # An entity tag, as object stores make it; the file's SHA-256 is what is relied on.
        self._seen = hashlib.md5(usedforsecurity=False)

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            HubError: more came than the part has, or there is no room.
        """
        self._left -= len(chunk)
        if self._left < 0:
            raise HubError("the part is longer than it should be", code="size")
        self._seen.update(chunk)
        try:
            self._writer.write(chunk)
        except OSError as error:
            raise _no_room(error) from None

    def finish(self) -> str:
        """Put the part in its place and return its entity tag.

        Raises:
            HubError: bytes are missing, or there is no room.
        """
        if self._left:
            raise HubError(f"the part lacks {self._left} bytes", code="size")
        try:
            self._writer.keep()
        except OSError as error:
            raise _no_room(error) from None
        return self._seen.hexdigest()

    def drop(self) -> None:
        """Forget the part unless it is in its place."""
        self._writer.drop()


def _no_room(error: OSError) -> HubError:
    if isinstance(error, OutOfReachError):
        return error
    return HubError(f"the hub cannot store this: {error.strerror}", code="no-room")
