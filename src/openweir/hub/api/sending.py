"""A blob as an answer, whole or the range asked for, in pieces of 1 MiB.

`openweir.hub.api.metered` counts what goes out.
"""

import asyncio
import re
from collections.abc import Iterator
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from openweir.hub.blobs import Blob

__all__ = ["send"]

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
_PIECE_BYTES = 1024 * 1024
_MEDIA_TYPE = "application/octet-stream"


def send(blob: Blob, *, headers: dict[str, str]) -> Response:
    """Return the answer that sends a blob.

    Args:
        blob: compared with its digest, unless only its head is asked for.
        headers: of the answer, `ETag` among them.
    """
    return _Sent(blob, headers=headers)


class _Sent(Response):
    """A blob's bytes, read in a worker thread one piece ahead of what goes out."""

    def __init__(self, blob: Blob, *, headers: dict[str, str]) -> None:
        super().__init__(None, headers=headers, media_type=_MEDIA_TYPE)
        self._blob = blob
        self._loop: object = None
        self.headers["Accept-Ranges"] = "bytes"
        self.headers["Last-Modified"] = format_datetime(blob.stamp.changed_at, usegmt=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        self._loop = asyncio.get_running_loop()
        size = self._blob.stamp.size
        self.status_code, start, end = _wanted(scope, size, self.headers["ETag"])
        if self.status_code == 416:
            self.headers["Content-Range"] = f"bytes */{size}"
        elif self.status_code == 206:
            self.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        if self.status_code != 304:
            self.headers["Content-Length"] = str(end - start)
        sent = 0
        # Before the head goes out: what cannot be read is said in the status.
        pieces = self._pieces(start, end) if scope["method"] != "HEAD" else iter(())
        piece = await run_in_threadpool(next, pieces, b"")
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        while True:
            sent += len(piece)
            more = bool(piece) and start + sent < end
            await send({"type": "http.response.body", "body": piece, "more_body": more})
            if not more:
                break
            # A view is there without reading; anything else is read in a worker thread.
            viewed = isinstance(piece, memoryview)
            piece = next(pieces) if viewed else await run_in_threadpool(next, pieces, b"")

    def _pieces(self, start: int, end: int) -> Iterator[bytes | memoryview]:
        """Yield the bytes asked for: as views of the file where the server sends those as such.

        uvloop hands a view to the kernel, which copies it once from the page cache; a file cut
        short meanwhile is an error of that call. Any other loop would copy it itself first.
        """
        view = None
        if type(self._loop).__module__.startswith("uvloop"):
            view = self._blob.view()
        if view is None:
            yield from self._blob.pieces(start, end)
            return
        for at in range(start, end, _PIECE_BYTES):
            yield view[at : min(at + _PIECE_BYTES, end)]


def _wanted(scope: Scope, size: int, tag: str) -> tuple[int, int, int]:
    """Return (status, first byte, byte after the last) that a request asks for.

    Several ranges, odd ones and those of another version are answered with the whole, as
    RFC 9110 allows (14.2, 13.1.5).
    """
    stated = {name: value.decode("latin-1") for name, value in scope["headers"]}
    if _known(stated.get(b"if-none-match", ""), tag):
        return 304, 0, 0
    found = _RANGE.fullmatch(stated.get(b"range", ""))
    if found is None or stated.get(b"if-range", tag) != tag:
        return 200, 0, size
    first, last = found.groups()
    if not first and not last:
        return 200, 0, size
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return 200, 0, size
    return (206, start, end) if start < end else (416, 0, 0)


def _known(stated: str, tag: str) -> bool:
    """Whether a client has this version already (RFC 9110, 13.1.2)."""
    tags = [each.strip().removeprefix("W/") for each in stated.split(",")]
    return tag in tags or tags == ["*"]
