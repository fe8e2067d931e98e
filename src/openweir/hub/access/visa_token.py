"""Visas as they come: JWTs of a provider, checked before anything they say counts.

Source: GA4GH Passport 1.2 (visa format, conditions), RFC 7519, RFC 7515.
"""

import fnmatch
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from json import loads
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from openweir.errors import HubError
from openweir.hub.access.visas import Visa

__all__ = ["read_visa"]

_ALGORITHMS = ["RS256", "ES256", "EdDSA"]
_TYPES = (
    "AffiliationAndRole",
    "AcceptedTermsAndPolicies",
    "ResearcherStatus",
    "ControlledAccessGrants",
    "LinkedIdentities",
)
_BY = ("", "self", "peer", "system", "so", "dac")
_MAX_BYTES = 16 * 1024
_LONGEST = 500
_LEEWAY = timedelta(seconds=60)
_JWT_PARTS = 3


def read_visa(
    token: str,
    *,
    issuers: Mapping[str, KeySet],
    subject: str,
    longest: timedelta,
    at: datetime,
    others: Iterable[Visa] = (),
) -> Visa:
    """Check a visa and return what it says.

    Args:
        token: the JWT; hostile.
        issuers: issuer -> its keys, of those the operator named.
        subject: whom the provider's login showed; a visa of anybody else is refused.
        longest: how long after `asserted` a visa carries at most.
        at: now.
        others: visas checked before, for those with conditions.

    Raises:
        HubError: it is not signed by a named issuer, is another person's, or carries no more.
    """
    if len(token) > _MAX_BYTES:
        raise _refused("it is too long")
    try:
        stated = _claims(token)
        found = issuers.get(str(stated.get("iss", "")))
        if found is None:
            raise _refused(f"this hub does not know the issuer `{str(stated.get('iss'))[:100]}`")
        claims = jwt.decode(token, found, algorithms=_ALGORITHMS).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refused(f"its signature does not hold ({type(error).__name__})") from None
    inner = claims.get("ga4gh_visa_v1")
    if not isinstance(inner, dict):
        raise _refused("it holds no `ga4gh_visa_v1`")
    if claims.get("sub") != subject:
        raise _refused("it is about another person")
    visa = _read(claims, inner, longest)
    if visa.asserted > at + _LEEWAY or visa.until <= at:
        raise _refused("its time is over or has not come")
    if not _conditions_hold(inner.get("conditions"), tuple(others)):
        raise _refused("what it is conditional on is not shown")
    return visa


def _claims(token: str) -> dict[str, Any]:
    """Return the unverified claims, only to find whose key to verify with."""
    parts = token.split(".")
    part = parts[1] if len(parts) == _JWT_PARTS else ""
    found = loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    if not isinstance(found, dict):
        raise TypeError
    return found


def _read(claims: Mapping[str, Any], inner: Mapping[str, Any], longest: timedelta) -> Visa:
    texts = {key: inner.get(key, "") for key in ("type", "value", "source", "by")}
    if not all(isinstance(text, str) and len(text) <= _LONGEST for text in texts.values()):
        raise _refused("its fields are no texts")
    if texts["type"] not in _TYPES or texts["by"] not in _BY:
        raise _refused("it is of a type this hub does not use")
    asserted, ends = _instant(inner.get("asserted")), _instant(claims.get("exp"))
    return Visa(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        asserted=asserted,
        until=min(ends, asserted + longest),
        **texts,
    )


def _instant(stated: object) -> datetime:
    if not isinstance(stated, int) or isinstance(stated, bool) or not 0 <= stated < 2**33:
        raise _refused("it does not say from when until when it holds")
    return datetime.fromtimestamp(stated, UTC)


def _conditions_hold(stated: object, others: tuple[Visa, ...]) -> bool:
    """Whether any of the alternatives holds, each a list of which all must (Passport 1.2)."""
    if stated is None or stated == []:
        return True
    if not isinstance(stated, list):
        return False
    return any(
        isinstance(alternative, list)
        and bool(alternative)
        and all(any(_matches(one, visa) for visa in others) for one in alternative)
        for alternative in stated
    )


def _matches(condition: object, visa: Visa) -> bool:
    if not isinstance(condition, dict) or condition.get("type") != visa.type:
        return False
    for key in condition.keys() - {"type"}:
        wanted, found = condition[key], {"value": visa.value, "source": visa.source, "by": visa.by}
        if not isinstance(wanted, str) or key not in found:
            return False
        kind, _, text = wanted.partition(":")
        if kind == "const" and text != found[key]:
            return False
        if kind == "pattern" and not fnmatch.fnmatchcase(found[key], text):
            return False
        if kind not in ("const", "pattern"):
            return False
    return len(condition) > 1


def _refused(why: str) -> HubError:
    return HubError(f"this visa does not count: {why}", code="visa")
