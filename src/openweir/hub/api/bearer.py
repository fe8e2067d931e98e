"""Whom a request speaks for: by a bearer token, or by the password of a Basic one."""

import base64

from starlette.requests import Request

from openweir.errors import HubError
from openweir.hub.channel import Channel
from openweir.hub.gate import Principal

__all__ = ["principal_of"]


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
