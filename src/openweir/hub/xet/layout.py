"""How a stored file is shown to Xet clients: as xorbs that exist only while they are sent.

Bytes lie in storage once, as the file. Its chunks in a row, each behind a plain header, are a
xorb that any client can read; so a reconstruction names such xorbs, and their bytes are
put together from the file when they are fetched. What is kept of a file for that is its
plan: the runs of its chunks, then the length of each chunk.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from openweir.hub.xet.naming import xorb_name
from openweir.hub.xet.xorb import MAX_XORB_BYTES, plain_header

__all__ = ["LENGTH", "Plan", "Run", "covered", "pieces", "plan_bytes", "read_plan"]

_HEADER_BYTES = len(plain_header(1))
_MOST_CHUNKS = 1024
_HEAD = struct.Struct("<32sQI")
_RUN = struct.Struct("<32sQQII")
LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Chunks in a row, shown as one xorb.

    Attributes:
        xorb: the name these chunks make.
        offset: of its first byte in the file.
        size: its length in the file in bytes.
        first: which chunk of the file it begins with.
        count: how many chunks it has.
    """

    xorb: bytes
    offset: int
    size: int
    first: int
    count: int

    @property
    def packed(self) -> int:
        """The length of the xorb it is shown as, headers included."""
        return self.size + self.count * _HEADER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a file is shown.

    Attributes:
        sha256: of its content in hexadecimal text; the blob it is.
        size: in bytes.
        runs: in the order of the file.
        lengths_at: where in the kept plan the lengths of the chunks begin.
    """

    sha256: str
    size: int
    runs: tuple[Run, ...]
    lengths_at: int


def plan_bytes(sha256: str, chunks: Iterable[tuple[bytes, int]]) -> bytes:
    """Return what is kept of a file: its chunks, (name, length) in order, in runs."""
    lengths = bytearray()

    def noted() -> Iterator[tuple[bytes, int]]:
        for chunk in chunks:
            lengths.extend(LENGTH.pack(chunk[1]))
            yield chunk

    runs = tuple(_runs(noted()))
    head = _HEAD.pack(bytes.fromhex(sha256), sum(run.size for run in runs), len(runs))
    rows = (_RUN.pack(run.xorb, run.offset, run.size, run.first, run.count) for run in runs)
    return b"".join((head, *rows, lengths))


def read_plan(kept: bytes) -> Plan | int:
    """Read the front of what is kept of a file.

    Returns:
        The plan; or how many bytes of it are needed, where these are too few.
    """
    if len(kept) < _HEAD.size:
        return _HEAD.size
    digest, size, count = _HEAD.unpack_from(kept)
    end: int = _HEAD.size + count * _RUN.size
    if len(kept) < end:
        return end
    runs = tuple(
        Run(xorb=xorb, offset=offset, size=length, first=first, count=held)
        for xorb, offset, length, first, held in _RUN.iter_unpack(kept[_HEAD.size : end])
    )
    return Plan(sha256=digest.hex(), size=size, runs=runs, lengths_at=end)


def covered(
    run: Run, lengths: Sequence[int], start: int, end: int
) -> tuple[int, int, int, int, int]:
    """Return which chunks of a run cover bytes `start` up to before `end` of the file.

    Returns:
        (first chunk, chunk after the last, offset of the first in the file, and where they
        begin and end in the bytes of the xorb).
    """
    at, first, last, begins, length_covered = run.offset, 0, 0, run.offset, 0
    found = False
    for index, length in enumerate(lengths):
        if at + length > start and at < end:
            if not found:
                found, first, begins = True, index, at
            last = index + 1
            length_covered += length
        at += length
    low = begins - run.offset + first * _HEADER_BYTES
    return first, last, begins, low, low + length_covered + (last - first) * _HEADER_BYTES


def pieces(
    run: Run, lengths: Sequence[int], start: int, end: int
) -> Iterator[bytes | tuple[int, int]]:
    """Yield what bytes `start` up to before `end` of the run's xorb consist of.

    A piece is literal bytes (of a header), or (offset, length) of bytes in the file.
    """
    at, offset = 0, run.offset
    for length in lengths:
        if at >= end:
            return
        head = plain_header(length)
        low, high = max(start - at, 0), min(end - at, _HEADER_BYTES)
        if low < high:
            yield head[low:high]
        at += _HEADER_BYTES
        low, high = max(start - at, 0), min(end - at, length)
        if low < high:
            yield offset + low, high - low
        at += length
        offset += length


def _runs(chunks: Iterable[tuple[bytes, int]]) -> Iterator[Run]:
    """Divide a file's chunks into runs that fit a xorb."""
    offset = first = packed = 0
    held: list[tuple[bytes, int]] = []
    for chunk in chunks:
        taken = chunk[1] + _HEADER_BYTES
        if packed + taken > MAX_XORB_BYTES or len(held) == _MOST_CHUNKS:
            run = _run(held, first, offset)
            yield run
            offset, first = offset + run.size, first + run.count
            packed, held = 0, []
        held.append(chunk)
        packed += taken
    if held:
        yield _run(held, first, offset)


def _run(held: Sequence[tuple[bytes, int]], first: int, offset: int) -> Run:
    return Run(
        xorb=xorb_name(held),
        offset=offset,
        size=sum(length for _, length in held),
        first=first,
        count=len(held),
    )
