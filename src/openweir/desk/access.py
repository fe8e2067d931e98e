"""`openweir access`: ask for a gated release, and answer those who asked."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from openweir.canonical import Object, parse
from openweir.desk.home import Home
from openweir.desk.hub_client import HubClient
from openweir.desk.tokens import Tokens, address_of
from openweir.errors import UsageError

__all__ = [
    "Access",
    "Request",
    "answer_login",
    "appeal",
    "gate",
    "grant",
    "list_requests",
    "request",
    "revoke",
    "set_rules",
    "vote",
]

_RELEASES = "api/openweir/releases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Which release on which hub, and who speaks.

    Attributes:
        name: `org/name`.
        hub: the hub's address.
        token: stated by the user; else `HF_TOKEN`, else the one kept in `home`.
    """

    name: str
    hub: str
    token: str | None
    home: Home

    @property
    def address(self) -> str:
        """The hub's address in its one spelling."""
        return address_of(self.hub)

    def client(self) -> HubClient:
        """Return a client of that hub with the user's token."""
        token = Tokens(self.home).find(self.address, stated=self.token)
        return HubClient(self.address, token=token)

    def path(self, what: str) -> str:
        """Return the path of one of the release's lists.

        Raises:
            UsageError: the name is not `org/name`.
        """
        if self.name.count("/") != 1 or not all(self.name.split("/")):
            raise UsageError(
                f"`{self.name[:200]}` is not the name of a release",
                code="name",
                hint="write it as ORG/NAME",
            )
        return f"{_RELEASES}/{self.name}/{what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request for access as the hub tells it; instants and days are text."""

    name: str
    user: str
    status: str
    purpose: str
    asked_at: str
    expires: str | None

    def to_json(self) -> dict[str, object]:
        """Return the request as plain JSON values."""
        return {
            "name": self.name,
            "user": self.user,
            "status": self.status,
            "purpose": self.purpose,
            "asked_at": self.asked_at,
            "expires": self.expires,
        }


def request(
    access: Access,
    *,
    purpose: str,
    terms: tuple[str, ...] = (),
    fields: tuple[tuple[str, str], ...] = (),
) -> Request:
    """Ask for access; asking again tells where the request stands.

    Args:
        access: the release and who asks.
        purpose: in words.
        terms: declared and accepted.
        fields: (name, value) of the gate's form.

    Raises:
        HubError: refused (`hub.refused`), or the hub is out of reach.
        UsageError: the hub wants a token.
    """
    with access.client() as client:
        body: dict[str, object] = {"purpose": purpose}
        if terms:
            body["terms"] = list(terms)
        if fields:
            body["fields"] = dict(fields)
        return _request(client.call("POST", access.path("requests"), body=body))


def list_requests(access: Access, *, status: str | None) -> tuple[Request, ...]:
    """Return the requests for a release, oldest first; for its publisher.

    Raises:
        HubError: as `request`.
        UsageError: as `request`.
    """
    query = None if status is None else {"status": status}
    with access.client() as client:
        found = client.call("GET", access.path("requests"), query=query)
    return tuple(_request(item) for item in found.objects("requests"))


def appeal(access: Access, *, reason: str) -> None:
    """Take a rejection to the panel.

    Raises:
        HubError: as `request`.
        UsageError: as `request`.
    """
    with access.client() as client:
        client.call("POST", access.path("appeal"), body={"reason": reason})


def vote(access: Access, *, user: str, accept: bool, reason: str) -> Object:
    """Vote on a user's appeal, as a member of the gate's panel.

    Args:
        access: as a member.
        user: who appealed.
        accept: whether to let them in.
        reason: kept with the vote.

    Returns:
        The hub's answer: `user`, `yes` and `no` so far, and `status` of the request.

    Raises:
        HubError: as `request`.
        UsageError: as `request`.
    """
    with access.client() as client:
        path = access.path("requests") + f"/{quote(user, safe='')}/votes"
        return client.call("POST", path, body={"accept": accept, "reason": reason})


def set_rules(access: Access, rules: Path) -> Object:
    """Publish what a gate asks, in place of what it asked before.

    Raises:
        HubError: as `request`.
        UsageError: as `request`, or the file cannot be read.
    """
    try:
        body = Object(parse(rules.read_bytes(), where=str(rules)), str(rules)).value
    except OSError as error:
        raise UsageError(
            f"cannot read the rules: {error.strerror}", code="system", where=str(rules)
        ) from None
    with access.client() as client:
        return client.call("PUT", access.path("gate"), body=body)


def gate(access: Access) -> Object:
    """Return a gate's published rules and how it was used.

    Raises:
        HubError: as `request`.
    """
    access.path("")
    with access.client() as client:
        return client.call("GET", "openweir", *access.name.split("/"), "gate.json")


def grant(access: Access, *, user: str, expires: date | None, cohort: str = "") -> Request:
    """Give a user access, until the end of a day or until revoked.

    Raises:
        HubError: as `request`.
        UsageError: as `request`.
    """
    body: dict[str, object] = {"user": user}
    if expires is not None:
        body["expires"] = expires.isoformat()
    if cohort:
        body["cohort"] = cohort
    with access.client() as client:
        return _request(client.call("POST", access.path("grants"), body=body))


def revoke(access: Access, *, user: str, reason: str, reason_class: str = "") -> Request:
    """Reject a user's request, or take a granted access back: new bytes stop at once.

    Raises:
        HubError: as `request`.
        UsageError: as `request`.
    """
    with access.client() as client:
        path = access.path("grants") + f"/{quote(user, safe='')}"
        body: dict[str, object] = {"reason": reason, "class": reason_class}
        return _request(client.call("DELETE", path, body=body))


def answer_login(access: Access, code: str, *, agreed: bool) -> None:
    """Let a device that shows a code act as the user, or refuse it.

    Raises:
        HubError: no login with that code waits, or the hub is out of reach.
        UsageError: as `request`.
    """
    with access.client() as client:
        body: dict[str, object] = {"user_code": code, "agreed": agreed}
        client.call("POST", "api/openweir/logins", body=body)


def _request(found: Object) -> Request:
    return Request(
        name=found.text("name"),
        user=found.text("user"),
        status=found.text("status"),
        purpose=found.text("purpose"),
        asked_at=found.text("asked_at"),
        expires=found.optional_text("expires"),
    )
