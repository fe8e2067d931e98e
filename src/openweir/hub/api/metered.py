"""Metered answers: bytes are counted as they go, and the right to them is asked for again.

A stream that began before a revocation, a halt or an order ends within a second of it: the
right is computed anew before the first piece that goes out a second after the last time.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from openweir.errors import HubError
from openweir.hub.api.reply import refusal

__all__ = ["ASK_AGAIN_SECONDS", "CUT", "Metered"]

ASK_AGAIN_SECONDS = 0.5
_log = logging.getLogger("openweir.hub")

CUT: ContextVar[bool] = ContextVar("openweir_cut", default=False)
"""Whether the right to the stream of the request under way has ended: it stays incomplete."""


class _Over(Exception):  # noqa: N818 - not an error: the right to the rest has ended
    """The right to the rest of a stream has ended, or the whole cannot be recorded."""


class Metered(Response):
    """Another answer, counted and cut off when its right ends.

    Args:
        inner: what is sent.
        still: whether the right to it still holds; asked in a worker thread.
        began: told the status before anything is sent; where it raises a `HubError`, that is
            the answer. Like `finished` it must not wait: it is called by the server's loop.
        finished: told (status, bytes of the body sent, whether it was cut), also when the
            client went away.
    """

    def __init__(
        self,
        inner: Response,
        *,
        still: Callable[[], bool],
        finished: Callable[[int, int, bool], None],
        began: Callable[[int], None] | None = None,
    ) -> None:
        """Wrap `inner`; its status and headers are this answer's."""
        self._inner = inner
        self._still = still
        self._began = began
        self._finished = finished
        self.status_code = inner.status_code
        self.raw_headers = inner.raw_headers
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the inner answer piece by piece."""
        status, sent, cut = 0, 0, False
        asked = monotonic()
        unkept: HubError | None = None
        # A server that sends the file by itself could neither count nor stop.
        extensions = dict(scope.get("extensions") or {})
        extensions.pop("http.response.pathsend", None)

        async def passed(message: Message) -> None:
            nonlocal status, sent, asked, unkept
            if message["type"] == "http.response.start":
                status = message["status"]
                if self._began is not None:
                    try:
                        self._began(status)
                    except HubError as error:
                        unkept = error
                        raise _Over from None
            elif monotonic() - asked >= ASK_AGAIN_SECONDS:
                if not await run_in_threadpool(self._still):
                    raise _Over
                asked = monotonic()
            await send(message)
            sent += len(message.get("body", b""))

        try:
            await self._inner({**scope, "extensions": extensions}, receive, passed)
        except* _Over:
            # The body stays shorter than announced: the server closes the connection, and
            # the client's own check of the length tells it that the file is not whole.
            cut = True
            CUT.set(True)
        finally:
            # A client that went away was served bytes all the same: the log says how many.
            if unkept is None:
                self._finish(status, sent, cut)
        if unkept is not None:
            await refusal(unkept)(scope, receive, send)

    def _finish(self, status: int, sent: int, cut: bool) -> None:
        try:
            self._finished(status, sent, cut)
        except HubError as error:
            # The beginning stays without an end, which the check of the chain reports.
            _log.error("the end of an answer is not recorded: %s", error)
