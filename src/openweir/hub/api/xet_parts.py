"""Parts of Xet's answers: the range asked for, the bytes of a xorb, the form of `/v2/`."""

from collections.abc import Iterator

from openweir.errors import HubError
from openweir.hub.blobs import Blob

__all__ = ["asked_range", "bytes_of", "second_form"]

_PIECE_BYTES = 1024 * 1024


def asked_range(stated: str | None, size: int) -> tuple[int, int]:
    """Return (first byte, byte after the last) of a `Range` header, or the whole."""
    if stated is None:
        return 0, size
    first, dash, last = stated.removeprefix("bytes=").partition("-")
    numbers = [part for part in (first, last) if part]
    if (
        not dash
        or not first
        or not all(n.isascii() and n.isdigit() and len(n) < 20 for n in numbers)
    ):
        raise HubError(f"`{stated[:80]}` is no range of bytes", code="bad-request")
    start, end = int(first), min(int(last) + 1, size) if last else size
    if start >= end:
        raise HubError(f"there is no byte {start} in {size}", code="range")
    return start, end


def bytes_of(blob: Blob, parts: Iterator[bytes | tuple[int, int]]) -> Iterator[bytes]:
    """Yield a xorb's bytes in pieces of about 1 MiB, reading the file once, in order."""
    asked = list(parts)
    stretches = [part for part in asked if not isinstance(part, bytes)]
    low = stretches[0][0] if stretches else 0
    high = sum(stretches[-1]) if stretches else 0
    content = blob.pieces(low, high)
    held, ready = bytearray(), bytearray()
    for part in asked:
        if isinstance(part, bytes):
            ready += part
        else:
            # Chunks lie one behind another in the file, so reading on is enough.
            while len(held) < part[1]:
                held += next(content)
            ready += held[: part[1]]
            del held[: part[1]]
        if len(ready) >= _PIECE_BYTES:
            yield bytes(ready)
            ready.clear()
    if ready:
        yield bytes(ready)


def second_form(places: dict[str, list[dict[str, object]]]) -> dict[str, object]:
    """Return where parts are fetched in the form of `/v2/`: each address good for one range."""
    return {
        "xorbs": {
            xorb: [
                {
                    "url": each["url"],
                    "ranges": [{"chunks": each["range"], "bytes": each["url_range"]}],
                }
                for each in found
            ]
            for xorb, found in places.items()
        }
    }
