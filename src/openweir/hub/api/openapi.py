"""The hub's own description of its endpoints, made from the table of routes.

OpenAPI 3.1. It says which paths, methods and parameters there are and what each is for; what
the bodies of the Hugging Face surface hold is told by its clients' own source.
"""

import re
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from openweir import __version__
from openweir.hub.api.reply import request_id_of

__all__ = ["described", "description_route"]

_PATH = "/api/openweir/openapi.json"
_PARAMETER = re.compile(r"\{(?P<name>[a-z_]+)(?::[a-z]+)?\}")
_BODIES = ("POST", "PUT", "PATCH", "DELETE")
_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "code": {"type": "string"}},
    "required": ["error"],
}
_WORDS = {
    "org": "the first part of a repository's name",
    "name": "the second part of a repository's name",
    "rest": "a revision and a path, or whatever the endpoint takes after its name",
    "status": "`pending`, `accepted` or `rejected`",
}


def described(routes: Iterable[Route]) -> dict[str, object]:
    """Return the OpenAPI description of routes; what answers 501 to everything is left out.

    Args:
        routes: in the order in which they are tried.
    """
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        if route.path == "/api/{rest:path}":
            continue
        path = _PARAMETER.sub(r"{\g<name>}", route.path)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(path, {}).setdefault(method.lower(), _operation(route, method))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Openweir hub",
            "version": __version__,
            "description": "The Hugging Face surface and our own, serving what was decided only.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"token": []}],
    }


def description_route(routes: Iterable[Route]) -> Route:
    """Return the route that shows the description of `routes`."""
    found = described(routes)

    async def _description(request: Request) -> Response:
        return JSONResponse(found, headers={"X-Request-Id": request_id_of(request)})

    return Route(_PATH, _description, methods=["GET"])


def _operation(route: Route, method: str) -> dict[str, object]:
    told = " ".join((route.endpoint.__doc__ or f"`{method} {route.path}`").split())
    operation: dict[str, object] = {
        "operationId": f"{method.lower()} {route.path}",
        "summary": told.partition("`: ")[2][:200] or told[:200],
        "description": told,
        "parameters": [
            {
                "name": found["name"],
                "in": "path",
                "required": True,
                "description": _WORDS.get(found["name"], found["name"]),
                "schema": {"type": "string", "minLength": 1},
            }
            for found in _PARAMETER.finditer(route.path)
        ],
        "responses": {
            "2XX": {"description": "done"},
            "4XX": {
                "description": "refused; `X-Error-Code` and `X-Error-Message` say why",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        },
    }
    if method in _BODIES:
        operation["requestBody"] = {
            "content": {
                "application/json": {"schema": {"type": "object"}},
                "application/octet-stream": {"schema": {"type": "string"}},
            }
        }
    return operation
