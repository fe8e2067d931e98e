"""A xorb on its way in: unpacked, named and written chunk by chunk, as it comes.

Of its bytes no more are held than a chunk that is not whole yet, however many clients send
at the same time. They lie aside until its name is proven; then they are kept, and last its
list of chunks: a xorb is there once that is.
"""

import struct
from collections.abc import Iterable

from openweir.errors import HubError
from openweir.hub.storage import OutOfReachError, Storage
from openweir.hub.xet.xorb import XorbReader

__all__ = ["CHUNK", "IncomingXorb", "write"]

CHUNK = struct.Struct("<32sI")
"""One chunk in the list of a xorb: its name, its length in bytes."""


class IncomingXorb:
    """Where a serialised xorb is written.

    Args:
        storage: where it goes.
        key: under which, without ending.
        name: what the client calls it.

    Raises:
        HubError: there is no room for it.
    """

    def __init__(self, storage: Storage, key: str, name: bytes) -> None:
        """Await its first bytes."""
        self._storage = storage
        self._key = key
        self._reader = XorbReader(name)
        # One that is files now is read and compared like any other, and not written again.
        try:
            self._writer = None if self._placed() else storage.writer(f"{key}.bytes")
        except OSError as error:
            raise _no_room(error) from None

    def write(self, piece: bytes) -> None:
        """Take the next bytes.

        Raises:
            HubError: they are damaged or too many, or there is no room.
        """
        for chunk in self._reader.feed(piece):
            if self._writer is None:
                continue
            try:
                self._writer.write(chunk.content)
            except OSError as error:
                raise _no_room(error) from None

    def finish(self) -> None:
        """Put the xorb in place.

        Raises:
            HubError: it is cut off, is not the xorb it is called, there is no room, or what it
                was part of was let go meanwhile.
        """
        chunks = self._reader.finish()
        try:
            # A client may take hours to send it: others made files of it, or those are gone.
            if self._placed():
                return
            if self._writer is None:
                raise HubError(
                    "the bytes were let go while they were sent; send them again",
                    code="out-of-reach",
                    where=self._key[-12:],
                )
            self._writer.keep()
        except OSError as error:
            raise _no_room(error) from None
        write(
            self._storage, f"{self._key}.chunks", (b"".join(CHUNK.pack(*each) for each in chunks),)
        )

    def drop(self) -> None:
        """Forget the xorb unless it is in place."""
        if self._writer is not None:
            self._writer.drop()

    def _placed(self) -> bool:
        """Whether the xorb is parts of files now."""
        return self._storage.stamp(f"{self._key}.places") is not None


def write(storage: Storage, key: str, content: Iterable[bytes]) -> None:
    """Write what lies under a key, whole or not at all.

    Raises:
        HubError: there is no room.
    """
    try:
        writer = storage.writer(key)
        try:
            for piece in content:
                writer.write(piece)
            writer.keep()
        finally:
            writer.drop()
    except OSError as error:
        raise _no_room(error) from None


def _no_room(error: OSError) -> HubError:
    if isinstance(error, OutOfReachError):
        return error
    return HubError(f"the hub cannot store this: {error.strerror}", code="no-room")
