"""Requests as they are counted and logged: around the whole application, nothing inside it.

What is told of a request names its route, and its path only where the path holds no right: a
link is a key to bytes. Queries, headers and bodies are never told; who asked for what stands
in the audit chain, which has readers of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openweir.hub.api.metered import CUT
from openweir.hub.api.reply import stated_id
from openweir.hub.metrics import Metrics

__all__ = ["Observed", "Request"]

_UPLOADING = frozenset(("PUT", "POST", "PATCH"))
_OF_FILES = ("/resolve/", "/raw/", "/openweir/xet/")
_LONGEST_PATH = 1000
_ID = b"x-request-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is logged of one request.

    Attributes:
        request_id: the client's own or ours, as in `X-Request-Id`.
        method: of the request.
        route: as it is written in the table; empty where none fits.
        path: as the client wrote it; the route where a part of it is a right.
        status: of the answer; 0 where there was none.
        code: of the refusal; empty for none.
        seconds: until the last byte was handed over.
        sent_bytes: of the answer's body.
        received_bytes: of the request's body.
        cut: whether the right to a stream ended while it went out.
    """

    request_id: str
    method: str
    route: str
    path: str
    status: int
    code: str
    seconds: float
    sent_bytes: int
    received_bytes: int
    cut: bool


class Observed:
    """An application whose requests are counted, logged, or both.

    Args:
        app: the application.
        metrics: where they are counted; None for nowhere.
        log: told of each request; None for nobody.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics | None = None,
        log: Callable[[Request], object] | None = None,
    ) -> None:
        """Wrap `app`."""
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = _Seen(self._metrics, scope, receive, send, logged=self._log is not None)
        taking = seen.receive if scope["method"] in _UPLOADING else receive
        try:
            await self._app(scope, taking, seen.send)
        finally:
            self._tell(scope, seen)

    def _tell(self, scope: Scope, seen: "_Seen") -> None:
        route = getattr(scope.get("route"), "path", "")
        seconds = perf_counter() - seen.began
        cut = CUT.get()
        metrics = self._metrics
        if metrics is not None:
            metrics.downloads -= seen.download
            metrics.uploads -= seen.upload
            metrics.answered(
                route,
                scope["method"],
                seen.status,
                seconds,
                sent=seen.sent,
                received=seen.received,
                code=seen.code,
                cut=cut,
            )
        if self._log is not None:
            self._log(
                Request(
                    request_id=seen.request_id,
                    method=scope["method"],
                    route=route,
                    path=_told_path(scope, route),
                    status=seen.status,
                    code=seen.code,
                    seconds=seconds,
                    sent_bytes=seen.sent,
                    received_bytes=seen.received,
                    cut=cut,
                )
            )


class _Seen:
    """What was seen of one request so far."""

    __slots__ = (
        *("_logged", "_metrics", "_receive", "_scope", "_send", "began", "code", "download"),
        *("received", "request_id", "sent", "status", "upload"),
    )

    def __init__(
        self, metrics: Metrics | None, scope: Scope, receive: Receive, send: Send, *, logged: bool
    ) -> None:
        self.began = perf_counter()
        self.status = self.sent = self.received = self.download = self.upload = 0
        self.code = self.request_id = ""
        self._logged = logged
        self._metrics = metrics
        self._scope = scope
        self._receive = receive
        self._send = send

    async def send(self, message: Message) -> None:
        """Pass on what goes out."""
        if message["type"] == "http.response.start":
            self._start(message)
        else:
            self.sent += len(message.get("body", b""))
        await self._send(message)

    async def receive(self) -> Message:
        """Pass on what comes in."""
        if not self.upload:
            self.upload = 1
            if self._metrics is not None:
                self._metrics.uploads += 1
        message = await self._receive()
        self.received += len(message.get("body", b""))
        return message

    def _start(self, message: Message) -> None:
        self.status = message["status"]
        if self._logged or self.status >= 400:
            self._read(message)
        if self._metrics is not None and self._scope["method"] == "GET" and self.status < 300:
            route = getattr(self._scope.get("route"), "path", "")
            if any(part in route for part in _OF_FILES):
                self.download = 1
                self._metrics.downloads += 1

    def _read(self, message: Message) -> None:
        for name, value in message["headers"]:
            if name == _ID:
                self.request_id = value.decode("latin-1")
            elif name == b"x-openweir-code":
                self.code = value.decode("latin-1")
        if not self.request_id:
            stated = dict(self._scope["headers"])
            self.request_id = stated_id(
                stated.get(_ID, b"").decode("latin-1"),
                stated.get(b"x-amzn-trace-id", b"").decode("latin-1"),
            )
            own = (_ID, self.request_id.encode("ascii"))
            message["headers"] = [*message["headers"], own]


def _told_path(scope: Scope, route: str) -> str:
    """Return the path of a request as a log may show it."""
    if "{link}" in route:
        return route
    raw = scope.get("raw_path") or b""
    return str(raw.partition(b"?")[0][:_LONGEST_PATH].decode("ascii", "backslashreplace"))
