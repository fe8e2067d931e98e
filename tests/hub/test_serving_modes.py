"""Who sends open files: the hub, nginx before it, or the bucket; what is gated, only the hub."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from hub_live import listening
from hub_scale import behind_nginx
from hub_served import Served
from hub_world import FILES, World, weights
from openweir.hub.audit import AccessEvent
from openweir.hub.front import Front
from openweir.tier import Tier
from servers import Servers

pytestmark = pytest.mark.peer

LARGE = weights(bytes(range(256)) * 12_000)
ALL = {**FILES, "model.safetensors": LARGE}
NAMES = {"acme/open": Tier.OPEN_WEIGHTS, "acme/gated": Tier.GATED_WEIGHTS}
WEIGHTS = "resolve/main/model.safetensors"


def released(root: Path, *, scale: bool) -> Served:
    """A hub with an open and a gated release of the same files."""
    served = Served(World(root / "world"), root, scale=scale)
    for name, tier in NAMES.items():
        answer = served.publish(served.world.release(name, tier=tier, files=ALL))
        assert answer.status_code == 200, answer.text
    served.settle("acme/gated")
    return served


@pytest.fixture(scope="module")
def accel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str, str]]:
    """A hub of one machine behind nginx that sends its open files; with both addresses."""
    if os.environ.get("OPENWEIR_TEST_HUB") not in (None, "embedded"):
        pytest.skip("nginx sends files of this machine only")
    served = released(tmp_path_factory.mktemp("accel"), scale=False)
    served.hub.front = Front(accel="/_blobs/")
    with ExitStack() as stack:
        hub = stack.enter_context(listening(served.hub))
        servers = stack.enter_context(Servers())
        yield served, behind_nginx(servers, [urlsplit(hub).port], accel=served.hub.data), hub
    served.close()


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A hub over a bucket that answers open files with links into it."""
    served = released(tmp_path_factory.mktemp("linked"), scale=True)
    served.hub.front = Front(links=True)
    with listening(served.hub) as url:
        yield served, url
    served.close()


def same_but(one: httpx.Response, other: httpx.Response) -> None:
    """The headers that clients rely on are the same whoever sends."""
    names = ("x-repo-commit", "etag", "x-linked-etag", "x-linked-size", "content-disposition")
    names += ("content-security-policy", "x-content-type-options", "content-type", "vary")
    assert {name: one.headers.get(name) for name in names} == {
        name: other.headers.get(name) for name in names
    }


def linked_by(served: Served) -> list[AccessEvent]:
    """The links that the audit says were made so far."""
    return [one for one in served.hub.audit.events("acme/open") if one.status == 302]


def counted(served: Served, name: str, request_id: str) -> int:
    """The bytes that the audit says went out for a request, once it says so."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for event in served.hub.audit.events(name):
            if (event.request_id, event.phase) == (request_id, "end"):
                return event.sent_bytes
        time.sleep(0.02)
    raise TimeoutError(request_id)


class TestAccel:
    """nginx sends what the hub names to it."""

    @pytest.mark.parametrize("asked", [None, "bytes=0-0", "bytes=100000-2000000", "bytes=-9"])
    def test_the_same_answer(self, accel: tuple[Served, str, str], asked: str | None) -> None:
        """Bytes, status and headers are those of the hub itself."""
        _, front, hub = accel
        headers = {} if asked is None else {"Range": asked}
        by_front = httpx.get(f"{front}/acme/open/{WEIGHTS}", headers=headers)
        by_hub = httpx.get(f"{hub}/acme/open/{WEIGHTS}", headers=headers)
        assert by_front.status_code == by_hub.status_code == (200 if asked is None else 206)
        assert by_front.content == by_hub.content
        assert by_front.headers.get("content-range") == by_hub.headers.get("content-range")
        assert "x-accel-redirect" not in by_front.headers
        same_but(by_front, by_hub)

    def test_conditions(self, accel: tuple[Served, str, str]) -> None:
        """The hub hears them: nginx and buckets know a file by other tags than it gave."""
        _, front, hub = accel
        tag = httpx.head(f"{hub}/acme/open/{WEIGHTS}").headers["etag"]
        for headers, status in (
            ({"If-Match": tag}, 200),
            ({"If-Match": tag, "Range": "bytes=7-9"}, 206),
            ({"If-Match": '"other"'}, 412),
            ({"If-None-Match": tag}, 304),
            ({"If-Range": tag, "Range": "bytes=7-9"}, 206),
            ({"If-Range": '"other"', "Range": "bytes=7-9"}, 200),
        ):
            answer = httpx.get(f"{front}/acme/open/{WEIGHTS}", headers=headers)
            assert answer.status_code == status, headers

    def test_the_audit_says_who_sent_it(self, accel: tuple[Served, str, str]) -> None:
        """Handed on: when, to whom and what, with no number of bytes that nobody counted."""
        served, front, hub = accel
        said = {"X-Request-Id": "this-very-one"}
        httpx.get(f"{front}/acme/open/{WEIGHTS}", headers=said)
        events = served.hub.audit.events("acme/open")
        (handed,) = (one for one in events if one.request_id == "this-very-one")
        assert handed.detail == "handed to the front, which sends it"
        assert (handed.phase, handed.sent_bytes, handed.status) == ("", 0, 200)
        assert handed.path == "model.safetensors"
        said = {"X-Request-Id": "another", "X-Openweir-Front": "/_other/"}
        httpx.get(f"{hub}/acme/open/{WEIGHTS}", headers=said)
        assert counted(served, "acme/open", "another") == len(LARGE)

    def test_gated_bytes_are_counted_by_the_hub(self, accel: tuple[Served, str, str]) -> None:
        """What a grant opens never leaves the hub's hands, although it is the very same blob."""
        served, front, _ = accel
        path = f"{front}/acme/gated/{WEIGHTS}"
        assert httpx.get(path).status_code == 401
        assert httpx.get(path, headers=served.headers("rejected")).status_code == 403
        said = {"X-Request-Id": "by-a-grant", **served.headers("granted")}
        answer = httpx.get(path, headers=said)
        assert (answer.status_code, answer.content) == (200, LARGE)
        assert counted(served, "acme/gated", "by-a-grant") == len(LARGE)

    def test_nobody_else_asks_for_blobs(self, accel: tuple[Served, str, str]) -> None:
        """The location is nginx's own: not by its name, not by tricks with the path."""
        served, front, _ = accel
        (digest,) = {
            name
            for name in served.kept("blobs/")
            if served.hub.blobs.identity(name).size == len(LARGE)
        }  # type: ignore[union-attr]
        key = f"{digest[:2]}/{digest}"
        for path in (
            f"/_blobs/{key}",
            f"/x/../_blobs/{key}",
            f"/%5fblobs/{key}",
            f"//_blobs/{key}",
        ):
            with httpx.stream("GET", front + path) as answer:
                assert answer.status_code == 404, path

    def test_a_damaged_file_is_not_handed_on(self, accel: tuple[Served, str, str]) -> None:
        """The hub looks at the file before nginx does. Comes last: it stays damaged."""
        served, front, _ = accel
        (digest,) = {
            name
            for name in served.kept("blobs/")
            if served.hub.blobs.identity(name).size == len(LARGE)
        }  # type: ignore[union-attr]
        served.flip(digest, 7)
        assert httpx.get(f"{front}/acme/open/{WEIGHTS}").status_code == 500


class TestLinks:
    """The bucket sends what the hub links to."""

    def test_an_open_file(self, linked: tuple[Served, str]) -> None:
        """A redirect with the file's headers on it, to a link that works for a minute at most."""
        served, url = linked
        before = linked_by(served)
        first = httpx.get(f"{url}/acme/open/{WEIGHTS}")
        assert first.status_code == 302
        assert first.headers["cache-control"] == "no-store"
        same_but(first, httpx.get(f"{url}/acme/open/{WEIGHTS}", headers={"Range": "bytes=0-"}))
        query = parse_qs(urlsplit(first.headers["location"]).query)
        assert int(query["X-Amz-Expires"][0]) <= 60
        assert httpx.get(first.headers["location"]).content == LARGE
        (event,) = linked_by(served)[len(before) :]
        assert (event.detail, event.sent_bytes) == ("a link into the bucket for 60 s", 0)

    def test_heads_and_ranges_stay(self, linked: tuple[Served, str]) -> None:
        """Servers that answer a range behind a link with 200 spoil no resumed download."""
        _, url = linked
        head = httpx.head(f"{url}/acme/open/{WEIGHTS}")
        assert (head.status_code, head.headers["content-length"]) == (200, str(len(LARGE)))
        part = httpx.get(f"{url}/acme/open/{WEIGHTS}", headers={"Range": "bytes=5-8"})
        assert (part.status_code, part.content) == (206, LARGE[5:9])
        # The part just sent is no reason to send the whole from here.
        assert httpx.get(f"{url}/acme/open/{WEIGHTS}").status_code == 302
        for condition in ("If-Match", "If-None-Match"):
            headers = {condition: head.headers["etag"]}
            answer = httpx.get(f"{url}/acme/open/{WEIGHTS}", headers=headers)
            assert answer.status_code == {"If-Match": 200, "If-None-Match": 304}[condition]
        small = httpx.get(f"{url}/acme/open/resolve/main/README.md")
        assert (small.status_code, small.content) == (200, FILES["README.md"])

    def test_what_is_gated_goes_through_the_hub(self, linked: tuple[Served, str]) -> None:
        """No link is ever made to what a grant opens: a link cannot be taken back."""
        served, url = linked
        for user, status in ((None, 401), ("rejected", 403), ("granted", 200)):
            answer = httpx.get(f"{url}/acme/gated/{WEIGHTS}", headers=served.headers(user))
            assert answer.status_code == status
            assert "location" not in answer.headers
        assert answer.content == LARGE

    def test_a_stock_client_follows(self, linked: tuple[Served, str], tmp_path: Path) -> None:
        """huggingface_hub takes the metadata from the redirect and the bytes from the bucket."""
        served, url = linked
        before = linked_by(served)
        code = (
            "import sys; from huggingface_hub import snapshot_download as get;"
            "get('acme/open', local_dir=sys.argv[1])"
        )
        told = {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path / "hf"), "NO_PROXY": "*"}
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "got")],
            env={**os.environ, **told},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "got" / "model.safetensors").read_bytes() == LARGE
        assert len(linked_by(served)) == len(before) + 1

    def test_a_halt_ends_links(self, linked: tuple[Served, str]) -> None:
        """From the halt on no link is made; those that are out end within the minute. Last."""
        served, url = linked
        body = {"trigger": "weights-leak", "reason": "copies were found"}
        path = f"{url}/api/openweir/releases/acme/open/halt"
        assert httpx.post(path, json=body, headers=served.headers("acme")).status_code == 200
        assert httpx.get(f"{url}/acme/open/{WEIGHTS}").status_code == 403


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--accel", "_blobs"), "no location of nginx"),
        (("--accel", "/a/../b/"), "no location of nginx"),
        (("--accel", "/_blobs/", "--blobs", "s3://b"), "files of this machine"),
        (("--redirect-open",), "only a bucket"),
        (("--blobs", "s3://b", "--redirect-open", "ftp://x"), "no address"),
        (("--blobs", "s3://b", "--redirect-open", "http://x/?y"), "no address"),
    ],
)
def test_modes_fit_to_where_files_lie(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything starts, an impossible mode is refused in one sentence with the way on."""
    from openweir.cli.main import main

    assert main(["serve", "--home", str(tmp_path), *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "_blobs/" in told or "--redirect-open" in told
