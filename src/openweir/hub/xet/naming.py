"""Names in Xet: keyed BLAKE3 over chunks, and trees of such names over xorbs and files.

A name is 32 bytes. Its text form is not their hexadecimal form: it is that of four
little-endian numbers of 64 bits (hub-docs, `docs/xet/hashing`, "string conversion").
"""

import re
import struct
from collections.abc import Iterable, Sequence

from blake3 import blake3

from openweir.errors import HubError

__all__ = [
    "chunk_name",
    "file_name",
    "from_hex",
    "possession_proof",
    "to_hex",
    "xorb_name",
]

# The protocol's published keys: public constants that separate the kinds of name.
_CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
_PROOF_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
_NO_SALT = bytes(32)
_EMPTY = bytes(32)
# A node of the tree has 2 to 9 children, and ends early after a name divisible by 4.
_BRANCHING = 4
_FEWEST, _MOST = 2, 2 * _BRANCHING + 1
_WORDS, _SHOWN = struct.Struct("<4Q"), struct.Struct(">4Q")
_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def to_hex(name: bytes) -> str:
    """Return the text form of a name of 32 bytes, 64 signs."""
    return _SHOWN.pack(*_WORDS.unpack(name)).hex()


def from_hex(text: str) -> bytes:
    """Return the name behind its text form.

    Raises:
        HubError: it is not 64 lower-case hexadecimal signs.
    """
    if _HEX.fullmatch(text) is None:
        raise HubError(
            f"`{text[:80]}` is not the name of a chunk, xorb or file",
            code="xet-name",
            hint="64 lower-case hexadecimal signs",
        )
    return _WORDS.pack(*(int(text[at : at + 16], 16) for at in range(0, 64, 16)))


def chunk_name(content: bytes | memoryview) -> bytes:
    """Return the name of a chunk."""
    return blake3(content, key=_CHUNK_KEY).digest()


def xorb_name(chunks: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the name of a xorb.

    Args:
        chunks: (name, length in bytes unpacked) of each chunk in order.
    """
    return _root(chunks) or _EMPTY


def file_name(chunks: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the name of a file put together from these chunks; of no chunk, all zeros."""
    root = _root(chunks)
    return blake3(root, key=_NO_SALT).digest() if root else _EMPTY


def possession_proof(chunks: Iterable[bytes]) -> bytes:
    """Return what only a holder of a run of chunks can state: a keyed hash over their names."""
    return blake3(b"".join(chunks), key=_PROOF_KEY).digest()


def _root(leaves: Iterable[tuple[bytes, int]]) -> bytes:
    """Return the name at the top of the tree; nothing for no leaf.

    The tree grows from the left, and of each level only the children of the node under way
    are held: a file may have millions of chunks.
    """
    under_way: list[list[tuple[bytes, int]]] = []
    counts: list[int] = []

    def add(level: int, child: tuple[bytes, int]) -> None:
        if level == len(counts):
            under_way.append([])
            counts.append(0)
        counts[level] += 1
        children = under_way[level]
        children.append(child)
        # Divisible: by the last of the four numbers of 64 bits, whose low byte comes first.
        early = len(children) > _FEWEST and child[0][24] % _BRANCHING == 0
        if early or len(children) == _MOST:
            under_way[level] = []
            add(level + 1, _node(children))

    for leaf in leaves:
        add(0, leaf)
    for level, count in enumerate(counts):
        # One alone is the top; `counts` grows while this ends the last node of each level.
        if count == 1:
            return under_way[level][0][0]
        if under_way[level]:
            add(level + 1, _node(under_way[level]))
    return b""


def _node(children: Sequence[tuple[bytes, int]]) -> tuple[bytes, int]:
    lines = "".join(f"{to_hex(name)} : {length}\n" for name, length in children)
    total = sum(length for _, length in children)
    return blake3(lines.encode("ascii"), key=_NODE_KEY).digest(), total
