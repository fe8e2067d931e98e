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

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from openweir.attest import Trust
from openweir.desk.serve import settings_from_environment
from openweir.digest import sha256
from openweir.hub.accept import read_signers
from openweir.hub.access.statistics import gate_statistics
from openweir.hub.hub import Hub
from openweir.hub.release import Release
from openweir.register import Proof
from openweir.web import pages

__all__ = ["application", "create_app", "provenance"]

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")
_MAX_PURPOSE = 2000


def create_app() -> Starlette:
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
        log_policy=settings.log_policy,
    )
    return application(hub)


def application(hub: Hub) -> Starlette:
    """Return the hub's routes with the pages around them."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Let go of the database when the server stops."""
        yield
        hub.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route(pages.style_path(), _style),
            Route("/", _register(hub)),
            Route("/device", _device),
            *hub.routes(),
            Route("/{org}/{name}/request-access", _request(hub)),
            Route("/{org}/{name}/gate", _gate(hub)),
            Route("/{org}/{name}", _release(hub)),
        ],
        exception_handlers={404: _missing},
    )


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
    return _html(request, pages.missing_page(origin=_origin(request)), status=404)


def _html(request: Request, page: str, *, status: int = 200) -> Response:
    """Return a page, compressed where the reader takes that; pages hold no secrets."""
    headers = pages.HEADERS | {"Vary": "Accept-Encoding"}
    body = page.encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=5, mtime=0)
    return HTMLResponse(body, status_code=status, headers=headers)
