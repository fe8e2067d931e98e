"""Bytes by their SHA-256: one immutable blob each, written whole or not at all.

Knowing a digest gives no right to its bytes: who may read is decided on the
release that names it (`openweir.hub.gate`). An upload is always written in full,
so nobody learns from it whether the hub holds the same bytes already.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Protocol

from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.read_once import may_wait
from openweir.hub.storage import Files, OutOfReachError, Stamp, Storage, View, Writer

__all__ = ["Blob", "Blobs", "Incoming", "Memory", "damaged"]

# A server across the network is asked again for a stamp after this long, well within the
# two seconds in which a change has to be noticed.
_KEPT_SECONDS = 1.0
_MOST_KEPT = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Stored bytes that were compared with their digest.

    Attributes:
        path: the file they are; None where they are no file of this machine.
    """

    storage: Storage
    key: str
    stamp: Stamp
    path: Path | None

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` up to before `end`, of this very version."""
        return self.storage.pieces(self.key, start, end, mark=self.stamp.mark)

    def view(self) -> View | None:
        """Return the bytes of this very version as a view, where they are a file."""
        return self.storage.view(self.key, self.stamp.mark)


class Memory(Protocol):
    """Which version of each blob was compared with its digest, as all replicas know it."""

    def known(self, digest: str) -> str | None:
        """Return the mark of the version that was compared; None for none."""
        ...

    def note(self, digest: str, mark: str) -> None:
        """Remember that the version of this mark was compared."""
        ...


class Incoming:
    """Bytes on their way in: hashed while they are written, never longer than announced."""

    def __init__(
        self,
        writer: Writer,
        *,
        size: int,
        expected_sha256: str,
        keep: Callable[[Writer], None] | None = None,
    ) -> None:
        """Write to `writer`; expect exactly this size and digest; have `keep` keep them then."""
        self._keep = keep
        self._writer = writer
        self._size = size
        self._expected = expected_sha256
        self._left = size
        self._sha256 = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        """Take the next bytes.

        Raises:
            HubError: more came than announced, or there is no room.
        """
        self._left -= len(chunk)
        if self._left < 0:
            raise HubError(f"more than the {self._size} bytes that the decision names", code="size")
        self._sha256.update(chunk)
        with _room():
            self._writer.write(chunk)

    def finish(self) -> None:
        """Make the bytes durable under their key.

        Raises:
            HubError: bytes are missing, or they are not the ones the decision names.
        """
        if self._left:
            raise HubError(
                f"{self._size - self._left} of the {self._size} bytes that the decision names",
                code="size",
            )
        if self._sha256.hexdigest() != self._expected:
            raise HubError(
                f"the bytes have the digest {self._sha256.hexdigest()}, "
                f"not the {self._expected} that the decision names",
                code="digest",
            )
        with _room():
            if self._keep is None:
                self._writer.keep()
            else:
                self._keep(self._writer)

    def drop(self) -> None:
        """Forget the bytes unless they were finished."""
        self._writer.drop()


class Blobs:
    """The keys `blobs/ab/<sha256>` of a storage.

    A blob's digest is computed at its first read after start, and again whenever
    its stamp differs: inode, size and times of a file, entity tag of an object.
    With a memory that replicas share, the first read is the upload itself: whoever hashed
    the bytes notes the entity tag they got, and only another tag makes anybody hash again.

    Args:
        storage: where they lie; a directory for files in it.
        memory: which versions were compared before; None to know only what this process did.
    """

    def __init__(self, storage: Storage | Path, memory: Memory | None = None) -> None:
        """Keep blobs in `storage`, or in files under a directory."""
        self.storage: Storage = Files(storage) if isinstance(storage, Path) else storage
        self._memory = memory
        self._checked: dict[str, Stamp] = {}
        self._stamps: dict[str, tuple[float, Stamp]] = {}
        self._locks = [threading.Lock() for _ in range(64)]

    @staticmethod
    def key(digest: str) -> str:
        """Return the key of the blob of that digest."""
        return f"blobs/{digest[:2]}/{digest}"

    def path(self, digest: str) -> Path:
        """Return the file that the blob of that digest is; only where blobs are files."""
        found = self.storage.path(self.key(digest))
        assert found is not None
        return found

    def adopt(self, staged: str, digest: str) -> None:
        """Move a finished upload in place; an older copy of the same bytes is replaced.

        Args:
            staged: the key it was written under, as the digest was compared.
            digest: its SHA-256.
        """
        key = self.key(digest)
        with self._locks[int(digest[:2], 16) % 64], _readable(digest):
            if self._memory is not None and self._lies_whole(digest):
                # Others are sending it by its mark, which a copy of the same bytes may change.
                self.storage.delete(staged)
                return
            self.storage.move(staged, key)
            self._stamps.pop(digest, None)
            found = self.storage.stamp(key)
        if found is not None:
            self._note(digest, found)

    def put(self, content: bytes, digest: str) -> None:
        """Store bytes whose digest was just computed, whether or not they are here already.

        Raises:
            HubError: there is no room for them.
        """
        incoming = self.incoming(len(content), digest)
        try:
            incoming.write(content)
            incoming.finish()
        finally:
            incoming.drop()

    def incoming(self, size: int, digest: str) -> Incoming:
        """Return where to write bytes on their way in; `finish` puts them in place."""
        with _room():
            writer = self.storage.writer(self.key(digest))
        # They were hashed as they came: the first to read them need not wait for it again.
        return Incoming(
            writer,
            size=size,
            expected_sha256=digest,
            keep=lambda written: self._keep(written, digest, size),
        )

    def incoming_at(self, key: str, size: int, digest: str) -> Incoming:
        """Return where to write bytes that stay under a key of their own for now."""
        with _room():
            return Incoming(self.storage.writer(key), size=size, expected_sha256=digest)

    def identity(self, digest: str) -> Stamp | None:
        """Return what changes when the bytes change; None when they are gone.

        Raises:
            OutOfReachError: nobody knows, because storage does not answer.
        """
        try:
            return self._stamp(digest)
        except OutOfReachError:
            raise
        except OSError:
            return None

    def require(self, digest: str, size: int) -> None:
        """Ask storage itself, whatever was kept of it, that a blob is there.

        Raises:
            HubError: it is not, or storage is out of reach.
        """
        try:
            found = self.storage.stamp(self.key(digest))
        except OSError:
            found = None
        if found is None or found.size != size:
            raise HubError(
                "the bytes were let go while they were used; try again",
                code="out-of-reach",
                where=digest[:12],
                hint="send the file again",
            )

    def checked(self, digest: str, size: int) -> Blob:
        """Return a blob whose bytes were compared with its digest.

        Raises:
            HubError: it is gone, or holds other bytes (law 8: not one is served).
        """
        key = self.key(digest)
        with _readable(digest):
            found = self._stamp(digest)
        if found is not None and found.size == size and self._checked.get(digest) == found:
            return Blob(storage=self.storage, key=key, stamp=found, path=self.storage.path(key))
        may_wait()
        with self._locks[int(digest[:2], 16) % 64], _readable(digest):
            found = self._stamp(digest)
            if found is None:
                raise damaged(digest)
            if self._checked.get(digest) != found and self._remembered(digest) == found.mark:
                self._checked[digest] = found
            if self._checked.get(digest) != found:
                self._checked.pop(digest, None)
                computed = hashlib.sha256()
                for piece in self.storage.pieces(key, mark=found.mark):
                    computed.update(piece)
                if computed.hexdigest() != digest or self.storage.stamp(key) != found:
                    raise damaged(digest)
                self._note(digest, found)
        if found.size != size:
            raise damaged(digest)
        return Blob(storage=self.storage, key=key, stamp=found, path=self.storage.path(key))

    def read(self, digest: str, *, max_bytes: int = 64 * 1024 * 1024) -> bytes:
        """Return a small blob's bytes, compared with their digest.

        Raises:
            HubError: as `checked`, or it is longer than `max_bytes`.
        """
        may_wait()
        with _readable(digest):
            content = b"".join(self.storage.pieces(self.key(digest), 0, max_bytes + 1))
        if len(content) > max_bytes or sha256(content) != digest:
            raise damaged(digest)
        return content

    def forget_stamps(self) -> None:
        """Ask storage anew for every stamp, as happens anyway within a second."""
        self._stamps.clear()

    def _arrived(self, digest: str, size: int) -> None:
        """Note what an upload became, so that nobody has to read it back to know it."""
        self._stamps.pop(digest, None)
        found = self.storage.stamp(self.key(digest))
        if found is not None and found.size == size:
            self._note(digest, found)

    def _keep(self, writer: Writer, digest: str, size: int) -> None:
        """Keep bytes that were hashed, but never over the same that others read by now.

        Some servers write an object in place: who reads it meanwhile gets parts of both.
        """
        with self._locks[int(digest[:2], 16) % 64]:
            if self.storage.shared and self._lies_whole(digest):
                writer.drop()
                return
            writer.keep()
            self._arrived(digest, size)

    def _lies_whole(self, digest: str) -> bool:
        found = self.storage.stamp(self.key(digest))
        if found is None:
            return False
        return self._remembered(digest) == found.mark or self._checked.get(digest) == found

    def _note(self, digest: str, found: Stamp) -> None:
        self._checked[digest] = found
        if self._memory is not None:
            self._memory.note(digest, found.mark)

    def _remembered(self, digest: str) -> str | None:
        return None if self._memory is None else self._memory.known(digest)

    def _stamp(self, digest: str) -> Stamp | None:
        if not self.storage.shared:
            return self.storage.stamp(self.key(digest))
        kept = self._stamps.get(digest)
        if kept is not None and monotonic() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        may_wait()
        found = self.storage.stamp(self.key(digest))
        if len(self._stamps) > _MOST_KEPT:
            self._stamps.clear()
        if found is None:
            self._stamps.pop(digest, None)
        else:
            self._stamps[digest] = (monotonic(), found)
        return found


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OutOfReachError:
        raise
    except OSError as error:
        raise HubError(f"the hub cannot store this: {error.strerror}", code="no-room") from None


@contextmanager
def _readable(digest: str) -> Iterator[None]:
    try:
        yield
    except OutOfReachError:
        raise
    except OSError:
        raise damaged(digest) from None


def damaged(digest: str) -> HubError:
    """Return the error for a blob that is gone or holds other bytes."""
    return HubError(
        "a stored file is missing or is not the one that was decided, so it is not served",
        code="damaged",
        where=digest[:12],
        hint="the operator can restore it by publishing the case again",
    )
