"""The pages over a real hub: what is shown is what was signed, logged and published."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from hub_world import NOW, World
from openweir.hub.hub import Hub
from openweir.tier import Tier
from openweir.web import application
from openweir.web.pages import HEADERS


class Open:
    """A hub with one publisher, seen through its pages."""

    def __init__(self, root):
        """Open the hub and give `acme` a token."""
        self.world = World(root / "world")
        self.now = NOW
        self.hub = Hub.open(
            root / "hub",
            trust=self.world.trust,
            register=self.world.root / "register",
            clock=lambda: self.now,
        )
        self.hub.accounts.add("acme", publisher=True, at=NOW)
        token = self.hub.accounts.new_token("acme", at=NOW)
        self.client = TestClient(application(self.hub), base_url="http://hub.example")
        self.headers = {"Authorization": f"Bearer {token}"}

    def publish(self, tier: Tier) -> str:
        """Publish a release at a tier and return its page's path."""
        name = f"acme/{tier.word}"
        signed = self.world.release(name, tier=tier)
        ours = "/api/openweir/publications"
        opened = self.client.post(ours, content=signed.manifest(), headers=self.headers).json()
        for file in opened["files"]:
            self.client.put(
                f"{ours}/{opened['id']}/files/{file['path']}",
                content=signed.files[file["path"]],
                headers=self.headers,
            )
        done = self.client.post(f"{ours}/{opened['id']}/commit", headers=self.headers)
        assert done.status_code == 200, done.text
        return f"/{name}"


@pytest.fixture
def opened(tmp_path):
    """Serve an empty hub, and close it at the end."""
    found = Open(tmp_path)
    with found.client:
        yield found


@pytest.mark.parametrize("tier", list(Tier))
def test_what_was_published_has_a_page_unless_sealed(opened, tier):
    """Every tier but sealed has a page and a place in the register of releases."""
    path = opened.publish(tier)
    page, front = opened.client.get(path), opened.client.get("/")
    if tier is Tier.SEALED:
        assert (page.status_code, path in front.text) == (404, False)
        assert page.text == opened.client.get("/acme/unknown").text
    else:
        assert (page.status_code, path in front.text) == (200, True)
        assert f"<dd>{tier.word}</dd>" in page.text


def test_the_page_shows_who_signed_and_where_it_is_logged(opened):
    """Signer, role, key and log entry on the page are those of the statements."""
    page = opened.client.get(opened.publish(Tier.GATED_WEIGHTS)).text
    assert "dev, developer" in page
    assert opened.world.key.public.id in page
    assert "entry 0 of log.example/test" in page
    assert 'href="/openweir/acme/gated-weights/statements/decision.json"' in page


def test_every_link_of_a_page_leads_somewhere(opened):
    """Links on front page, release page and request page answer."""
    path = opened.publish(Tier.GATED_WEIGHTS)
    for page in ("/", path, f"{path}/request-access"):
        text = opened.client.get(page).text
        for target in {part.split('"')[0] for part in text.split('href="')[1:]}:
            if target.startswith("/"):
                assert opened.client.get(target).status_code == 200, f"{page} -> {target}"


def test_a_tampered_release_has_no_page(opened):
    """When the stored decision no longer holds, the page is gone with the files (law 8)."""
    path = opened.publish(Tier.OPEN_WEIGHTS)
    blob = opened.hub.blobs.path(_decision(opened))
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes().replace(b"open-weights", b"fully-open"))
    assert opened.client.get(path).status_code == 404


def test_past_its_last_day_the_page_says_so(opened):
    """An expired release keeps its page, without a download."""
    path = opened.publish(Tier.OPEN_WEIGHTS)
    opened.now = NOW + timedelta(days=400)
    page = opened.client.get(path)
    assert page.status_code == 200
    assert "This decision has expired" in page.text
    assert "hf download" not in page.text
    assert path not in opened.client.get("/").text


def test_pages_and_api_stand_side_by_side(opened):
    """The stock client's paths are answered by the hub, and files carry no page headers."""
    path = opened.publish(Tier.OPEN_WEIGHTS)
    assert opened.client.get(f"/api/models{path}").json()["id"] == path[1:]
    assert opened.client.get(f"{path}/resolve/main/README.md").text == "# A small model\n"
    assert opened.client.get(path).headers["referrer-policy"] == HEADERS["Referrer-Policy"]


def _decision(opened) -> str:
    """Return the digest under which the stored decision lies."""
    row = opened.hub.store.current("acme/open-weights")
    return row.decision
