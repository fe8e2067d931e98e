"""What is hidden answers like what never was: by every route, in status, headers, words, time."""

import re
import statistics
import time
from collections.abc import Iterator

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient

from attacks import SECRET, Scene
from openweir.tier import Tier
from openweir.web import application

HIDDEN, NOWHERE = "acme/sealed", "acme/nobody-made-this"
WHO = ("anonymous", "stranger", "pending", "granted", "granted-read-token", "withdrawn-token")
# What differs from request to request anyway.
VARYING = re.compile(r"x-request-id|date|content-length|connection")
FILLED = {
    "rest": f"main/{SECRET}",
    "user": "granted",
    "status": "pending",
    "id": "OWA-1",
    "number": "1",
}


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A hub with a release and a draft at every tier."""
    found = Scene(tmp_path_factory.mktemp("signals"))
    yield found
    found.served.close()


def routes(scene: Scene) -> list[tuple[str, str]]:
    """Every method and path of the hub that names a repository."""
    found = []
    for route in scene.served.hub.routes():
        assert isinstance(route, Route)
        if "{org}/{name}" in route.path:
            found += [(method, route.path) for method in sorted(route.methods or ())]
    return found


def ask(scene: Scene, method: str, path: str, name: str, who: str) -> tuple[object, ...]:
    """Send one request about a name; returns what its sender sees, the name aside."""
    org, _, short = name.partition("/")
    filled = re.sub(
        r"\{(\w+)(?::\w+)?\}",
        lambda part: {"org": org, "name": short, **FILLED}[part[1]],
        path,
    )
    body = None
    if method not in ("GET", "HEAD"):
        body = (
            b'{"operation":"download","objects":[{"oid":"' + b"a" * 64 + b'","size":1}],'
            b'"paths":["x"],"purpose":"p","user":"ann","reason":"r","files":[],"status":"accepted",'
            b'"target":{"name":"stranger/mine"},"repository":"stranger/copy","accept":true,'
            b'"pullRequest":true,"title":"t","tag":"t","deletions":{"sha":[]},"id":"A-1","text":"t"}'
        )
    answer = scene.served.client.request(
        method, filled, content=body, headers=scene.headers(who), follow_redirects=False
    )
    headers = sorted(
        (key, value.replace(name, "NAME").replace(short, "SHORT"))
        for key, value in answer.headers.items()
        if not VARYING.fullmatch(key)
    )
    text = answer.text.replace(name, "NAME").replace(short, "SHORT")
    return answer.status_code, tuple(headers), text


@pytest.mark.parametrize("who", WHO)
def test_a_sealed_release_with_a_draft_is_like_nothing(scene: Scene, who: str) -> None:
    """By no method of no route that names a repository can the two be told apart."""
    asked = routes(scene)
    assert len(asked) > 100
    for method, path in asked:
        hidden = ask(scene, method, path, HIDDEN, who)
        nowhere = ask(scene, method, path, NOWHERE, who)
        assert hidden == nowhere, (method, path, who)
        assert hidden[0] < 500 or hidden[0] == 501, (method, path, who, hidden)


@pytest.mark.parametrize("state", ["untrusted", "not-yet"])
def test_an_unverified_release_is_like_nothing(scene: Scene, state: str) -> None:
    """A decision whose signers are not trusted, or of a day to come, shows nothing."""
    back = scene.enter(state)
    try:
        for method, path in routes(scene):
            if method in ("GET", "HEAD"):
                hidden = ask(scene, method, path, scene.name(Tier.OPEN_WEIGHTS), "stranger")
                assert hidden == ask(scene, method, path, NOWHERE, "stranger"), path
    finally:
        back()


@pytest.mark.parametrize("tail", ["", "/request-access", "/tree/main", "/blob/main/x", "/x"])
def test_the_pages_of_a_sealed_release_are_those_of_nothing(scene: Scene, tail: str) -> None:
    """So are the pages for people, to the letter but for the name."""
    pages = TestClient(application(scene.served.hub))
    for who in WHO:
        hidden, nowhere = (
            pages.get(f"/{name}{tail}", headers=scene.headers(who)) for name in (HIDDEN, NOWHERE)
        )
        assert hidden.status_code == nowhere.status_code
        assert hidden.text.replace(HIDDEN, "N") == nowhere.text.replace(NOWHERE, "N")


@pytest.mark.slow
def test_a_sealed_release_takes_no_longer_to_deny(scene: Scene) -> None:
    """Side by side, the medians of the two refusals are within half of each other."""
    paths = [f"/{name}/resolve/main/{SECRET}" for name in (HIDDEN, NOWHERE)]
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(800):
        for at in (0, 1) if number % 2 else (1, 0):
            begun = time.perf_counter()
            scene.get(paths[at], "stranger")
            times[at].append(time.perf_counter() - begun)
    hidden, nowhere = (statistics.median(each[100:]) for each in times)
    assert 1 / 1.5 < hidden / nowhere < 1.5, (hidden, nowhere)


def test_nothing_of_a_sealed_release_is_verified_when_asked(scene: Scene, monkeypatch) -> None:
    """Signatures and files are not looked at for a refusal: that would take its time."""

    def looked(*_args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(scene.served.hub, "_verified", looked)
    assert scene.served.hub.known(HIDDEN) is None
