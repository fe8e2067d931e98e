"""ID tokens: whose key signed one, among the providers that the operator named.

A provider's keys are fetched when they are first needed and kept for ten minutes; a key that
is not among them is asked for again once a minute at most, so that whoever sends made-up
tokens makes the hub ask nobody.
"""

import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from json import loads
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from openweir.canonical import Object, parse
from openweir.errors import HubError, OpenweirError
from openweir.hub.access.keyless import KeylessProvider

__all__ = ["verified"]

_ALGORITHMS = ["RS256", "ES256", "EdDSA"]
_MAX_TOKEN_BYTES = 16 * 1024
_MAX_ANSWER_BYTES = 1024 * 1024
_KEPT_SECONDS, _ASKED_AGAIN_SECONDS = 600, 60
_JWT_PARTS = 3
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    keys: KeySet
    since: float


# Public keys of providers belong to no hub in particular.
_keys: dict[str, _Kept] = {}
_guard = threading.Lock()


def verified(
    token: str, providers: Iterable[KeylessProvider]
) -> tuple[KeylessProvider, Mapping[str, Any]]:
    """Return the provider that signed an ID token, and its claims, which are not checked yet.

    Args:
        token: the JWT; hostile.
        providers: those that the operator named.

    Raises:
        HubError: none of them signed it, or its provider cannot be asked for its keys.
    """
    if len(token) > _MAX_TOKEN_BYTES:
        raise _refused("it is too long")
    try:
        header, stated = _part(token, 0), _part(token, 1)
    except (ValueError, TypeError, RecursionError):
        raise _refused("it is no JWT") from None
    issuer = str(stated.get("iss", ""))
    provider = next((each for each in providers if each.url == issuer), None)
    if provider is None:
        raise _refused(f"this hub does not know the issuer `{issuer[:100]}`")
    keys = _keys_of(provider.url, str(header.get("kid", "")))
    try:
        return provider, jwt.decode(token, keys, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise _refused(f"its signature does not hold ({type(error).__name__})") from None


def _keys_of(url: str, wanted: str) -> KeySet:
    # One at a time: what many ask for at once is fetched once.
    with _guard:
        kept, now = _keys.get(url), monotonic()
        if kept is not None:
            age = now - kept.since
            known = any(key.kid == wanted for key in kept.keys.keys)
            if age < _ASKED_AGAIN_SECONDS or (known and age < _KEPT_SECONDS):
                return kept.keys
        keys = _fetched(url)
        _keys[url] = _Kept(keys=keys, since=now)
        return keys


def _fetched(url: str) -> KeySet:
    local = (urlsplit(url).hostname or "") in _LOOPBACK
    with httpx.Client(timeout=10, follow_redirects=False, trust_env=not local) as client:
        known = _json(client, url.rstrip("/") + "/.well-known/openid-configuration")
        if known.text("issuer") != url:
            raise _unreachable(url, "it calls itself something else")
        place = known.text("jwks_uri")
        if not local and urlsplit(place).scheme != "https":
            raise _unreachable(url, "its keys do not lie at an https address")
        try:
            return KeySet.import_key_set(_json(client, place).value)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _unreachable(url, type(error).__name__) from None


def _json(client: httpx.Client, url: str) -> Object:
    content = bytearray()
    try:
        with client.stream("GET", url) as answer:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _MAX_ANSWER_BYTES:
                    raise _unreachable(url, "its answer is too long")
        return Object(parse(bytes(content), where=url, foreign=True), url)
    except (httpx.HTTPError, httpx.InvalidURL, OpenweirError, ValueError) as error:
        if isinstance(error, HubError):
            raise
        raise _unreachable(url, type(error).__name__) from None


def _part(token: str, index: int) -> dict[str, Any]:
    """Return a part of a JWT unverified, only to find whose key to verify with."""
    parts = token.split(".")
    part = parts[index] if len(parts) == _JWT_PARTS else ""
    found = loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(found, dict):
        raise TypeError
    return found


def _unreachable(url: str, why: str) -> HubError:
    return HubError(f"the provider does not answer as one: {why}", code="provider", where=url[:200])


def _refused(why: str) -> HubError:
    return HubError(f"this ID token does not count: {why}", code="oauth-request")
