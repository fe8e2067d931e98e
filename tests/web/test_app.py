"""The application: pages beside the hub's routes, and nothing about what is hidden."""

from datetime import UTC, datetime

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from openweir.attest import Trust
from openweir.decision import Decision
from openweir.hub import Bundle
from openweir.hub.access import GateRules
from openweir.hub.gate import Grant
from openweir.hub.grants import Statistics
from openweir.hub.release import Release
from openweir.tier import Tier
from openweir.web import application
from openweir.web.pages import HEADERS, style, style_path
from web.a_decision import decision


class GateTwin:
    """A gate in memory: plain rules, and nobody who asked."""

    def rules(self, name: str) -> GateRules:
        """Return the plainest rules."""
        return GateRules(criteria=f"people who ask for {name}")

    def list(self, name: str) -> tuple[Grant, ...]:
        """Return no request."""
        return ()


class HubTwin:
    """A hub in memory: it knows some releases and has one route of its own."""

    metrics = None

    def __init__(self, *known: Release) -> None:
        """Know these releases."""
        self.gates = self.grants = GateTwin()
        self._known = {release.name: release for release in known}
        self.closed = False

    def known(self, name: str) -> Release | None:
        """Return a release that may be seen."""
        return self._known.get(name)

    def releases(self) -> tuple[Release, ...]:
        """Return the releases in force."""
        return tuple(item for item in self._known.values() if item.state == "released")

    def statistics(self, release: Release) -> Statistics:
        """Return some counts."""
        return Statistics(asked=5, pending=1, accepted=3, rejected=1)

    def trust(self) -> Trust:
        """Trust nobody."""
        return Trust()

    def routes(self) -> list[Route]:
        """Return one route, as the hub's own come before the pages."""
        return [Route("/api/{rest:path}", lambda _: PlainTextResponse("hub", status_code=501))]

    async def answered(self, *_: object) -> bool:
        """Keep no answers."""
        return False

    def close(self) -> None:
        """Note that the hub was closed."""
        self.closed = True


def release(made: Decision, state: str = "released") -> Release:
    """Return a decision as the hub holds it."""
    return Release(
        name=made.name,
        commit="c" * 40,
        decision=made,
        bundle=Bundle(decision=made.to_bytes(), envelope=b"{}"),
        checks=(),
        files=(),
        statements=(),
        state=state,
        published_at=datetime(2026, 11, 21, tzinfo=UTC),
        published_by="owner",
    )


@pytest.fixture
def hub():
    """Know one gated, one open and one expired release."""
    return HubTwin(
        release(decision()),
        release(decision(Tier.OPEN_WEIGHTS, name="velmar/open")),
        release(decision(name="velmar/old"), "expired"),
    )


@pytest.fixture
def client(hub):
    """Talk to the application as a browser would."""
    with TestClient(application(hub), base_url="http://127.0.0.1:8080") as client:
        yield client


def test_the_front_page_lists_what_is_in_force(client):
    """Releases in force are listed and linked; an expired one is not."""
    page = client.get("/")
    assert page.status_code == 200
    assert 'href="/velmar/glass-small"' in page.text
    assert 'href="/velmar/open"' in page.text
    assert "velmar/old" not in page.text


def test_a_release_has_a_page(client):
    """The page shows tier, counts and the address the reader used."""
    page = client.get("/velmar/glass-small")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Gated weights" in page.text
    assert "openweir verify http://127.0.0.1:8080/velmar/glass-small" in page.text


def test_an_expired_release_still_says_why(client):
    """Past its last day the page stays and says that nothing is handed out."""
    page = client.get("/velmar/old")
    assert page.status_code == 200
    assert "This decision has expired" in page.text


def test_hidden_and_unknown_look_the_same(client):
    """What is not there, and every path nobody made, answers with the same 404 page."""
    unknown = client.get("/velmar/unknown")
    assert unknown.status_code == 404
    assert "Nothing here" in unknown.text
    for path in ("/velmar/unknown/request-access", "/no-such-page", "/a/b/c/d"):
        other = client.get(path)
        assert other.status_code == 404
        assert other.text == unknown.text


def test_the_hubs_own_routes_come_first(client):
    """An API path is answered by the hub, not by a page."""
    assert client.get("/api/models").text == "hub"


@pytest.mark.parametrize(
    "path", ["/", "/velmar/open", "/velmar/open/request-access", "/velmar/open/gate", "/nothing"]
)
def test_every_page_carries_the_headers(client, path):
    """No page may run a script, be framed, or be guessed to be of another type."""
    page = client.get(path)
    assert {name: page.headers[name] for name in HEADERS} == HEADERS
    assert "script-src" not in HEADERS["Content-Security-Policy"]


def test_the_style_sheet_is_served_and_cached(client):
    """The sheet is served under its digest and may be kept."""
    sheet = client.get(style_path())
    assert sheet.content == style()
    assert "immutable" in sheet.headers["cache-control"]


def test_a_request_page_writes_the_command(client):
    """The purpose comes back inside one quoted command, and nothing was sent anywhere."""
    page = client.get(
        "/velmar/glass-small/request-access", params={"purpose": "study 'glass' & $(id)"}
    )
    assert "openweir access request velmar/glass-small" in page.text
    assert "&amp; $(id)" in page.text


@pytest.mark.parametrize("host", ["evil.example/x", "a b", "a;reboot", "[::1", "x" * 400])
def test_an_odd_host_header_never_reaches_a_page(client, host):
    """Only a plain host and port are repeated in commands."""
    page = client.get("/velmar/open", headers={"host": host})
    assert host not in page.text
    assert "http://127.0.0.1:8080/velmar/open" in page.text


@pytest.mark.parametrize("host", ["hub.example", "hub.example:8443", "[::1]:80"])
def test_a_plain_host_header_is_the_address(client, host):
    """Commands name the address the reader came by."""
    page = client.get("/velmar/open", headers={"host": host})
    assert f"openweir verify {'&#39;' if '[' in host else ''}http://{host}/velmar/open" in page.text


def test_the_hub_is_closed_at_the_end(hub):
    """Stopping the server lets go of the database."""
    with TestClient(application(hub)):
        assert not hub.closed
    assert hub.closed


def test_a_page_is_compressed_where_the_reader_takes_that(client):
    """Pages travel compressed, and come out the same either way."""
    plain = client.get("/velmar/open", headers={"accept-encoding": "identity"})
    small = client.get("/velmar/open", headers={"accept-encoding": "gzip"})
    assert small.text == plain.text
    assert int(small.headers["content-length"]) < len(plain.content) // 3
    assert small.headers["vary"] == "Accept-Encoding"
