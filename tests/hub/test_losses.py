"""What the scale-out form does when its database, its bucket or a replica is gone for a while."""

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

import local
from hub_scale import needs_s3
from openweir.digest import sha256
from servers import MissingProgramError, Servers

pytestmark = [pytest.mark.peer, pytest.mark.slow]

OWNER = local.OWNER
SIZE = 3_000_000


@dataclass
class Site:
    """A fleet of real processes and a client of the nginx before them."""

    servers: Servers
    fleet: local.Fleet
    client: httpx.Client

    def upload(self, content: bytes, *, slow: float = 0.0) -> int:
        """Send a large file as LFS clients do; returns the status of the PUT, 0 for a cut line."""
        digest = sha256(content)
        batch = {"operation": "upload", "objects": [{"oid": digest, "size": len(content)}]}
        answer = self.client.post(f"/{OWNER}/m.git/info/lfs/objects/batch", json=batch)
        if answer.status_code != 200:
            return answer.status_code
        href = answer.json()["objects"][0]["actions"]["upload"]["href"]

        def pieces() -> Iterator[bytes]:
            for start in range(0, len(content), 100_000):
                yield content[start : start + 100_000]
                time.sleep(slow)

        length = {"Content-Length": str(len(content))}
        try:
            return httpx.put(href, content=pieces(), headers=length, timeout=60).status_code
        except httpx.TransportError:
            return 0

    def commit(self, path: str, content: bytes) -> httpx.Response:
        """Commit a file that was uploaded, and a small one beside it."""
        said = {
            "header": {"summary": path},
            "lfsFile": {
                "path": path,
                "algo": "sha256",
                "oid": sha256(content),
                "size": len(content),
            },
            "file": {"path": f"{path}.txt", "content": path},
        }
        lines = "\n".join(json.dumps({"key": key, "value": value}) for key, value in said.items())
        return self.client.post(f"/api/models/{OWNER}/m/commit/main", content=lines)

    def read(self, path: str) -> httpx.Response:
        """Download a file of the draft."""
        return self.client.get(f"/{OWNER}/m/resolve/main/{path}")

    def head(self) -> str:
        """The newest commit."""
        return str(self.client.get(f"/api/models/{OWNER}/m").json()["sha"])


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """PostgreSQL, rclone, three replicas and nginx, each a process of its own."""
    needs_s3("rclone")
    with Servers() as servers:
        try:
            fleet = local.start(servers, replicas=3, s3="rclone")
        except MissingProgramError as missing:
            pytest.skip(str(missing))
        headers = {"Authorization": f"Bearer {fleet.token}"}
        with httpx.Client(base_url=fleet.url, headers=headers, timeout=60) as client:
            client.post("/api/repos/create", json={"name": "m"}).raise_for_status()
            yield Site(servers, fleet, client)


def content_of(number: int) -> bytes:
    """Bytes that nobody sent before."""
    return random.Random(number).randbytes(SIZE)


def refused(answer: httpx.Response) -> None:
    """A clean refusal: try again, and when; nothing of how it looks inside."""
    assert answer.status_code == 503, (answer.status_code, answer.text)
    assert int(answer.headers["retry-after"]) > 0
    assert "try again" in answer.json()["error"]
    assert "127.0.0.1" not in answer.text


@pytest.mark.parametrize("lost", ["postgres", "s3"])
def test_a_lost_store_is_a_503_and_costs_nothing(site: Site, lost: str) -> None:
    """While database or bucket is away every request that needs it says so; then all is there."""
    kept, uploaded, never = (content_of(at) for at in ((1, 2, 3) if lost == "s3" else (4, 5, 6)))
    assert site.upload(kept) == 200
    assert site.commit(f"kept-{lost}.bin", kept).status_code == 200
    head = site.head()
    assert site.upload(uploaded) == 200
    site.servers.kill(lost)
    # Answers and entity tags are kept for a second.
    time.sleep(1.2)
    for _ in range(3):
        refused(site.read(f"kept-{lost}.bin"))
    assert site.upload(never) == 503
    if lost == "postgres":
        refused(site.client.get(f"/api/models/{OWNER}/m"))
        refused(site.commit("new.bin", uploaded))
        refused(site.client.get("/"))
    else:
        # What needs no bytes is still answered.
        assert site.head() == head
        refused(site.commit("new.bin", uploaded))
    site.servers.again(lost)
    assert site.read(f"kept-{lost}.bin").content == kept
    assert site.head() == head
    assert site.commit(f"after-{lost}.bin", uploaded).status_code == 200
    assert site.read(f"after-{lost}.bin").content == uploaded


def test_a_replica_killed_during_an_upload(site: Site) -> None:
    """Of three uploads at once one dies with its replica; its client's next try wins."""
    contents = [content_of(number) for number in (7, 8, 9)]
    before = site.head()
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(site.upload, content, slow=0.05) for content in contents]
        threading.Event().wait(0.7)
        site.servers.kill("replica-2")
        found = [one.result() for one in running]
    assert sorted(status == 200 for status in found) == [False, True, True]
    assert set(found) <= {0, 200, 502}
    lost = contents[next(at for at, status in enumerate(found) if status != 200)]
    refusal = site.commit("half.bin", lost)
    assert refusal.status_code == 400
    assert site.head() == before
    assert site.upload(lost) == 200
    for number, content in enumerate(contents):
        assert site.commit(f"{number}.bin", content).status_code == 200
        assert site.read(f"{number}.bin").content == content
    # Come back, it takes its own journal over: every byte that any of them sent is in the chain.
    (Path(site.servers.root) / "ready-2").unlink()
    site.servers.again("replica-2")
    words = ("hub", "audit", "verify", "--database", site.fleet.environment["OPENWEIR_DATABASE"])
    report = site.fleet.openweir(*words, "--data", str(site.servers.root / "replica-2"))
    assert "the chain is whole" in report
