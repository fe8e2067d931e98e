"""Three processes over one database: revocation, halts and orders reach them all in time.

Over SQLite and files they are asked in turns; over PostgreSQL and S3 the downloads come through
nginx, which chooses.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from hub_scale import behind_nginx
from hub_served import Served
from hub_world import NOW, World, weights
from openweir.hub.audit.verify import export, verify_export
from servers import Servers

pytestmark = pytest.mark.peer

WITHIN_SECONDS = 2.0
NAME = "acme/small"
DOWNLOADS = 20
SIZE = 96 * 1024 * 1024
PATH = f"/{NAME}/resolve/main/model.safetensors"


@dataclass
class Download:
    """One slow client that keeps reading until it is stopped, then asks for the rest."""

    url: str
    token: str
    received: int = 0
    ended_at: float = 0.0
    started: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Read 128 KiB at a time, slowly."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        connection.connect()
        # What the kernel holds for a slow reader was sent long before it is read.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 256 * 1024)
        connection.request("GET", PATH, headers={"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        assert answer.status == 200
        try:
            while piece := answer.read1(128 * 1024):
                self.received += len(piece)
                self.started.set()
                time.sleep(0.02)
        except (http.client.IncompleteRead, OSError):
            pass
        self.ended_at = time.monotonic()
        connection.close()


@dataclass
class Replicas:
    """The processes and the hub they share; `fronts` is where clients go."""

    served: Served
    urls: list[str]
    fronts: list[str]
    processes: list["subprocess.Popen[bytes]"]

    def ask(self, url: str, user: str, **headers: str) -> tuple[int, str]:
        """Ask for seven bytes; returns status and message."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        bearer = {"Authorization": f"Bearer {self.served.tokens[user]}", "Range": "bytes=3-9"}
        connection.request("GET", PATH, headers=bearer | headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers.get("X-Error-Message", "")

    def post(self, url: str, method: str, path: str, body: object) -> None:
        """Act as the publisher on one replica."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.served.tokens['acme']}"}
        connection.request(method, path, json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        connection.close()


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Replicas]:
    """Three processes of `openweir serve` over what they share, with a gated release."""
    served = Served(World(tmp_path / "world"), tmp_path)
    database, blobs = served.shared
    shared = () if served.embedded else ("--database", database, "--blobs", blobs)
    files = {
        "model.safetensors": weights(os.urandom(1024) * (SIZE // 1024)),
        "README.md": b"# It\n",
    }
    assert served.publish(served.world.release(NAME, files=files)).is_success
    served.settle()
    served.hub.close()
    (tmp_path / "trust.toml").write_text(served.world.trust.to_text())
    with Servers() as servers:
        urls = []
        for number in range(3):
            ready = tmp_path / f"ready-{number}"
            words = (
                *("serve", "--port", "0", "--home", tmp_path / "home", "--data", tmp_path / "hub"),
                *("--trust", tmp_path / "trust.toml", "--as-of", "2026-11-21"),
                *("--register", served.world.root / "register", "--ready-file", ready, *shared),
            )
            command = (sys.executable, "-m", "openweir", *words)
            servers.start(f"replica-{number}", command, ready.exists)
            urls.append(ready.read_text().strip())
        processes = [process for _, process in servers.started]
        ports = [int(url.rpartition(":")[2]) for url in urls]
        fronts = urls if served.embedded else [behind_nginx(servers, ports)]
        yield Replicas(served=served, urls=urls, fronts=fronts, processes=processes)
        # What serves no more has nothing to finish.
        for process in processes:
            process.kill()
    served.close()


def started(replicas: Replicas) -> list[tuple[Download, threading.Thread]]:
    """Begin twenty downloads, spread over the replicas."""
    running = []
    for number in range(DOWNLOADS):
        url = replicas.fronts[number % len(replicas.fronts)]
        token = replicas.served.tokens["granted"]
        download = Download(url=url, token=token)
        thread = threading.Thread(target=download.run)
        thread.start()
        running.append((download, thread))
    for download, _ in running:
        assert download.started.wait(60)
    return running


def stopped(running: list[tuple[Download, threading.Thread]], since: float) -> float:
    """Wait for all; return how long after `since` the last byte came."""
    for _, thread in running:
        thread.join(timeout=60)
    assert all(download.received < SIZE for download, _ in running)
    return max(download.ended_at for download, _ in running) - since


@dataclass
class Refusal:
    """The first refusal of a new range; seconds since it was due.

    Attributes:
        asked: when the range was asked for.
        answered: when the refusal was here.
        message: what it says.
    """

    asked: float
    answered: float
    message: str


def refused_by_all(replicas: Replicas, urls: list[str], since: float) -> list[Refusal]:
    """Ask each of them for new ranges at once, until it refuses one."""

    def ask(url: str) -> Refusal:
        while True:
            asked = time.monotonic()
            status, message = replicas.ask(url, "granted")
            answered = time.monotonic()
            if status in (401, 403, 404):
                return Refusal(asked - since, answered - since, message)
            assert answered - since < 30

    with ThreadPoolExecutor(len(urls)) as pool:
        return list(pool.map(ask, urls))


def test_a_revoked_grant_stops_every_replica_within_two_seconds(replicas: Replicas) -> None:
    """Acceptance test 7: new ranges are refused, running streams end, all bytes are logged."""
    running = started(replicas)
    since = time.monotonic()
    path = f"/api/openweir/releases/{NAME}/grants/granted"
    replicas.post(replicas.urls[0], "DELETE", path, {"reason": "the contract ended"})
    everywhere = sorted({*replicas.urls, *replicas.fronts})
    refusals = refused_by_all(replicas, everywhere, since)
    last = stopped(running, since)
    sys.stdout.write(f"first refusal of each asked for by {max(r.asked for r in refusals):.2f} s, ")
    sys.stdout.write(f"answered by {max(r.answered for r in refusals):.2f} s, ")
    sys.stdout.write(f"last byte of {DOWNLOADS} streams after {last:.2f} s\n")
    assert all(refusal.answered <= WITHIN_SECONDS for refusal in refusals)
    assert all("your request is rejected" in refusal.message for refusal in refusals)
    # What lay in the sockets' buffers is read after it was sent: the slow readers need a moment.
    assert last <= WITHIN_SECONDS + (3 if replicas.fronts == replicas.urls else 6)


def test_a_halt_stops_every_replica_and_the_log_has_each_byte(replicas: Replicas) -> None:
    """DisabledRepoError's own text on all replicas; what went out is what the chain says."""
    running = started(replicas)
    since = time.monotonic()
    body = {"trigger": "weights-leak", "reason": "copies were found"}
    replicas.post(replicas.urls[1], "POST", f"/api/openweir/releases/{NAME}/halt", body)
    refusals = refused_by_all(replicas, replicas.urls, since)
    stopped(running, since)
    assert all(refusal.answered <= WITHIN_SECONDS for refusal in refusals)
    assert {one.message for one in refusals} == {"Access to this resource is disabled."}
    for process in replicas.processes:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=20)
    hub = replicas.served.another()
    report = verify_export(export(hub.audit.chain), key=hub.audit.verifier)
    events = hub.audit.events(NAME)
    cut = [event for event in events if event.cut]
    hub.close()
    assert report.faults == ()
    assert report.unfinished == 0
    assert len(cut) == DOWNLOADS
    # Handed to the connection is what the log counts; a closed socket may swallow its buffer.
    handed = sum(event.sent_bytes for event in cut)
    assert sum(download.received for download, _ in running) <= handed
    assert replicas.served.now > NOW


def test_an_order_in_the_log_stops_every_replica(replicas: Replicas) -> None:
    """A regulator's order needs no restart and no word to the replicas."""
    from hub.test_orders import entry

    assert replicas.ask(replicas.urls[0], "granted")[0] == 206
    since = time.monotonic()
    replicas.served.world.log.append([entry(NAME)])
    for refusal in refused_by_all(replicas, replicas.urls, since):
        assert refusal.answered <= WITHIN_SECONDS
        assert refusal.message == "Access to this resource is disabled."
