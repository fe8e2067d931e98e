"""Xet: the formats in which stock Hugging Face clients send and fetch large files.

In: bytes of a xorb (a run of chunks) or of a shard (how files are put together from
xorbs), as a stranger sent them. Out: values that hold: every chunk unpacked and hashed,
every count bounded. Never: storage, permission, HTTP; those are decided elsewhere, on the
reference and not on the hash.

    naming    how chunks, xorbs, files and proofs of possession are named (keyed BLAKE3)
    xorb      chunks in a row, each stored plainly, LZ4, or LZ4 over four byte planes
    shard     files as terms over xorbs, with their proofs and SHA-256

Source: hub-docs, `docs/xet`; xet-core at af1a3ff9. Only BLAKE3 and LZ4 come from libraries.
"""

from openweir.hub.xet.naming import (
    chunk_name,
    file_name,
    from_hex,
    possession_proof,
    to_hex,
    xorb_name,
)
from openweir.hub.xet.shard import FileEntry, Shard, Term, XorbEntry, read_shard
from openweir.hub.xet.xorb import (
    MAX_CHUNK_BYTES,
    MAX_XORB_BYTES,
    Chunk,
    XorbReader,
    plain_header,
)

__all__ = [
    "MAX_CHUNK_BYTES",
    "MAX_XORB_BYTES",
    "Chunk",
    "FileEntry",
    "Shard",
    "Term",
    "XorbEntry",
    "XorbReader",
    "chunk_name",
    "file_name",
    "from_hex",
    "plain_header",
    "possession_proof",
    "read_shard",
    "to_hex",
    "xorb_name",
]
