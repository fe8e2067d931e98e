"""Keyless logins: a job that its provider vouches for gets a token of an account for an hour.

The operator says which subjects of which provider act for which account. A job shows its
provider's ID token, names the repository it works on, and gets a token for that alone, so
that no long-lived secret lies where jobs run.
Source: RFC 8693; OpenID Connect Core 1.0, 3.1.3.7; huggingface_hub, `_oidc.py`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from openweir.canonical import Object, compact, parse
from openweir.errors import HubError

__all__ = [
    "KEYLESS_FOR",
    "KEYLESS_PROVIDERS",
    "KeylessProvider",
    "Resource",
    "Rule",
    "accounts_of",
    "check_claims",
    "providers_text",
    "read_providers",
    "read_resource",
]

KEYLESS_PROVIDERS = "keyless-providers"
"""The setting that names them."""

KEYLESS_FOR = timedelta(hours=1)
_LONGEST_TOKEN = timedelta(days=1)
_LEEWAY = timedelta(seconds=60)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LONGEST = 512
_MOST_STARS = 4
_LATEST = 2**33
_REPOSITORY = re.compile(r"(?:datasets/)?([A-Za-z0-9._-]{1,96}/[A-Za-z0-9._-]{1,96})", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,96}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Whom a provider's subjects act for.

    Attributes:
        subject: as the provider writes it; `*` stands for any text.
        account: of this hub.
    """

    subject: str
    account: str

    def fits(self, subject: str) -> bool:
        """Whether a subject is meant."""
        parts = map(re.escape, self.subject.split("*"))
        return re.fullmatch(".*".join(parts), subject, re.DOTALL) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeylessProvider:
    """A provider whose jobs log in.

    Attributes:
        url: its issuer identifier; its configuration lies below it.
        audience: what its tokens for this hub say: the hub's address, as clients know it.
        rules: tried in order.
    """

    url: str
    audience: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What a token is asked for.

    Attributes:
        name: `org/name` of a repository, or an account's name.
        repository: which of the two; a token for an account only reads.
    """

    name: str
    repository: bool


def read_resource(stated: str) -> Resource:
    """Read the `resource` of a request.

    Raises:
        HubError: it is neither a repository nor an account.
    """
    found = _REPOSITORY.fullmatch(stated)
    if found is not None:
        return Resource(name=found[1], repository=True)
    if _ACCOUNT.fullmatch(stated):
        return Resource(name=stated, repository=False)
    raise HubError(
        "name a repository (`org/name`, `datasets/org/name`) or an account", code="oauth-target"
    )


def accounts_of(provider: KeylessProvider, subject: str) -> tuple[str, ...]:
    """Return the accounts that a subject may act for, in the order of the rules."""
    return tuple(dict.fromkeys(rule.account for rule in provider.rules if rule.fits(subject)))


def check_claims(claims: Mapping[str, Any], provider: KeylessProvider, *, at: datetime) -> str:
    """Check what a verified ID token says; return its subject.

    Raises:
        HubError: it is another's, for another hub, over, or not yet good.
    """
    if claims.get("iss") != provider.url:
        raise _refused("it names another issuer")
    if claims.get("aud") not in (provider.audience, [provider.audience]):
        raise _refused(f"it is not for `{provider.audience}`")
    ends, made = _instant(claims.get("exp")), _instant(claims.get("iat"))
    begins = made if claims.get("nbf") is None else _instant(claims.get("nbf"))
    if ends is None or made is None or begins is None:
        raise _refused("it does not say from when until when it holds")
    if ends <= at or max(made, begins) > at + _LEEWAY or ends - made > _LONGEST_TOKEN:
        raise _refused("its time is over, has not come, or is longer than a day")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST:
        raise _refused("it names no subject")
    return subject


def read_providers(stated: str) -> tuple[KeylessProvider, ...]:
    """Read the operator's providers from the text that the hub keeps.

    Raises:
        CanonicalError: it is malformed.
    """
    read = Object(parse(stated.encode(), where="keyless providers"), "keyless providers")
    return tuple(
        KeylessProvider(
            url=item.text("url"),
            audience=item.text("audience"),
            rules=tuple(
                Rule(subject=rule.text("subject"), account=rule.text("account"))
                for rule in item.objects("rules")
            ),
        )
        for item in read.objects("providers")
    )


def providers_text(providers: Iterable[KeylessProvider]) -> str:
    """Return the text that the hub keeps.

    Raises:
        HubError: an address is not `https` nor of this machine, or a pattern takes anybody.
    """
    rows = []
    for provider in sorted(providers, key=lambda provider: provider.url):
        parts = urlsplit(provider.url)
        local = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if not (parts.scheme == "https" or local) or not parts.hostname or not provider.audience:
            raise HubError(
                f"`{provider.url[:100]}` cannot be a provider",
                code="bad-request",
                hint="an https address, and the audience that its tokens name: the hub's address",
            )
        for rule in provider.rules:
            # Two signs before the first star: a provider shared by many vouches for all of them.
            stars = rule.subject.count("*")
            open_to_all = len(rule.subject.partition("*")[0]) < 2
            if open_to_all or stars > _MOST_STARS or len(rule.subject) > _LONGEST:
                raise HubError(
                    f"`{rule.subject[:100]}` would let in whoever the provider knows",
                    code="bad-request",
                    hint="begin it with whose jobs they are, as in `repo:acme/*`",
                )
        rules = [{"subject": rule.subject, "account": rule.account} for rule in provider.rules]
        rows.append({"url": provider.url, "audience": provider.audience, "rules": rules})
    return compact({"providers": rows}).decode()


def _instant(stated: object) -> datetime | None:
    if not isinstance(stated, int) or isinstance(stated, bool) or not 0 <= stated < _LATEST:
        return None
    return datetime.fromtimestamp(stated, UTC)


def _refused(why: str) -> HubError:
    return HubError(f"this ID token does not count: {why}", code="oauth-request")
