"""A blob as an answer, whole or the range asked for, in pieces of 1 MiB.

`openweir.hub.api.metered` counts what goes out.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from email.utils import format_datetime

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from openweir.errors import OpenweirError
from openweir.hub.api.reply import refusal
from openweir.hub.blobs import Blob, damaged
from openweir.hub.storage import OutOfReachError

__all__ = ["send", "send_text"]

# Twenty digits and more: some clients write the largest number they know for "to the end".
_RANGE = re.compile(r"bytes=([0-9]{0,40})-([0-9]{0,40})", re.ASCII | re.IGNORECASE)
_PIECE_BYTES = 1024 * 1024
_MEDIA_TYPE = "application/octet-stream"
_OTHER_VERSION = {
    "X-Error-Code": "OtherVersion",
    "X-Error-Message": "the file is at another version than `If-Match` names",
}


def send(blob: Blob, *, headers: dict[str, str]) -> Response:
    """Return the answer that sends a blob.

    Args:
        blob: compared with its digest, unless only its head is asked for.
        headers: of the answer, `ETag` among them.
    """
    return _Sent(blob, headers=headers)


def send_text(content: bytes, scope: Scope, *, headers: dict[str, str]) -> Response:
    """Return the answer that sends a short text; of its head alone no byte is counted.

    Args:
        content: whole; no range of it is sent.
        scope: of the request, whose conditions are heard.
        headers: of the answer, `ETag` among them.
    """
    status = _by_conditions(_stated(scope), headers["ETag"]) or 200
    length = {} if status == 304 else {"Content-Length": str(len(content) * (status == 200))}
    more = _OTHER_VERSION if status == 412 else {}
    sent = content if status == 200 and scope["method"] != "HEAD" else b""
    return Response(sent, status, headers={**headers, **length, **more}, media_type="text/plain")


class _Sent(Response):
    """A blob's bytes, piece by piece."""

    def __init__(self, blob: Blob, *, headers: dict[str, str]) -> None:
        super().__init__(None, headers=headers, media_type=_MEDIA_TYPE)
        self._blob = blob
        self._loop: object = None
        self.headers["Accept-Ranges"] = "bytes"
        self.headers["Last-Modified"] = format_datetime(blob.stamp.changed_at, usegmt=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        size = self._blob.stamp.size
        self.status_code, start, end = _wanted(scope, size, self.headers["ETag"])
        if self.status_code == 416:
            self.headers["Content-Range"] = f"bytes */{size}"
            self.headers["X-Error-Code"] = "RangeNotSatisfiable"
            self.headers["X-Error-Message"] = f"the file has {size} bytes, and none that far"
        elif self.status_code == 412:
            self.headers.update(_OTHER_VERSION)
        elif self.status_code == 206:
            self.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        if self.status_code != 304:
            self.headers["Content-Length"] = str(end - start)
        wanted = end if scope["method"] != "HEAD" else start
        async with aclosing(self._pieces(start, wanted)) as pieces:
            # Before the head goes out: what cannot be read is said in the status.
            try:
                first = await anext(pieces, b"")
            except OSError as error:
                await self._refused(error)(scope, receive, send)
                return
            await self._send(first, pieces, end - start, send)

    async def _send(
        self,
        piece: bytes | memoryview,
        pieces: AsyncGenerator[bytes | memoryview, None],
        left: int,
        send: Send,
    ) -> None:
        await send(
            {
                "type": "http.response.start",
                "status": self.status_code,
                "headers": self.raw_headers,
            }
        )
        while piece:
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
            if left <= 0:
                return
            # Others have their turn, and whoever counts hears of a client that went away.
            await asyncio.sleep(0)
            piece = await anext(pieces, b"")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _refused(self, error: OSError) -> Response:
        """Return what is said instead of bytes that were there a moment ago."""
        reason: OpenweirError = damaged(self._blob.key.rpartition("/")[2])
        if isinstance(error, OutOfReachError):
            reason = error
        return refusal(reason, headers={"X-Request-Id": self.headers.get("X-Request-Id", "")})

    async def _pieces(self, start: int, end: int) -> AsyncGenerator[bytes | memoryview, None]:
        """Yield the bytes asked for: as views of the file where the server sends those as such.

        uvloop hands a view to the kernel, which copies it once from the page cache; a file cut
        short meanwhile is an error of that call. Any other loop would copy it itself first.
        What the disk has to bring is waited for in a worker thread.
        """
        if start >= end:
            return
        view = self._blob.view() if type(self._loop).__module__.startswith("uvloop") else None
        if view is None:
            read = self._blob.pieces(start, end)
            while piece := await run_in_threadpool(next, read, b""):
                yield piece
            return
        for at in range(start, end, _PIECE_BYTES):
            upto = min(at + _PIECE_BYTES, end)
            if view.at_hand(upto):
                yield view.piece(at, upto)
            else:
                yield await run_in_threadpool(view.read, at, upto)


def _wanted(scope: Scope, size: int, tag: str) -> tuple[int, int, int]:
    """Return (status, first byte, byte after the last) that a request asks for.

    Several ranges, odd ones and those of another version are answered with the whole, as
    RFC 9110 allows (14.2, 13.1.5).
    """
    stated = _stated(scope)
    status = _by_conditions(stated, tag)
    if status:
        return status, 0, 0
    # Of a head there is no part (RFC 9110, 14.2).
    if scope["method"] == "HEAD":
        return 200, 0, size
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


def _stated(scope: Scope) -> dict[bytes, str]:
    return {name: value.decode("latin-1").strip() for name, value in scope["headers"]}


def _by_conditions(stated: Mapping[bytes, str], tag: str) -> int:
    """Return the status that the conditions of a request give; 0 for none."""
    # What goes on from a version of before must not go on with another (RFC 9110, 13.1.1).
    if b"if-match" in stated and not _named(stated[b"if-match"], tag):
        return 412
    return 304 if _known(stated.get(b"if-none-match", ""), tag) else 0


def _named(stated: str, tag: str) -> bool:
    """Whether a client means this version: weak tags name none (RFC 9110, 13.1.1)."""
    return stated == "*" or tag in [each.strip() for each in stated.split(",")]


def _known(stated: str, tag: str) -> bool:
    """Whether a client has this version already (RFC 9110, 13.1.2)."""
    tags = [each.strip().removeprefix("W/") for each in stated.split(",")]
    return tag in tags or tags == ["*"]
