"""Whether the process lives, and whether it can answer: for those who start and stop it."""

import threading
from time import monotonic

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from openweir.hub.channel import Channel

__all__ = ["health_routes"]

_KEPT_SECONDS = 1.0
_NEVER_STORED = Response(headers={"Cache-Control": "no-store"}).headers


def health_routes(channel: Channel) -> list[Route]:
    """Return `/healthz`, which asks nobody, and `/readyz`, which asks database and storage."""
    ready = _Ready(channel)

    async def alive(_request: Request) -> Response:
        """`GET /healthz`: the process answers."""
        return PlainTextResponse("ok\n", headers=dict(_NEVER_STORED))

    async def is_ready(_request: Request) -> Response:
        """`GET /readyz`: database and storage answer; 503 otherwise."""
        found = await run_in_threadpool(ready)
        status = 200 if all(found.values()) else 503
        value = {"ready": status == 200, **found}
        return JSONResponse(value, status_code=status, headers={"Cache-Control": "no-store"})

    return [Route("/healthz", alive), Route("/readyz", is_ready)]


class _Ready:
    """Asks, at most once a second: whoever may ask must not be able to load the database."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._found: dict[str, bool] = {}
        self._at = float("-inf")

    def __call__(self) -> dict[str, bool]:
        with self._lock:
            if monotonic() - self._at > _KEPT_SECONDS:
                self._found = {"database": self._database(), "files": self._files()}
                self._at = monotonic()
            return self._found

    def _database(self) -> bool:
        try:
            with self._channel.store.engine.connect() as connection:
                return connection.execute(select(1)).scalar() == 1
        except SQLAlchemyError:
            return False

    def _files(self) -> bool:
        try:
            self._channel.storage.room()
            self._channel.storage.stamp("ready")
        except OSError:
            return False
        return True
