"""What a client sent, read within bounds: headers that decide, forms, bodies."""

from collections.abc import AsyncIterator
from typing import Protocol
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from openweir.errors import HubError

__all__ = ["body_of", "form_of", "require_single", "take_in"]

_MOST_FIELDS = 10_000
_PIECE_BYTES = 1024 * 1024
_ONCE = frozenset(
    (b"authorization", b"content-type", b"host", b"if-range", b"range", b"x-request-id")
)


class _Incoming(Protocol):
    """Where the bytes go."""

    def write(self, chunk: bytes, /) -> None:
        """Take the next bytes."""
        ...


async def body_of(request: Request, limit: int) -> bytes:
    """Return the body of a request.

    Args:
        request: whose body was not read yet.
        limit: how many bytes it may have.

    Raises:
        HubError: it has more.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise HubError(f"the body is longer than {limit} bytes", code="body")
    return bytes(body)


async def take_in(request: Request, incoming: _Incoming) -> None:
    """Write a long body as it comes, in worker threads; no more than a piece of it is held."""
    async for piece in _pieces(request):
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


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    held: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        held.append(chunk)
        length += len(chunk)
        if length >= _PIECE_BYTES:
            yield b"".join(held)
            held.clear()
            length = 0
    if length:
        yield b"".join(held)
