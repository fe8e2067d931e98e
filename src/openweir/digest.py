"""SHA-256 digests of bytes, streams and folders, as lower-case hexadecimal text.

`sha256sum FILE` reproduces a file's digest; the docstring of `dirhash` gives the
shell line that reproduces a folder's.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import BinaryIO

from openweir.errors import OpenweirError

__all__ = ["dirhash", "is_sha256", "require_sha256", "sha256", "sha256_stream"]

_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)
_CHUNK_BYTES = 4 * 1024 * 1024


def sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` (FIPS 180-4) as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_stream(stream: BinaryIO, progress: Callable[[int], object] | None = None) -> str:
    """Return the SHA-256 of all that is left to read in `stream`.

    Args:
        stream: opened for reading bytes.
        progress: called with the number of bytes just read.
    """
    state = hashlib.sha256()
    buffer = bytearray(_CHUNK_BYTES)
    view = memoryview(buffer)
    while count := stream.readinto(buffer):  # type: ignore[attr-defined]
        state.update(view[:count])
        if progress is not None:
            progress(count)
    return state.hexdigest()


def is_sha256(text: object) -> bool:
    """Whether `text` is 64 lower-case hexadecimal digits."""
    return isinstance(text, str) and _HEX.fullmatch(text) is not None


def require_sha256(text: str, *, where: str = "") -> str:
    """Return `text` if it is a SHA-256 in hexadecimal.

    Raises:
        OpenweirError: it is not.
    """
    if not is_sha256(text):
        raise OpenweirError(
            f"`{text[:80]}` is not a SHA-256 digest",
            code="bad-digest",
            where=where,
            hint="64 lower-case hexadecimal digits",
        )
    return text


def dirhash(files: Iterable[tuple[str, str]]) -> str:
    """Return the in-toto `dirHash` of a folder: names and contents bound together.

    Reproduce it in the folder with::

        find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum

    Args:
        files: pairs of relative path (`/` between parts) and SHA-256.

    Source: in-toto attestation, digest_set `dirHash`.
    """
    lines = sorted((path.encode(), digest) for path, digest in files)
    return sha256(b"".join(digest.encode() + b"  " + path + b"\n" for path, digest in lines))
