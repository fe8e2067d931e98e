"""`openweir access passport` and `status`: a real login at a real provider, over sockets."""

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

pytest.importorskip("authlib")

from hub_live import listening
from hub_served import Served
from hub_world import NOW, World
from oidc_issuer import Issuer
from openweir.cli.main import main
from openweir.hub.access.issuers import PASSPORT_ISSUERS, issuers_text
from openweir.hub.access.issuers import Issuer as Named

NAME = "acme/small"
DAY = 86400


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider where an institution vouches for whoever logs in."""
    found = Issuer(int(NOW.timestamp()))
    found.passport = [
        found.visa(exp=found.at + 10 * DAY),
        found.visa("ResearcherStatus", exp=found.at + 20 * DAY),
    ]
    yield found
    found.close()


@pytest.fixture
def url(tmp_path: Path, issuer: Issuer) -> Iterator[str]:
    """A hub with a gate of level 2 that knows the provider; `ann`'s token is in HF_TOKEN."""
    served = Served(World(tmp_path / "world"), tmp_path)
    assert served.publish(served.world.release()).is_success
    named = issuers_text([Named(url=issuer.url, client="hub")])
    served.hub.store.setting(PASSPORT_ISSUERS, named)
    rules = {"level": 2, "mode": "auto"}
    ours = f"/api/openweir/releases/{NAME}/gate"
    assert served.client.put(ours, json=rules, headers=served.headers("acme")).is_success
    with listening(served.hub) as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", served.tokens["ann"])
        patch.setenv("OPENWEIR_HOME", str(tmp_path / "home"))
        yield address
    served.close()


class Browser:
    """Logs in at the provider and follows it back to this machine, as a browser would."""

    def __init__(self, issuer: Issuer, **spoil: str) -> None:
        """`spoil` replaces parts of the answer."""
        self.issuer, self.spoil = issuer, spoil
        self.pages: list[tuple[int, str]] = []
        self.threads: list[threading.Thread] = []

    def open(self, url: str) -> bool:
        """What `webbrowser.open` does: return at once, work elsewhere."""
        thread = threading.Thread(target=self.visit, args=(url,))
        thread.start()
        self.threads.append(thread)
        return True

    def back(self, url: str) -> str:
        """The address the browser ends at."""
        home = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        return f"{home}?{urlencode({**self.issuer.login(url), **self.spoil})}"

    def visit(self, url: str) -> None:
        """Come back, after asking for an icon as browsers do."""
        end = self.back(url)
        with httpx.Client(trust_env=False) as client:
            for address in (urlsplit(end)._replace(path="/favicon.ico", query="").geturl(), end):
                answer = client.get(address)
                self.pages.append((answer.status_code, answer.text))


@pytest.fixture
def browser(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """The user's browser."""
    found = Browser(issuer)
    monkeypatch.setattr("openweir.desk.passport.webbrowser.open", found.open)
    yield found
    for thread in found.threads:
        thread.join(timeout=20)


def run(capsys: pytest.CaptureFixture, *words: str) -> tuple[int, dict]:
    """Run a command with `--json`; returns its exit code and what it said."""
    code = main([*words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_a_login_raises_the_level(url: str, issuer: Issuer, browser: Browser, capsys) -> None:
    """From level 0 to 2: the gate opens, and `status` shows visas and the earliest end."""
    code, told = run(capsys, "access", "status", "--hub", url)
    assert (code, told["level"], told["visas"], told["providers"]) == (0, 0, [], [issuer.url])
    code, told = run(capsys, "access", "passport", "--hub", url)
    assert (code, told["level"], told["until"]) == (0, 2, "2026-11-30T12:00:00Z")
    assert [status for status, _ in browser.pages] == [404, 200]
    assert "go back to the command" in browser.pages[1][1]
    words = ("access", "request", NAME, "--purpose", "study", "--hub", url)
    assert run(capsys, *words)[1]["status"] == "accepted"
    code, told = run(capsys, "access", "status", NAME, "--hub", url)
    assert (told["access"]["holds"], told["access"]["until"]) == (True, "2026-11-30T12:00:00Z")
    assert main(["access", "status", NAME, "--hub", url]) == 0
    text = capsys.readouterr().out
    assert text.startswith("ann: level 2 until 2026-11-30T12:00:00Z\n")
    assert "AffiliationAndRole faculty@uni.example  until 2026-11-30T12:00:00Z" in text
    assert "ResearcherStatus" in text
    assert f"{NAME}: accepted until 2026-11-30T12:00:00Z" in text


def test_the_browser_is_on_another_machine(
    url: str, issuer: Issuer, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--paste` takes the address that the browser ended at."""
    browser = Browser(issuer)

    class Pasting(io.StringIO):
        def readline(self, *_: object) -> str:
            return browser.back(capsys.readouterr().err.splitlines()[1]) + "\n"

    monkeypatch.setattr("sys.stdin", Pasting())
    words = ("access", "passport", "--hub", url, "--issuer", issuer.url, "--paste")
    assert run(capsys, *words)[1]["level"] == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("nonsense\n"))
    assert main(list(words)) == 2
    assert "not the address the browser ended at" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"state": "another"}, "another login"),
        ({"error": "access_denied", "code": ""}, "access_denied"),
    ],
)
def test_a_login_that_fails(
    url: str, issuer: Issuer, capsys, monkeypatch: pytest.MonkeyPatch, *, spoil: dict, said: str
) -> None:
    """Somebody else's answer and a refusal at the provider are told as such."""
    browser = Browser(issuer, **spoil)
    if spoil.get("code") == "":
        browser.spoil = {"error": "access_denied"}
        monkeypatch.setattr(
            issuer, "login", lambda asked: {"state": parse_qs(urlsplit(asked).query)["state"][0]}
        )
    monkeypatch.setattr("openweir.desk.passport.webbrowser.open", browser.open)
    assert main(["access", "passport", "--hub", url]) == 2
    assert said in capsys.readouterr().err
    for thread in browser.threads:
        thread.join(timeout=20)


def test_an_unknown_provider(url: str, capsys) -> None:
    """The hub's own sentence, and exit 1."""
    words = ("access", "passport", "--hub", url, "--issuer", "https://evil.example")
    code, told = run(capsys, *words, "--no-browser")
    assert code == 1
    assert "does not know the provider" in told["refused"]["message"]
