"""What a client sent, read within bounds: headers that decide, forms, bodies."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol
from urllib.parse import parse_qs
from weakref import WeakKeyDictionary

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openweir.errors import HubError

__all__ = ["Turns", "form_of", "require_single", "take_in", "whole_body"]

_MOST_FIELDS = 10_000
_PIECE_BYTES = 1024 * 1024
# Of a body that is read as a whole so much is held while it comes, of thousands at a time.
_SHORT_BYTES = 64 * 1024
# A client that sends byte by byte would have each take fifty times its room.
_MOST_HELD = 1024
_ONCE = frozenset(
    (b"authorization", b"content-type", b"host", b"if-range", b"range", b"x-request-id")
)


class _Incoming(Protocol):
    """Where the bytes go."""

    def write(self, chunk: bytes, /) -> None:
        """Take the next bytes."""
        ...


class Turns:
    """So many at a time: whoever waits for a turn holds no worker thread, which others need.

    Args:
        at_once: how many have theirs at the same time.
    """

    def __init__(self, at_once: int) -> None:
        """Give nobody a turn yet."""
        self._at_once = at_once
        # A semaphore is of one loop, and tests have several.
        self._of: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    def turn(self) -> asyncio.Semaphore:
        """Return what is to be held in an `async with`."""
        loop = asyncio.get_running_loop()
        return self._of.setdefault(loop, asyncio.Semaphore(self._at_once))


_LONG = Turns(2)


@asynccontextmanager
async def whole_body(
    request: Request, limit: int, folder: Path, *, turns: Turns | None = None
) -> AsyncIterator[Callable[[], bytes]]:
    """Take in the body of a request, then give what reads it.

    A long one lies on disk while it comes, in a file without a name: who sends slowly takes no
    memory. One of more than 1 MiB is read by whoever has a turn.

    Args:
        request: whose body was not read yet.
        limit: how many bytes it may have.
        folder: where there is room.
        turns: of work that is long whatever the length of its body; None for such as is not.

    Raises:
        HubError: it has more.
    """
    short, length = bytearray(), 0
    long: IO[bytes] | None = None

    def _read() -> bytes:
        if long is None:
            return bytes(short)
        long.seek(0)
        return long.read()

    with ExitStack() as held:
        async for piece in _pieces(request, _SHORT_BYTES):
            length += len(piece)
            if length > limit:
                raise HubError(f"the body is longer than {limit} bytes", code="body")
            if long is None and length <= _SHORT_BYTES:
                short += piece
                continue
            if long is None:
                long = held.enter_context(await run_in_threadpool(_nameless, folder))
                await run_in_threadpool(long.write, bytes(short))
                short.clear()
            await run_in_threadpool(long.write, piece)
        wanted = _LONG if turns is None and length > _PIECE_BYTES else turns
        async with nullcontext() if wanted is None else wanted.turn():
            yield _read


def _nameless(folder: Path) -> IO[bytes]:
    # A replica over a bucket keeps nothing else there, and this may be the first to need it.
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return TemporaryFile(dir=folder)


async def take_in(request: Request, incoming: _Incoming) -> None:
    """Write a long body as it comes, in worker threads; no more than a piece of it is held."""
    async for piece in _pieces(request, _PIECE_BYTES):
        await run_in_threadpool(incoming.write, piece)


def form_of(body: bytes) -> dict[str, list[str]]:
    """Return an url-encoded form.

    Raises:
        HubError: it has more than ten thousand fields.
    """
    try:
        return parse_qs(body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise HubError(f"a form has at most {_MOST_FIELDS} fields", code="bad-request") from None


def require_single(request: Request) -> None:
    """Refuse a request in which a header that decides something stands twice.

    Whoever reads the first and whoever reads the last would decide about different requests
    (RFC 9110, 5.3; RFC 9112, 3.2).

    Raises:
        HubError: one does.
    """
    names = [name for name, _ in request.scope["headers"] if name in _ONCE]
    if len(names) != len(set(names)):
        raise HubError("a header that may stand once stands twice", code="bad-request")


async def _pieces(request: Request, least: int) -> AsyncIterator[bytes]:
    held: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        held.append(chunk)
        length += len(chunk)
        if length >= least or len(held) >= _MOST_HELD:
            yield b"".join(held)
            held.clear()
            length = 0
    if length:
        yield b"".join(held)
