"""What operators see of a hub that serves: metrics, health, logs; and what they must not see."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub_served import Served
from hub_world import FILES, World, weights
from openweir.hub.api.observed import Observed
from openweir.hub.metrics import Metrics, Spread
from openweir.tier import Tier

NAME = "acme/small"
PATH = f"/{NAME}/resolve/main/model.safetensors"


@dataclass
class Watched:
    """A process of `openweir serve`, and what it wrote to standard error."""

    served: Served
    url: str
    process: "subprocess.Popen[bytes]"
    errors: Path

    def lines(self) -> list[str]:
        """Its log so far."""
        return self.errors.read_text().splitlines()

    def client(self, user: str | None = None) -> httpx.Client:
        """A client of it."""
        return httpx.Client(base_url=self.url, headers=self.served.headers(user), timeout=30)


def started(root: Path, *words: str, **environment: str) -> Watched:
    """A hub with a gated release of 64 MiB, served in a process of its own."""
    served = Served(World(root / "world"), root)
    if not served.embedded:
        pytest.skip("one process is enough here")
    files = {**FILES, "model.safetensors": weights(bytes(64 * 1024 * 1024))}
    assert served.publish(served.world.release(NAME, files=files)).is_success
    served.settle()
    served.hub.close()
    (root / "trust.toml").write_text(served.world.trust.to_text())
    ready, errors = root / "ready", root / "errors"
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            (
                *(sys.executable, "-m", "openweir", "serve", "--port", "0"),
                *("--home", str(root / "home"), "--data", str(root / "hub")),
                *("--trust", str(root / "trust.toml"), "--as-of", "2026-11-21"),
                *("--register", str(served.world.root / "register")),
                *("--ready-file", str(ready), *words),
            ),
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=stream,
        )
    until = time.monotonic() + 60
    while not ready.exists():
        assert process.poll() is None, errors.read_text()
        assert time.monotonic() < until
        time.sleep(0.05)
    return Watched(served, ready.read_text().strip(), process, errors)


def ended(watched: Watched) -> None:
    """Stop the process in order."""
    watched.process.terminate()
    watched.process.wait(timeout=20)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One with metrics and a log of JSON lines."""
    found = started(tmp_path_factory.mktemp("watched"), "--metrics", "--log", "json")
    yield found
    ended(found)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, sorted labels) -> value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_count_what_was_asked(watched: Watched) -> None:
    """Requests by route, method and status; refusals by code; bytes; in Prometheus' own form."""
    with watched.client("granted") as client:
        before = samples(client.get("/metrics").text)
        assert client.get(PATH, headers={"Range": "bytes=0-99"}).status_code == 206
        assert client.head(PATH).status_code == 200
        assert client.get("/acme/none/resolve/main/x").status_code == 404
        answer = client.get("/metrics")
    with watched.client() as client:
        assert client.get(PATH).status_code == 401
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    now = samples(answer.text)
    route = ("route", "/{org}/{name}/resolve/{rest:path}")

    def grown(name: str, *labels: tuple[str, str]) -> float:
        key = (name, tuple(sorted(labels)))
        return now[key] - before.get(key, 0)

    ask = "openweir_requests_total"
    assert grown(ask, route, ("method", "GET"), ("status", "206")) == 1
    assert grown(ask, route, ("method", "HEAD"), ("status", "200")) == 1
    assert grown("openweir_refusals_total", ("code", "hub.repo-not-found")) == 1
    assert grown("openweir_request_seconds_count", route) == 3
    assert grown("openweir_sent_bytes_total") >= 100
    assert now["openweir_running_downloads", ()] == 0
    assert now["openweir_hears_replicas", ()] == 1
    assert now["process_resident_memory_bytes", ()] > 0
    for word in ("granted", "acme", "safetensors"):
        assert word not in answer.text


def test_metrics_are_no_page_for_others(watched: Watched) -> None:
    """What comes through a proxy is answered as if there were no such page."""
    with watched.client() as client:
        for header in ("X-Forwarded-For", "Via", "Forwarded", "X-Real-IP"):
            assert client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 404


def test_a_line_for_each_request(watched: Watched) -> None:
    """JSON, with the id that the answer carries, route, status and bytes."""
    with watched.client("granted") as client:
        first = client.get(PATH, headers={"Range": "bytes=5-9", "X-Request-Id": "mine-1"})
        page = client.get("/")
        refused = client.get("/api/models/acme/none")
    assert first.headers["x-request-id"] == "mine-1"
    wanted = {"mine-1", page.headers["x-request-id"], refused.headers["x-request-id"]}
    until = time.monotonic() + 10
    found: dict[str, dict[str, object]] = {}
    while not wanted <= found.keys() and time.monotonic() < until:
        told = [json.loads(line) for line in watched.lines()]
        found = {one["request_id"]: one for one in told if one["event"] == "request"}
    line = found["mine-1"]
    assert (line["method"], line["path"], line["status"]) == ("GET", PATH, 206)
    assert (line["sent_bytes"], line["code"], line["cut"]) == (5, "", False)
    assert line["route"] == "/{org}/{name}/resolve/{rest:path}"
    assert found[refused.headers["x-request-id"]]["code"] == "hub.repo-not-found"
    assert str(line["at"]).endswith("Z")


def test_no_secret_is_logged(watched: Watched) -> None:
    """Tokens, links and queries stand nowhere, be they in a header, a path or a query."""
    served = watched.served
    token = served.tokens["acme"]
    with watched.client("acme") as client:
        client.post("/api/repos/create", json={"name": "secret"})
        body = {"operation": "upload", "objects": [{"oid": "a" * 64, "size": 3}]}
        batch = client.post("/acme/secret.git/info/lfs/objects/batch", json=body).json()
        href = batch["objects"][0]["actions"]["upload"]["href"]
        assert client.put(href, content=b"abc").status_code == 422
        client.get(f"/{token}/x/resolve/main/y?token={token}")
        client.get(f"/acme/small?purpose={token}")
        xet = client.get("/api/models/acme/secret/xet-write-token/main").json()
    link = href.rpartition("/")[2]
    time.sleep(0.5)
    shown = "\n".join(watched.lines())
    assert "/api/openweir/lfs/{link}" in shown
    for secret in (token, link, link[:40], xet["accessToken"], "purpose="):
        assert secret not in shown
    assert "Bearer" not in shown


def _read_slowly(pieces: Iterator[bytes]) -> None:
    for _ in pieces:
        time.sleep(0.05)


def test_a_stream_that_is_cut_is_no_error(watched: Watched) -> None:
    """The halt ends the download and its line says so; the server complains of nothing."""
    with watched.client("granted") as client, client.stream("GET", PATH) as answer:
        received = answer.iter_raw()
        next(received)
        with watched.client("acme") as owner:
            body = {"trigger": "weights-leak", "reason": "copies were found"}
            path = f"/api/openweir/releases/{NAME}/halt"
            assert owner.post(path, json=body).is_success
            with pytest.raises(httpx.RemoteProtocolError):
                _read_slowly(received)
            assert owner.request("DELETE", path).is_success
    time.sleep(0.5)
    told = [json.loads(line) for line in watched.lines()]
    assert any(one.get("cut") for one in told)
    assert [one for one in told if one["level"] == "error"] == []
    with watched.client() as client:
        now = samples(client.get("/metrics").text)
    assert now["openweir_streams_cut_total", ()] == 1
    assert now["openweir_running_downloads", ()] == 0


def test_text_is_for_people_and_off_by_default(tmp_path: Path) -> None:
    """Without `--log` no request is told and no metrics are; a token opens them to others."""
    quiet = started(tmp_path / "quiet")
    with quiet.client("granted") as client:
        assert client.get(PATH, headers={"Range": "bytes=0-9"}).status_code == 206
        assert client.get("/metrics").status_code == 404
    ended(quiet)
    assert quiet.lines() == []
    spoken = started(
        tmp_path / "text", "--log", "text", "--metrics", OPENWEIR_METRICS_TOKEN="reader-1"
    )
    with spoken.client("granted") as client:
        client.get(PATH, headers={"Range": "bytes=0-9", "X-Request-Id": "mine-2"})
        assert client.get("/metrics").status_code == 404
        proxied = {"Authorization": "Bearer reader-1", "X-Forwarded-For": "203.0.113.9"}
        assert client.get("/metrics", headers=proxied).status_code == 200
    ended(spoken)
    (line,) = [line for line in spoken.lines() if "mine-2" in line]
    assert f"206 GET {PATH} 10 bytes" in line


@pytest.mark.parametrize("scale", [False, pytest.param(True, marks=pytest.mark.peer)])
def test_health(scale: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`/healthz` asks nobody; `/readyz` is 503 while the database or the files do not answer."""
    from openweir.hub.api import health

    monkeypatch.setattr(health, "_KEPT_SECONDS", -1.0)
    served = Served(World(tmp_path / "world"), tmp_path, scale=scale)
    try:
        assert served.client.get("/healthz").text == "ok\n"
        assert served.client.get("/readyz").json() == {
            "ready": True,
            "database": True,
            "files": True,
        }

        def fail(*_: object) -> None:
            raise OSError(5, "out of reach")

        with monkeypatch.context() as broken:
            broken.setattr(served.hub.storage, "stamp", fail)
            answer = served.client.get("/readyz")
            assert (answer.status_code, answer.json()["files"]) == (503, False)
        with monkeypatch.context() as broken:
            from sqlalchemy import create_engine

            gone = create_engine("sqlite:////nowhere/at/all.sqlite")
            broken.setattr(served.hub.store, "_engine", gone)
            answer = served.client.get("/readyz")
            assert (answer.status_code, answer.json()["database"]) == (503, False)
        assert served.client.get("/readyz").status_code == 200
    finally:
        served.close()


def test_counting_is_cheap(tmp_path: Path) -> None:
    """One request is counted in a few microseconds, whatever the machine is busy with."""
    metrics = Metrics()
    best = min(
        _seconds(lambda: metrics.answered("/{org}/{name}", "HEAD", 200, 0.0004, sent=0, received=0))
        for _ in range(20)
    )
    assert best < 20e-6
    assert tmp_path.exists()


def _seconds(work) -> float:
    began = time.perf_counter()
    for _ in range(1000):
        work()
    return (time.perf_counter() - began) / 1000


def test_spread_counts_up() -> None:
    """Buckets are cumulative and end with all observations, on the bound counts as within."""
    spread = Spread((0.1, 1.0))
    for value in (0.1, 0.5, 7.0):
        spread.observe(value)
    assert spread.buckets() == [("0.1", 1.0), ("1.0", 2.0), ("+Inf", 3.0)]
    assert spread.sum == pytest.approx(7.6)


def test_running_counts_come_back_to_nothing(tmp_path: Path) -> None:
    """Downloads and uploads that ended, failed or were refused leave the gauges at zero."""
    served = Served(World(tmp_path / "world"), tmp_path)
    assert served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS)).is_success
    metrics = Metrics()
    app = Observed(Starlette(routes=served.hub.routes()), metrics=metrics)
    client = TestClient(app)
    threads = [
        threading.Thread(target=client.get, args=(path,))
        for path in (PATH, "/acme/none/resolve/main/x", "/healthz", "/api/none")
    ]
    threads.append(threading.Thread(target=client.post, args=("/api/repos/create",)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (metrics.downloads, metrics.uploads) == (0, 0)
    served.close()
