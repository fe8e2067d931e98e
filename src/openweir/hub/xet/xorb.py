"""Xorbs: up to 64 MiB of chunks in a row, each behind a header of 8 bytes.

Header: version, packed length in 3 bytes, scheme, unpacked length in 3 bytes, all little
endian. What follows the last chunk (`XETBLOB`, a directory) is not needed and not believed.
Source: hub-docs, `docs/xet/xorb`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import lz4.frame

from openweir.errors import HubError
from openweir.hub.xet.naming import chunk_name, to_hex, xorb_name

__all__ = ["MAX_CHUNK_BYTES", "MAX_XORB_BYTES", "Chunk", "XorbReader", "plain_header"]

MAX_CHUNK_BYTES = 128 * 1024
MAX_XORB_BYTES = 64 * 1024 * 1024
_MAX_CHUNKS = 8 * 1024
_HEADER = struct.Struct("<B3sB3s")
_DIRECTORY = b"XETBLOB"
_PLAIN, _LZ4, _PLANES = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """One chunk of a xorb.

    Attributes:
        name: 32 bytes.
        content: its bytes, unpacked; those that came unpacked are a view of what came.
        start, end: where it lies in the serialised xorb, header included.
    """

    name: bytes
    content: bytes | memoryview
    start: int
    end: int


class XorbReader:
    """A serialised xorb, read while it comes: at no time is more of it held than a chunk.

    Args:
        expected: the name the client gives it; the name of its chunks must be the same.
    """

    def __init__(self, expected: bytes) -> None:
        """Await its first bytes."""
        self._expected = expected
        self._named: list[tuple[bytes, int]] = []
        self._came = self._unpacked = self._at = 0
        # What came of a chunk that is not whole yet.
        self._held = b""
        self._over = False

    def feed(self, piece: bytes) -> Iterator[Chunk]:
        """Yield the chunks that are whole with the next bytes, unpacked and named.

        Raises:
            HubError: it is too large, damaged, or unpacks to more than it states.
        """
        self._came += len(piece)
        if self._came > MAX_XORB_BYTES:
            raise HubError(f"a xorb has at most {MAX_XORB_BYTES} bytes", code="body")
        data = self._held + piece if self._held else piece
        start, self._held = self._at, b""
        for chunk in self._chunks(memoryview(data)):
            self._named.append((chunk.name, len(chunk.content)))
            self._unpacked += len(chunk.content)
            if len(self._named) > _MAX_CHUNKS or self._unpacked > MAX_XORB_BYTES:
                raise _refused(
                    f"a xorb unpacks to at most {MAX_XORB_BYTES} bytes in {_MAX_CHUNKS} chunks"
                )
            yield chunk
        if not self._over:
            self._held = data[self._at - start :]

    def finish(self) -> tuple[tuple[bytes, int], ...]:
        """Return (name, length in bytes unpacked) of every chunk.

        Raises:
            HubError: it is cut off, or is another xorb.
        """
        if self._held:
            part = "header" if len(self._held) < _HEADER.size else "chunk"
            raise _refused(f"the xorb ends inside the {part} at byte {self._at}")
        found = xorb_name(self._named)
        if not self._named or found != self._expected:
            wanted = to_hex(self._expected)
            raise _refused(f"these chunks make the xorb {to_hex(found)}, not {wanted}")
        return tuple(self._named)

    def _chunks(self, data: memoryview) -> Iterator[Chunk]:
        """Yield the chunks that are whole in `data`, which begins where the last one ended."""
        at = 0
        while not self._over and len(data) - at >= len(_DIRECTORY):
            if data[at : at + len(_DIRECTORY)] == _DIRECTORY:
                self._over = True
                return
            if len(data) - at < _HEADER.size:
                return
            version, packed_size, scheme, size = _HEADER.unpack_from(data, at)
            packed, length = int.from_bytes(packed_size, "little"), int.from_bytes(size, "little")
            if version != 0 or not 0 < length <= MAX_CHUNK_BYTES or packed > 2 * MAX_CHUNK_BYTES:
                raise _refused(f"the chunk at byte {self._at} has a header outside the format")
            end = at + _HEADER.size + packed
            if end > len(data):
                return
            content = _unpack(data[at + _HEADER.size : end], scheme, length, self._at)
            start, self._at = self._at, self._at + end - at
            yield Chunk(name=chunk_name(content), content=content, start=start, end=self._at)
            at = end


def plain_header(length: int) -> bytes:
    """Return the header of a chunk that is stored as it is.

    Args:
        length: of the chunk in bytes, at most `MAX_CHUNK_BYTES`.
    """
    size = length.to_bytes(3, "little")
    return _HEADER.pack(0, size, _PLAIN, size)


def _unpack(packed: memoryview, scheme: int, length: int, start: int) -> bytes | memoryview:
    content: bytes | memoryview = packed
    if scheme in (_LZ4, _PLANES):
        content = _inflate(packed, length, start)
    elif scheme != _PLAIN:
        raise _refused(f"the chunk at byte {start} is packed by the unknown scheme {scheme}")
    if len(content) != length:
        raise _refused(f"the chunk at byte {start} does not unpack to its {length} bytes")
    return _interleave(content) if scheme == _PLANES else content


def _inflate(packed: memoryview, length: int, start: int) -> bytes:
    """Unpack one LZ4 frame to at most one byte more than stated, so that a bomb stays small."""
    reader = lz4.frame.LZ4FrameDecompressor()
    try:
        content = bytes(reader.decompress(packed, max_length=length + 1))
        if len(content) == length and not reader.eof:
            content += reader.decompress(b"", max_length=1)
    except (RuntimeError, EOFError, ValueError):
        raise _refused(f"the chunk at byte {start} is no LZ4 frame") from None
    if not reader.eof or reader.unused_data:
        raise _refused(f"the chunk at byte {start} does not unpack to its {length} bytes")
    return content


def _interleave(planes: bytes | memoryview) -> bytes:
    """Put four byte planes together again: all first bytes, all second bytes, and so on."""
    length = len(planes)
    content = bytearray(length)
    start = 0
    for plane in range(4):
        end = start + (length - plane + 3) // 4
        content[plane::4] = planes[start:end]
        start = end
    return bytes(content)


def _refused(message: str) -> HubError:
    return HubError(message, code="xorb", hint="send the xorb again as the client packed it")
