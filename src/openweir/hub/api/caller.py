"""Who sent a request, and by which id it is known."""

import base64
import itertools
import re
import secrets

from starlette.requests import Request
from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.channel import Channel
from openweir.hub.gate import Principal

__all__ = ["concerned", "named", "principal_of", "request_id_of", "stated_id"]

_ANYWHERE = (
    *("/api/whoami-v2", "/api/validate-yaml", "/api/repos/create"),
    "/api/openweir/publications",
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9=:;.,_-]{1,64}", re.ASCII)
_ID = "openweir.request_id"
# Distinct, not secret: a start of this process, and a count.
_OWN_ID, _COUNT = secrets.token_hex(6), itertools.count()


def concerned(principal: Principal | None, request: Request) -> Principal | None:
    """Return who asks, as far as their token speaks for them at this address.

    A token for one repository is nobody's at the address of another: what is open to all is
    read with it, and nothing is changed.

    Raises:
        HubError: something would be changed.
    """
    if principal is None or not principal.only:
        return principal
    path, params = request.url.path, request.path_params
    # These name the repository in their body, and ask the principal about it.
    if path.startswith(_ANYWHERE):
        return principal
    if "org" in params and principal.covers(f"{params['org']}/{params['name']}"):
        return principal
    if request.method in ("GET", "HEAD"):
        return None
    raise HubError(f"this token is for `{principal.only}` alone", code="other-repository")


def principal_of(channel: Channel, request: Request) -> Principal | None:
    """Return whom the request's bearer token speaks for; None when it carries none.

    Raises:
        HubError: it carries a token that is unknown or revoked.
    """
    stated = request.headers.get("authorization")
    if stated is None:
        return None
    scheme, _, token = stated.partition(" ")
    found = None
    if scheme.lower() == "basic":
        token = _password(token)  # git and git-lfs know no other way
    if scheme.lower() in ("bearer", "basic"):
        found = channel.accounts.principal(token.strip(), at=channel.clock())
    if found is None:
        raise HubError("the token is unknown or revoked", code="credentials")
    return found


def _password(text: str) -> str:
    """Return the password of a Basic authorization (RFC 7617), where a token stands."""
    try:
        return base64.b64decode(text.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def request_id_of(request: Request) -> str:
    """Return the request's id: the client's, or a random one that stays with the request."""
    known: str | None = request.scope.get(_ID)
    if known is None:
        known = stated_id(
            request.headers.get("x-request-id", ""), request.headers.get("x-amzn-trace-id", "")
        )
        request.scope[_ID] = known
    return known


def named(request: Request, response: Response) -> Response:
    """Return an answer with the id of its request in it, as it is sent.

    A refused `HEAD` has no body, and says no type of one: clients would read it.
    """
    response.headers["X-Request-Id"] = request_id_of(request)
    if request.method == "HEAD" and response.status_code >= 400 and "ETag" not in response.headers:
        del response.headers["Content-Type"]
    return response


def stated_id(stated: str, traced: str) -> str:
    """Return the id a client states, or Amazon's form of it, or a random one."""
    either = stated or traced
    return either if _REQUEST_ID.fullmatch(either) else f"{_OWN_ID}{next(_COUNT):08x}"
