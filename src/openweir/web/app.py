"""The hub as a web application: its own routes, and beside them the pages.

Steps of `create_app`, which `openweir serve` names as its factory:

1. read the settings the desk put into the environment;
2. open the hub;
3. mount the pages around its routes.
"""

import gzip
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from openweir.attest import Trust
from openweir.desk.logs import log_request
from openweir.desk.serve import settings_from_environment
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.accept import read_signers
from openweir.hub.access.statistics import gate_statistics
from openweir.hub.api.observed import Observed
from openweir.hub.api.refused import unrouted
from openweir.hub.api.reply import refusal
from openweir.hub.hub import Hub
from openweir.hub.metrics import Metrics
from openweir.hub.release import Release
from openweir.register import Proof
from openweir.web import pages
from openweir.web.scrape import scrape

__all__ = ["application", "create_app", "provenance"]

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_MAX_PURPOSE = 2000


def create_app() -> ASGIApp:
    """Open the hub the environment names and return it with its pages.

    Raises:
        OpenweirError: the settings are incomplete or the data directory cannot be used.
    """
    settings = settings_from_environment()
    hub = Hub.open(
        settings.data,
        trust=settings.trust,
        register=settings.register,
        clock=settings.clock,
        policies=settings.policies,
        database=settings.database,
        blobs=settings.blobs,
        secret=settings.secret,
        accel=settings.accel,
        links=settings.links,
        log_policy=settings.log_policy,
    )
    if settings.metrics:
        hub.metrics = Metrics()
    app = application(hub)
    if hub.metrics is None and not settings.log_requests:
        return app
    return Observed(app, metrics=hub.metrics, log=log_request if settings.log_requests else None)


def application(hub: Hub) -> Starlette:
    """Return the hub's routes with the pages around them."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Let go of the database when the server stops."""
        yield
        hub.close()

    return _Application(
        hub,
        lifespan=lifespan,
        routes=[
            Route(pages.style_path(), _style),
            Route("/", _register(hub)),
            Route("/device", _device),
            *([] if hub.metrics is None else [Route("/metrics", scrape(hub, hub.metrics))]),
            *hub.routes(),
            Route("/{org}/{name}/request-access", _request(hub)),
            Route("/{org}/{name}/gate", _gate(hub)),
            Route("/{org}/{name}", _release(hub)),
        ],
        exception_handlers={
            404: _missing,
            405: _wrong_method,
            HubError: _refused,
            DBAPIError: _refused,
        },
    )


class _Application(Starlette):
    """The routes and pages, behind the answers to what was asked a moment ago."""

    def __init__(self, hub: Hub, **parts: Any) -> None:
        self._hub = hub
        super().__init__(**parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Before the routes: nothing else is asked for as often as the same file again.
        if scope["type"] == "http" and await self._hub.answered(scope, receive, send):
            return
        await super().__call__(scope, receive, send)


def _register(hub: Hub) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        rows = tuple(
            pages.Row(
                name=release.name, tier=release.tier, valid_until=release.decision.valid_until
            )
            for release in hub.releases()
        )
        return _html(request, pages.register_page(rows, origin=_origin(request)))

    return respond


def _release(hub: Hub) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        release = _visible(hub, request)
        return _html(
            request,
            pages.release_page(
                release.decision,
                state=release.state,
                halted=release.halted,
                commit=release.commit,
                provenance=provenance(release, hub.trust()),
                statistics=hub.statistics(release),
                origin=_origin(request),
            ),
        )

    return respond


def _device(request: Request) -> Response:
    code = request.query_params.get("user_code", "")
    return _html(request, pages.device_page(code=code, origin=_origin(request)))


def _request(hub: Hub) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        release = _visible(hub, request)
        purpose = request.query_params.get("purpose", "")[:_MAX_PURPOSE]
        page = pages.request_page(
            release.decision,
            purpose=purpose,
            origin=_origin(request),
            fields=hub.gates.rules(release.name).fields,
        )
        return _html(request, page)

    return respond


def _gate(hub: Hub) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        release = _visible(hub, request)
        page = pages.gate_page(
            release.name,
            gated=release.gated,
            rules=hub.gates.rules(release.name),
            statistics=gate_statistics(hub.grants.list(release.name)),
            origin=_origin(request),
        )
        return _html(request, page)

    return respond


def provenance(release: Release, trust: Trust) -> pages.Provenance:
    """Return what ties a verified release to signed statements."""
    proof = release.bundle.log_proof
    place = None if proof is None else Proof.from_bytes(proof)
    return pages.Provenance(
        decision_sha256=sha256(release.bundle.decision),
        checks=release.checks,
        signers=tuple(
            pages.Signer(name=person.name, role=person.role, key_id=person.key.id)
            for person in read_signers(release.bundle, trust)
        ),
        log_origin=None if place is None else place.checkpoint.split(b"\n", 1)[0].decode(),
        log_index=None if place is None else place.index,
        statements=tuple(file.path.removeprefix(".openweir/") for file in release.statements),
    )


def _visible(hub: Hub, request: Request) -> Release:
    """Return the release asked for; sealed and unknown ones answer the same."""
    release = hub.known(f"{request.path_params['org']}/{request.path_params['name']}")
    if release is None:
        raise HTTPException(404)
    return release


def _origin(request: Request) -> str:
    """Return the address the reader used; an odd Host header never reaches a page."""
    host = request.headers.get("host", "")
    known = host if _HOST.fullmatch(host) else "127.0.0.1:8080"
    return f"{request.url.scheme}://{known}"


def _style(request: Request) -> Response:  # noqa: ARG001 - the signature of an endpoint
    return Response(
        pages.style(),
        media_type="text/css",
        headers=pages.HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"},
    )


def _missing(request: Request, _error: Exception) -> Response:
    """Return the page that says so, in a program's words to a program that asks for them."""
    told = unrouted(request, 404)
    if "json" in request.headers.get("accept", ""):
        return told
    page = _html(request, pages.missing_page(origin=_origin(request)), status=404)
    for name in ("X-Error-Code", "X-Error-Message", "X-Request-Id"):
        page.headers[name] = told.headers[name]
    return page


def _wrong_method(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    return unrouted(request, 405, None if headers is None else dict(headers))


def _refused(_: Request, error: Exception) -> Response:
    """Return what an endpoint says when storage or the database does not answer."""
    busy = HubError("the hub's database does not answer; try again", code="database-busy")
    return refusal(error if isinstance(error, HubError) else busy)


def _html(request: Request, page: str, *, status: int = 200) -> Response:
    """Return a page, compressed where the reader takes that; pages hold no secrets."""
    headers = pages.HEADERS | {"Vary": "Accept-Encoding"}
    body = page.encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=5, mtime=0)
    return HTMLResponse(body, status_code=status, headers=headers)
