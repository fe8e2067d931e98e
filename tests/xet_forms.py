"""Xorbs and shards written and read by hand, for files that no test could send byte by byte."""

import struct
from collections.abc import Sequence

from openweir.hub.xet.naming import chunk_name, file_name, possession_proof, xorb_name
from openweir.hub.xet.shard import _BOOKEND, _TAG, _WITH_PROOFS, _WITH_SHA256
from openweir.hub.xet.xorb import Chunk, XorbReader, plain_header

_RECORD = struct.Struct("<32s4I")


def xorb(chunks: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The name of a xorb of these chunks and its bytes, not packed."""
    data = b"".join(plain_header(len(chunk)) + chunk for chunk in chunks)
    return xorb_name([(chunk_name(chunk), len(chunk)) for chunk in chunks]), data


def read_xorb(data: bytes, *, expected: bytes) -> tuple[Chunk, ...]:
    """The chunks of a xorb that is here as a whole; an error where it is not `expected`."""
    reader = XorbReader(expected)
    chunks = tuple(reader.feed(data))
    reader.finish()
    return chunks


def shard(terms: Sequence[tuple[bytes, Sequence[bytes]]], digest: str) -> tuple[bytes, bytes]:
    """The name of a file and the shard that makes it.

    Args:
        terms: (name of a xorb, all of its chunks) in the order of the file.
        digest: SHA-256 of the file.
    """
    named = {name: [(chunk_name(chunk), len(chunk)) for chunk in chunks] for name, chunks in terms}
    entries, proofs, whole = [], [], []
    for name, _ in terms:
        held = named[name]
        length = sum(size for _, size in held)
        entries.append(_RECORD.pack(name, 0, length, 0, len(held)))
        proofs.append(_RECORD.pack(possession_proof(chunk for chunk, _ in held), 0, 0, 0, 0))
        whole += held
    made = file_name(whole)
    head = _RECORD.pack(made, _WITH_PROOFS | _WITH_SHA256, len(entries), 0, 0)
    # The text form of a name is four numbers: the digest goes in as those.
    words = struct.pack("<4Q", *(int(digest[at : at + 16], 16) for at in range(0, 64, 16)))
    end = _RECORD.pack(_BOOKEND, 0, 0, 0, 0)
    body = [head, *entries, *proofs, _RECORD.pack(words, 0, 0, 0, 0), end, end]
    return made, _TAG + struct.pack("<QQ", 2, 0) + b"".join(body)
