"""What a hub keeps when it is killed, when the disk is full, when the line is cut."""

import hashlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from hub_scale import scale_out
from openweir.digest import sha256
from openweir.hub.accounts import Accounts
from openweir.hub.blobs import Blobs
from openweir.hub.links import Links
from openweir.hub.repository.repositories import Kind
from openweir.hub.storage import open_storage
from openweir.hub.store import Store
from openweir.hub.workspace import Workspace

sys.path.insert(0, str(Path(__file__).parent / "conformance"))
from served import AT, SOURCE

pytestmark = pytest.mark.slow


class Process:
    """A hub in a process of its own that can be killed and started again."""

    def __init__(
        self,
        folder: Path,
        *,
        file_bytes: int | None = None,
        shared: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """Make `mia`'s account in `folder`; no file of the process may pass `file_bytes`.

        `shared` are the addresses of a database and a bucket, of the form that scales out.
        """
        self.folder, self.data, self.file_bytes = folder, folder / "data", file_bytes
        self.database, self.bucket = shared
        store = self.store()
        accounts = Accounts(store)
        accounts.add("mia", publisher=False, at=AT)
        self.token = accounts.new_token("mia", at=AT)
        store.close()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def store(self) -> Store:
        """Open its database."""
        return Store.embedded(self.data) if self.database is None else Store(self.database)

    def start(self) -> None:
        """Serve; returns once requests are answered."""
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        words = ("serve", "--home", str(self.folder / "home"), "--data", str(self.data))
        if self.database is not None and self.bucket is not None:
            words += ("--database", self.database, "--blobs", self.bucket)
        limit = self.file_bytes
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "openweir", *words),
                    *("--port", str(self.port), "--ready-file", str(ready)),
                ],
                env={**os.environ, "PYTHONPATH": str(SOURCE)},
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=None  # noqa: PLW1509 - the limit is the disk of this test
                if limit is None
                else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
            )
        while not ready.exists():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self) -> httpx.Client:
        """A client with `mia`'s token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    @contextmanager
    def workspace(self):
        """The hub's own view of its data, read while it is down."""
        store = self.store()
        blobs = Blobs(self.data if self.bucket is None else open_storage(self.bucket))
        try:
            yield Workspace(store, blobs, Links(bytes(32))), blobs
        finally:
            store.close()


def _upload(client: httpx.Client, number: int) -> str:
    """One large file by LFS and one small one inline, in one commit; returns its id."""
    content = random.Random(number).randbytes(200_000)
    digest = sha256(content)
    batch = {"operation": "upload", "objects": [{"oid": digest, "size": len(content)}]}
    answer = client.post("/mia/m.git/info/lfs/objects/batch", json=batch).raise_for_status()
    actions = answer.json()["objects"][0].get("actions")
    if actions is not None:
        httpx.put(actions["upload"]["href"], content=content, timeout=20).raise_for_status()
    body = _lines(
        header={"summary": f"upload {number}"},
        lfsFile={
            "path": f"{number}/w.bin",
            "algo": "sha256",
            "oid": digest,
            "size": len(content),
        },
        file={"path": f"{number}/n.txt", "content": str(number)},
    )
    return (
        client.post("/api/models/mia/m/commit/main", content=body)
        .raise_for_status()
        .json()["commitOid"]
    )


def _lines(**values: dict[str, object]) -> str:
    return "\n".join(json.dumps({"key": key, "value": value}) for key, value in values.items())


def _whole(hub: Process, told: dict[int, str]) -> set[int]:
    """Check that every commit is whole and that all that was told is there; return the numbers."""
    with hub.workspace() as (workspace, blobs):
        repository = workspace.repositories.find(Kind.MODEL, "mia/m")
        if repository is None:
            assert not told
            return set()
        head = workspace.repositories.resolve(repository, "main")
        assert head is not None
        history = workspace.repositories.history(repository, head.oid)
        assert history[-1].parent is None
        assert set(told.values()) <= {commit.oid for commit in history}
        draft = workspace.draft(repository, "main")
        assert draft is not None
        found = dict(workspace.files(draft))
        for file in found.values():
            blobs.checked(str(file.sha256), file.size)
        numbers = {int(path.partition("/")[0]) for path in found if "/" in path}
        for number in numbers:
            assert {f"{number}/w.bin", f"{number}/n.txt"} <= set(found)
        return numbers


# Each start of a hub over PostgreSQL takes longer; 200 of them run when somebody asks.
SCALED_UPLOADS = int(os.environ.get("OPENWEIR_SCALED_UPLOADS", "25"))
SIZES = [
    pytest.param("embedded", 200, id="embedded"),
    pytest.param("scale-out", SCALED_UPLOADS, id="scale-out", marks=pytest.mark.peer),
]


def of_size(folder: Path, size: str) -> Process:
    """A hub in one of its two forms."""
    return Process(folder, shared=(None, None) if size == "embedded" else scale_out().fresh())


@pytest.mark.parametrize(("size", "uploads"), SIZES)
def test_killed_at_random_points_of_uploads_it_holds_no_half_state(
    tmp_path: Path, size: str, uploads: int
) -> None:
    """After each kill -9 every commit is whole and every answered one is there; a rerun completes."""
    hub, chance = of_size(tmp_path, size), random.Random(8)
    told: dict[int, str] = {}
    number = kills = 0
    # A fast machine uploads on until it was killed often enough.
    while number < uploads or kills < 3:
        hub.start()
        longest = 2.5 if uploads >= 200 else 0.5
        timer = threading.Timer(chance.uniform(0.1, longest), hub.kill)
        timer.start()
        try:
            with hub.client() as client:
                client.post("/api/repos/create", json={"name": "m", "type": "model"})
                while number < uploads or kills < 3:
                    told[number] = _upload(client, number)
                    number += 1
        except httpx.TransportError:
            kills += 1
        timer.cancel()
        timer.join()
        if hub.process.poll() is None:
            hub.kill()
        seen = _whole(hub, told)
        assert seen >= set(told)
    sys.stdout.write(f"{number} uploads, {kills} kills\n")
    # One more may be whole than was answered: the last kill came between the two.
    assert set(range(number)) <= _whole(hub, told) <= set(range(number + 1))


@pytest.mark.parametrize(("size", "uploads"), SIZES)
def test_of_fifty_writers_with_one_parent_exactly_one_wins(
    tmp_path: Path, size: str, uploads: int
) -> None:
    """Fifty commits on one parent at once, over sockets: one 200, forty-nine 412, one commit."""
    assert uploads
    hub = of_size(tmp_path, size)
    hub.start()
    try:
        with hub.client() as client:
            client.post("/api/repos/create", json={"name": "m", "type": "model"}).raise_for_status()
            parent = client.get("/api/models/mia/m").json()["sha"]

            def write(number: int) -> int:
                body = _lines(
                    header={"summary": "s", "parentCommit": parent},
                    file={"path": f"{number}", "content": "1"},
                )
                return client.post("/api/models/mia/m/commit/main", content=body).status_code

            with ThreadPoolExecutor(50) as pool:
                found = list(pool.map(write, range(50)))
            assert sorted(found) == [200] + [412] * 49
            assert len(client.get("/api/models/mia/m/commits/main").json()) == 2
    finally:
        hub.kill()


def test_a_full_disk_is_told_and_costs_nothing(tmp_path: Path) -> None:
    """Past what the disk takes: 507 and no trace of it; what fits is taken before and after."""
    hub = Process(tmp_path, file_bytes=4 * 1024 * 1024)
    hub.start()
    try:
        with hub.client() as client:
            client.post("/api/repos/create", json={"name": "m", "type": "model"}).raise_for_status()
            first = _upload(client, 1)
            content = bytes(6 * 1024 * 1024)
            batch = {
                "operation": "upload",
                "objects": [{"oid": sha256(content), "size": len(content)}],
            }
            answer = client.post("/mia/m.git/info/lfs/objects/batch", json=batch)
            href = answer.json()["objects"][0]["actions"]["upload"]["href"]
            refused = httpx.put(href, content=content, timeout=20)
            assert refused.status_code == 507
            assert "cannot store" in refused.json()["error"]
            second = _upload(client, 2)
    finally:
        hub.kill()
    assert _whole(hub, {1: first, 2: second}) == {1, 2}
    assert not list((hub.data / "incoming").iterdir())


def test_a_lost_database_is_told_and_comes_back(tmp_path: Path) -> None:
    """With a database that is none the hub does not start and harms nothing; put back, all is there."""
    hub = Process(tmp_path)
    hub.start()
    with hub.client() as client:
        client.post("/api/repos/create", json={"name": "m", "type": "model"}).raise_for_status()
        first = _upload(client, 1)
    hub.process.terminate()
    hub.process.wait(20)
    database = hub.data / "hub.sqlite"
    kept = database.read_bytes()
    database.write_bytes(b"not a database" * 1000)
    words = ("serve", "--home", str(tmp_path / "home"), "--data", str(hub.data), "--port", "0")
    done = subprocess.run(
        [sys.executable, "-m", "openweir", *words],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "the hub's database cannot be opened" in done.stderr
    assert "Traceback" not in done.stderr
    for name in ("hub.sqlite-wal", "hub.sqlite-shm"):
        (hub.data / name).unlink(missing_ok=True)
    database.write_bytes(kept)
    assert _whole(hub, {1: first}) == {1}


@pytest.mark.peer
def test_a_download_cut_four_times_is_resumed(tmp_path: Path) -> None:
    """A stock client behind a line that is cut four times gets 2 GiB whole."""
    pytest.importorskip("huggingface_hub")
    size = 2 * 1024 * 1024 * 1024
    hub = Process(tmp_path)
    hub.data.mkdir(parents=True, exist_ok=True)
    digest = _sparse(hub.data / "big", size)
    with hub.workspace() as (workspace, blobs):
        blobs.adopt("big", digest)
        workspace.possession.record("mia", digest, size, at=AT)
    hub.start()
    cuts = [size // 5 * (number + 1) for number in range(4)]
    with hub.client() as client:
        client.post("/api/repos/create", json={"name": "m", "type": "model"}).raise_for_status()
        body = _lines(
            header={"summary": "big"},
            lfsFile={"path": "w.bin", "algo": "sha256", "oid": digest},
        )
        client.post("/api/models/mia/m/commit/main", content=body).raise_for_status()
    try:
        line = Line(hub.port, cuts)
        code = (
            "import sys; from huggingface_hub import hf_hub_download as get;"
            "print(get('mia/m', 'w.bin', local_dir=sys.argv[1]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "local")],
            env={
                **os.environ,
                "HF_ENDPOINT": line.url,
                "HF_HOME": str(tmp_path / "hf"),
                "HF_TOKEN": hub.token,
                "HF_HUB_DISABLE_XET": "1",
                "NO_PROXY": "*",
            },
            capture_output=True,
            text=True,
            timeout=500,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        line.listener.close()
        assert line.made == cuts
        with (tmp_path / "local" / "w.bin").open("rb") as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == digest
    finally:
        hub.kill()


def _sparse(path: Path, size: int) -> str:
    with path.open("wb") as stream:
        stream.truncate(size)
        for place in range(0, size, size // 16):
            stream.seek(place)
            stream.write(b"%d" % place)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class Line:
    """A line to a hub that is cut once after each of so many bytes in all."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        """Carry to `port` what comes to this line's own `url`."""
        self.port, self.cuts, self.made, self.passed = port, cuts, [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                threading.Thread(target=self._up, args=(near, far), daemon=True).start()
                threading.Thread(target=self._down, args=(far, near), daemon=True).start()

    def _up(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while chunk := near.recv(65536):
                far.sendall(chunk)

    def _down(self, far: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while chunk := far.recv(1024 * 1024):
                near.sendall(chunk)
                self.passed += len(chunk)
                left = self.cuts[len(self.made) :]
                if left and self.passed > left[0]:
                    self.made.append(left[0])
                    break
        for each in (near, far):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
