"""Metered answers: bytes are counted as they go, and the right to them is asked for again.

A stream that began before a revocation, a halt or an order ends within a second of it: the
right is computed anew before the first piece that goes out a second after the last time. An
answer that took long to make ready does not begin on a right of before.
"""

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from time import monotonic

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from openweir.errors import HubError, OpenweirError
from openweir.hub.storage import OutOfReachError

__all__ = ["ASK_AGAIN_SECONDS", "CUT", "Metered"]

ASK_AGAIN_SECONDS = 0.5
CUT: ContextVar[bool] = ContextVar("openweir_cut", default=False)
"""Whether the right to the stream of the request under way has ended: it stays incomplete."""

_OVER = "the right to this ended meanwhile; ask again to hear why"
_log = logging.getLogger("openweir.hub")


class _Over(Exception):  # noqa: N818 - not an error: the right to the rest has ended
    """The right to the rest of a stream has ended."""


class _Gone(Exception):  # noqa: N818 - not an error of ours: nobody takes the rest
    """The client went away."""


class Metered(Response):
    """Another answer, counted and cut off when its right ends.

    Args:
        inner: what is sent.
        still: whether the right to it still holds; asked in a worker thread.
        began: told the status before anything is sent. Like `finished` it must not wait: it is
            called by the server's loop, since a way to a worker thread costs more than it.
        finished: told (status, bytes of the body sent, whether it was cut), also when the
            client went away; not when `began` said no.
        refused: makes the answer of an error before anything is sent.
        asked: when the right was computed, by `time.monotonic`; None for now.
    """

    def __init__(
        self,
        inner: Response,
        *,
        still: Callable[[], bool],
        finished: Callable[[int, int, bool], None],
        refused: Callable[[OpenweirError], Response],
        began: Callable[[int], None] | None = None,
        asked: float | None = None,
    ) -> None:
        """Wrap `inner`; its status and headers are this answer's."""
        self._inner = inner
        self._still = still
        self._began = began
        self._finished = finished
        self._refused = refused
        self._asked = monotonic() if asked is None else asked
        self.status_code = inner.status_code
        self.raw_headers = inner.raw_headers
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the inner answer piece by piece."""
        meter = _Meter(receive, send, still=self._still, began=self._began, asked=self._asked)
        # A server that sends the file by itself could neither count nor stop.
        extensions = dict(scope.get("extensions") or {})
        extensions.pop("http.response.pathsend", None)
        cut, faults = False, list[OpenweirError]()
        try:
            await self._inner({**scope, "extensions": extensions}, receive, meter.passed)
        except* _Over:
            # The body stays shorter than announced: the server closes the connection, and
            # the client's own check of the length tells it that the file is not whole.
            cut = True
            if meter.status:
                CUT.set(True)
            else:
                faults.append(HubError(_OVER, code="not-yours"))
        except* _Gone:
            pass
        except* OpenweirError as found:
            faults.extend(one for one in found.exceptions if isinstance(one, OpenweirError))
            if meter.status:
                if not all(isinstance(one, OutOfReachError) for one in faults):
                    raise
                CUT.set(True)
                # Shorter than announced as well; what went out is in the log all the same.
                _log.warning("a download ends early: %s", faults[0])
                faults.clear()
        finally:
            meter.close()
            # A client that went away was served bytes all the same: the log says how many.
            if meter.status or cut:
                self._finished(meter.status or 403, meter.sent, cut)
        if faults:
            await self._refused(faults[0])(scope, receive, send)


class _Meter:
    """One sending: what went out so far, and whether more may."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        *,
        still: Callable[[], bool],
        began: Callable[[int], None] | None,
        asked: float,
    ) -> None:
        self.status, self.sent = 0, 0
        self._receive, self._send = receive, send
        self._still, self._began, self._asked = still, began, asked
        self._gone: asyncio.Task[None] | None = None

    async def passed(self, message: Message) -> None:
        """Hand a message on if it may go out."""
        if monotonic() - self._asked >= ASK_AGAIN_SECONDS:
            if not await run_in_threadpool(self._still):
                raise _Over
            self._asked = monotonic()
        if message["type"] == "http.response.start":
            if self._began is not None:
                self._began(message["status"])
            self.status = message["status"]
        elif self._gone is not None and self._gone.done():
            raise _Gone
        await self._send(message)
        self.sent += len(message.get("body", b""))
        if self._gone is None and message.get("more_body"):
            # Servers take pieces for a client that went away without a word.
            self._gone = asyncio.ensure_future(_disconnect(self._receive))

    def close(self) -> None:
        """Look out no longer for the client's leaving."""
        if self._gone is not None:
            self._gone.cancel()


async def _disconnect(receive: Receive) -> None:
    """Return once the client went away."""
    while (await receive())["type"] != "http.disconnect":
        pass
