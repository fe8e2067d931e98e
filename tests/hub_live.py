"""Hubs that listen on a socket of this machine, for stock clients."""

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from openweir.hub.hub import Hub

_CLOSING_SECONDS = 5
_listening: dict[uvicorn.Server, threading.Thread] = {}


@contextmanager
def listening(hub: Hub) -> Iterator[str]:
    """Serve a hub in a thread of this process; the value is its address."""
    with serving(Starlette(routes=hub.routes())) as url:
        yield url


@contextmanager
def serving(app: ASGIApp, *, lifespan: bool = True) -> Iterator[str]:
    """Serve an application in a thread of this process; the value is its address.

    A test that fails before the end of the block leaves nothing that this process would wait for.
    """
    config = uvicorn.Config(
        app,
        port=0,
        log_level="error",
        lifespan="auto" if lifespan else "off",
        timeout_graceful_shutdown=_CLOSING_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    _listening[server] = thread
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            threading.Event().wait(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        _end(server)


def _end(server: uvicorn.Server) -> None:
    server.should_exit = True
    _listening.pop(server).join(timeout=20)


@atexit.register
def _end_all() -> None:
    for server in list(_listening):
        _end(server)
