"""The chunks of one xorb that a namespace has sent, and where their bytes lie now.

They are read from the rows that are kept of them, when they are asked for: a file may
name millions of chunks, and objects for all of them would take ten times the memory.
"""

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from openweir.hub.blobs import Blobs
from openweir.hub.xet.arrival import CHUNK
from openweir.hub.xet.holdings import PLACE

__all__ = ["Held"]

_NAME_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The chunks of a xorb.

    Attributes:
        key: under which the xorb's own bytes lie; empty once they are parts of blobs.
    """

    key: str
    _rows: bytes
    _row: struct.Struct
    # Where each chunk begins in the xorb, and where the last one ends.
    _starts: "array[int]"

    @classmethod
    def sent(cls, rows: bytes, key: str) -> "Held":
        """Return the chunks of a xorb as it came, from its list of chunks."""
        return cls._of(rows, CHUNK, key)

    @classmethod
    def placed(cls, rows: bytes) -> "Held":
        """Return the chunks of a xorb that is files now, from their places."""
        return cls._of(rows, PLACE, "")

    @classmethod
    def _of(cls, rows: bytes, row: struct.Struct, key: str) -> "Held":
        lengths = (each[1] for each in row.iter_unpack(rows))
        return cls(
            key=key, _rows=rows, _row=row, _starts=array("Q", accumulate(lengths, initial=0))
        )

    def __len__(self) -> int:
        """Return how many chunks there are."""
        return len(self._starts) - 1

    def size(self, first: int, last: int) -> int:
        """Return how many bytes the chunks from `first` up to before `last` have."""
        return self._starts[last] - self._starts[first]

    def names(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the names of a run of chunks."""
        for at in range(first * self._row.size, last * self._row.size, self._row.size):
            yield self._rows[at : at + _NAME_BYTES]

    def named(self, first: int, last: int) -> Iterator[tuple[bytes, int]]:
        """Yield (name, length in bytes) of a run of chunks."""
        for at, name in enumerate(self.names(first, last), first):
            yield name, self._starts[at + 1] - self._starts[at]

    def stretches(self, first: int, last: int) -> Iterator[tuple[str, int, int]]:
        """Yield (key, first byte, byte after the last) of where a run of chunks lies."""
        if self.key:
            yield self.key, self._starts[first], self._starts[last]
            return
        for at in range(first, last):
            _, length, offset, digest = PLACE.unpack_from(self._rows, at * PLACE.size)
            yield Blobs.key(digest.hex()), offset, offset + length
