"""Files asked for again within a second: the same answer without asking the database anew.

Clients ask for the head of a file and then for its parts, many at a time. An answer that
served is kept for one second, for this very token and address, and used only while nothing
was written to the database by this process, the trust, the orders in the log and the bytes
are the same. So a grant taken back here ends at once. One taken back by another replica is
heard of with its commit (`openweir.hub.listener`); a replica that hears nothing keeps nothing,
and the one second bounds what it may have kept until it knew. Refusals are never kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from openweir.attest import Trust
from openweir.errors import HubError, OpenweirError
from openweir.hub.api.recorded import metered_as
from openweir.hub.api.reply import refusal
from openweir.hub.api.sending import send as sending
from openweir.hub.audit import AccessEvent, Repeated
from openweir.hub.blobs import Blob
from openweir.hub.channel import Channel
from openweir.hub.orders import LoggedOrder

__all__ = ["XET_INFO", "Kept", "Recent", "keep"]

XET_INFO = "application/vnd.xet-fileinfo+json"
"""What clients accept who ask how a file is fetched by Xet, instead of the file."""

_KEPT_SECONDS = 1.0
_KEPT = timedelta(seconds=_KEPT_SECONDS)
_MOST = 2048
_BEGUN = "openweir.begun"
_LONGEST = 2048
_XET_INFO = XET_INFO.encode()
_HEADERS = frozenset(
    (b"authorization", b"host", b"if-range", b"range", b"x-request-id", b"x-amzn-trace-id")
)
_CONDITIONS = frozenset((b"if-match", b"if-none-match"))

_Key = tuple[str, bytes, bytes, bytes, bytes, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer that served.

    Attributes:
        sha256, blob: what was served.
        headers: of the answer, but for those that depend on the range.
        event: its event for the audit.
        still: whether the right to it holds on.
        route: the one that answered, for whoever counts requests.
        epoch, trust, orders, at, since: what it depends on.
    """

    sha256: str
    blob: Blob
    headers: Mapping[str, str]
    event: AccessEvent
    still: Callable[[], bool]
    route: object
    epoch: int
    trust: Trust
    orders: tuple[LoggedOrder, ...] | None
    at: datetime
    since: float


class Recent:
    """The answers kept by one process.

    Args:
        channel: whose answers they are.
        request_id: from headers to the id of a request.
    """

    def __init__(self, channel: Channel, request_id: Callable[[str, str], str]) -> None:
        """Keep nothing yet."""
        self.channel = channel
        self._request_id = request_id
        self._kept: dict[_Key, Kept] = {}
        self._heads: dict[_Key, tuple[list[tuple[bytes, bytes]], Repeated]] = {}

    def keep(self, scope: Scope, answer: Kept) -> None:
        """Keep an answer that is about to be sent."""
        read = _read(scope)
        if read is None or sum(map(len, read[0])) > _LONGEST:
            return
        key = read[0]
        if len(self._kept) >= _MOST:
            self._kept.clear()
            self._heads.clear()
        self._heads.pop(key, None)
        self._kept[key] = answer

    def before(self, inner: ASGIApp) -> ASGIApp:
        """Return the endpoint that answers from here if it can, else from `inner`."""
        return _Before(self, inner)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Answer a request if an answer to the same was kept; return whether it was."""
        if not self._kept or scope["method"] not in ("GET", "HEAD"):
            return False
        read = _read(scope)
        if read is None:
            return False
        key, (stated, traced, ranged) = read
        found = self._kept.get(key)
        if found is None:
            return False
        at = self.channel.clock()
        if not self._holds(found, at, head=key[0] == "HEAD"):
            self._kept.pop(key, None)
            self._heads.pop(key, None)
            return False
        scope["route"] = found.route
        request_id = self._request_id(stated, traced)
        if key[0] == "HEAD":
            raw, event = await self._head(key, found)
            try:
                self.channel.audit.again(event, at=at, stated=ranged, request_id=request_id)
            except HubError as error:
                told = {"X-Request-Id": request_id}
                await refusal(error, headers=told)(scope, receive, send)
                return True
            own = (b"x-request-id", request_id.encode("ascii"))
            await send({"type": "http.response.start", "status": 200, "headers": [*raw, own]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return True
        again = replace(found.event, at=at, range=ranged[:200], request_id=request_id)
        headers = {**found.headers, "X-Request-Id": request_id}
        answer = metered_as(
            self.channel, sending(found.blob, headers=headers), again, still=found.still
        )
        await answer(scope, receive, send)
        return True

    async def _head(self, key: _Key, found: Kept) -> tuple[list[tuple[bytes, bytes]], Repeated]:
        known = self._heads.get(key)
        if known is None:
            raw = await _headers_of(sending(found.blob, headers=dict(found.headers)))
            known = self._heads[key] = raw, Repeated(found.event)
        return known

    def _holds(self, found: Kept, at: datetime, *, head: bool) -> bool:
        channel, blobs = self.channel, self.channel.blobs
        return (
            found.epoch == channel.store.epoch
            and monotonic() - found.since < _KEPT_SECONDS
            and timedelta() <= at - found.at < _KEPT
            and found.trust is channel.trust()
            and found.orders is _orders(channel)
            and channel.hears
            # Before bytes go out the file is looked at; a bucket's stamp is kept for a second too.
            and (head or blobs.storage.shared or blobs.identity(found.sha256) == found.blob.stamp)
        )


@dataclass(frozen=True, slots=True)
class _Before:
    """An ASGI endpoint in front of another."""

    recent: Recent
    inner: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await self.recent.answer(scope, receive, send):
            return
        # What the answer depends on is taken before anything is asked.
        channel = self.recent.channel
        scope[_BEGUN] = _Begun(
            recent=self.recent,
            epoch=channel.store.epoch,
            trust=channel.trust(),
            orders=_orders(channel),
            at=channel.clock(),
            since=monotonic(),
        )
        await self.inner(scope, receive, send)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """What held when a request began."""

    recent: Recent
    epoch: int
    trust: Trust
    orders: tuple[LoggedOrder, ...] | None
    at: datetime
    since: float


def keep(
    scope: Scope,
    *,
    sha256: str,
    blob: Blob,
    headers: Mapping[str, str],
    event: AccessEvent,
    still: Callable[[], bool],
) -> None:
    """Keep an answer that serves, if it came through `Recent.before`.

    Args:
        scope: of the request.
        sha256: of the blob.
        blob: what is sent.
        headers: of the answer.
        event: for the audit.
        still: whether the right to it holds on.
    """
    begun: _Begun | None = scope.get(_BEGUN)
    if begun is None or begun.orders is None:
        return
    begun.recent.keep(
        scope,
        Kept(
            sha256=sha256,
            blob=blob,
            headers=dict(headers),
            event=event,
            still=still,
            route=scope.get("route"),
            epoch=begun.epoch,
            trust=begun.trust,
            orders=begun.orders,
            at=begun.at,
            since=begun.since,
        ),
    )


def _orders(channel: Channel) -> tuple[LoggedOrder, ...] | None:
    """Return the orders in the log; None while it cannot be read, and then nothing is kept."""
    try:
        return channel.orders.at_hand()
    except OpenweirError:
        return None


def _read(scope: Scope) -> tuple[_Key, tuple[str, str, str]] | None:
    """Return the key of a request and what its event needs; None where a header stands twice.

    Which of two `Authorization` counts, readers differ about: an answer given to the one must
    never be kept for the other.
    """
    read: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name == b"accept" and _XET_INFO in value:
            return None  # they ask about the file, and get another answer than its bytes
        if name in _CONDITIONS and scope["method"] == "HEAD":
            return None  # the head that is kept is that of the whole
        if name in _HEADERS:
            if name in read:
                return None
            read[name] = value
    # No header holds a line break, so none is not the same as an empty one.
    token, host = read.get(b"authorization", b"\n"), read.get(b"host", b"\n")
    stated, traced = read.get(b"x-request-id", b""), read.get(b"x-amzn-trace-id", b"")
    ranged = read.get(b"range", b"")
    key = (
        scope["method"],
        scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass"),
        scope["query_string"],
        token,
        host,
        scope["scheme"],
    )
    return key, (stated.decode("latin-1"), traced.decode("latin-1"), ranged.decode("latin-1"))


async def _headers_of(answer: ASGIApp) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            found.extend(message["headers"])

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "HEAD", "headers": [], "extensions": {}}
    await answer(scope, receive, keep)
    return found
