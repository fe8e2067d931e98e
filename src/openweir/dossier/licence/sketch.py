"""A sketch of a text: a sample of its pairs of words, enough to say which texts are near.

A sketch only proposes; what is said of a text rests on lining up every word.
"""

import base64
from collections.abc import Iterable, Sequence
from itertools import pairwise
from zlib import crc32

__all__ = ["SKETCH_SIZE", "pairs_of", "read_sketch", "sketch_of", "write_sketch"]

SKETCH_SIZE = 128
_BYTES = 4


def pairs_of(words: Sequence[str]) -> frozenset[int]:
    """Return a number for each pair of neighbouring words."""
    return frozenset(crc32(f"{one} {other}".encode()) for one, other in pairwise(words))


def sketch_of(pairs: Iterable[int]) -> tuple[int, ...]:
    """Return the smallest numbers: a sample that is the same whenever the pairs are."""
    return tuple(sorted(pairs)[:SKETCH_SIZE])


def write_sketch(sketch: Iterable[int]) -> str:
    """Return a sketch as Base64 of big-endian 32-bit numbers."""
    return base64.b64encode(b"".join(n.to_bytes(_BYTES, "big") for n in sketch)).decode()


def read_sketch(text: str) -> tuple[int, ...]:
    """Read what `write_sketch` wrote."""
    data = base64.b64decode(text)
    return tuple(
        int.from_bytes(data[at : at + _BYTES], "big") for at in range(0, len(data), _BYTES)
    )
