"""Three replicas over one PostgreSQL and one bucket: no request cares which one answers it."""

import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import httpx
import pytest

from hub_live import listening
from hub_served import Served
from hub_world import FILES, World, weights
from openweir.hub.gate import GrantStatus
from openweir.tier import Tier

pytestmark = pytest.mark.peer

PUBLICATIONS = "/api/openweir/publications"
LARGE = weights(bytes(range(256)) * 40_000)


@dataclass
class Fleet:
    """The replicas' addresses and one of them in this process."""

    served: Served
    urls: tuple[str, ...]

    def __post_init__(self) -> None:
        """Take turns."""
        self.turn = itertools.cycle(self.urls)

    def send(self, method: str, path: str, user: str | None = None, **options):
        """Send a request to the next replica."""
        headers = {**self.served.headers(user), **options.pop("headers", {})}
        return httpx.request(method, next(self.turn) + path, headers=headers, **options)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Three hubs that share what they keep, and one gated release published through all."""
    root = tmp_path_factory.mktemp("fleet")
    served = Served(World(root / "world"), root, scale=True)
    with ExitStack() as stack:
        urls = [stack.enter_context(listening(served.hub))]
        for _ in range(2):
            other = served.another()
            stack.callback(other.close)
            urls.append(stack.enter_context(listening(other)))
        found = Fleet(served, tuple(urls))
        publish(found, "acme/large", files={**FILES, "model.safetensors": LARGE})
        yield found
    served.close()


def publish(fleet: Fleet, name: str, **options: object) -> str:
    """Publish with every request at another replica; returns the commit."""
    signed = fleet.served.world.release(name, **options)
    answer = fleet.send("POST", PUBLICATIONS, "acme", content=signed.manifest())
    assert answer.status_code == 200, answer.text
    opened = answer.json()
    for file in opened["files"]:
        path = f"{PUBLICATIONS}/{opened['id']}/files/{file['path']}"
        sent = fleet.send("PUT", path, "acme", content=signed.files[file["path"]])
        assert sent.status_code == 200, sent.text
    answer = fleet.send("POST", f"{PUBLICATIONS}/{opened['id']}/commit", "acme", timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["commit"])


def test_published_by_all_seen_by_all(fleet: Fleet) -> None:
    """A publication goes through three replicas, and each shows the same release at once."""
    commit = publish(fleet, "acme/open", tier=Tier.OPEN_WEIGHTS)
    for _ in fleet.urls:
        answer = fleet.send("GET", "/acme/open/resolve/main/model.safetensors")
        assert answer.headers["x-repo-commit"] == commit
        assert answer.content == FILES["model.safetensors"]


@pytest.mark.parametrize(
    ("stated", "status", "found"),
    [
        ("bytes=0-0", 206, slice(0, 1)),
        ("bytes=1000000-3000000", 206, slice(1_000_000, 3_000_001)),
        ("bytes=-7", 206, slice(-7, None)),
        (f"bytes={len(LARGE) - 1}-", 206, slice(-1, None)),
        (f"bytes={len(LARGE)}-", 416, slice(0, 0)),
        ("bytes=5-1", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("bytes=0-1,5-6", 200, slice(None)),
    ],
)
def test_ranges_from_a_bucket(fleet: Fleet, stated: str, status: int, found: slice) -> None:
    """Bytes from a bucket answer ranges as RFC 9110 has it (14.2)."""
    grant(fleet, "granted")
    path = "/acme/large/resolve/main/model.safetensors"
    answer = fleet.send("GET", path, "granted", headers={"Range": stated})
    assert (answer.status_code, answer.content) == (status, LARGE[found])
    assert int(answer.headers["content-length"]) == len(answer.content)
    head = fleet.send("HEAD", path, "granted")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(LARGE)))
    assert head.headers["accept-ranges"] == "bytes"


def test_token_of_one_is_a_token_of_all(fleet: Fleet) -> None:
    """Links and tokens that one replica made are read by the others."""
    for _ in range(4):
        made = fleet.send("POST", "/api/repos/create", "acme", json={"name": "made"})
        assert made.status_code in (200, 409)
        token = fleet.send("GET", "/api/models/acme/made/xet-write-token/main", "acme").json()
        store = token["casUrl"].partition("/api/")[2]
        answer = fleet.send(
            "POST",
            f"/api/{store}/v1/xorbs/default/{'0' * 64}",
            headers={"Authorization": f"Bearer {token['accessToken']}"},
            content=b"no xorb",
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "hub.xorb")


def test_revocation_reaches_every_replica(fleet: Fleet) -> None:
    """During 20 running downloads a grant is revoked: two seconds later nobody gets a range."""
    grant(fleet, "granted")
    path = "/acme/large/resolve/main/model.safetensors"
    stop, served, refused = threading.Event(), [], []

    def download(number: int) -> None:
        at, url = 0, fleet.urls[number % 3]
        with httpx.Client(base_url=url, headers=fleet.served.headers("granted")) as client:
            while not stop.is_set():
                answer = client.get(path, headers={"Range": f"bytes={at}-{at + 65_535}"})
                (served if answer.status_code == 206 else refused).append(
                    (monotonic(), url, answer.status_code)
                )
                at = (at + 65_536) % (len(LARGE) - 65_536)

    with ThreadPoolExecutor(20) as pool:
        running = [pool.submit(download, number) for number in range(20)]
        while len(served) < 60 and not any(one.done() for one in running):
            stop.wait(0.05)
        # Before the grant is taken back, none of the twenty has ended in any way.
        early = any(one.done() for one in running)
        fleet.served.hub.grants.answer(
            "acme/large", "granted", GrantStatus.REJECTED, by="acme", at=fleet.served.now
        )
        revoked = monotonic()
        stop.wait(2.5)
        stop.set()
    assert not early
    # A transfer under way is cut within the same two seconds; that is no other fault.
    faults = [one.exception() for one in running]
    assert all(fault is None or isinstance(fault, httpx.RemoteProtocolError) for fault in faults)
    assert {status for _, _, status in refused} == {403}
    assert {url for _, url, _ in refused} == set(fleet.urls)
    assert max(at for at, _, _ in served) - revoked <= 2
    path = "/api/models/acme/large/auth-check"
    assert {fleet.send("GET", path, "granted").status_code for _ in fleet.urls} == {403}


def test_one_of_many_writers_wins(fleet: Fleet) -> None:
    """Of 24 commits on one parent, sent to all replicas at once, exactly one is taken."""
    assert fleet.send("POST", "/api/repos/create", "acme", json={"name": "race"}).is_success
    info = fleet.send("GET", "/api/models/acme/race", "acme").json()

    def commit(number: int) -> int:
        header = {"summary": "x", "description": "", "parentCommit": info["sha"]}
        file = {"path": "a.txt", "encoding": "base64", "content": "QUJD" * (number + 1)}
        lines = "".join(
            json.dumps({"key": key, "value": value}) + "\n"
            for key, value in (("header", header), ("file", file))
        )
        return httpx.post(
            f"{fleet.urls[number % 3]}/api/models/acme/race/commit/main",
            content=lines,
            headers=fleet.served.headers("acme"),
            timeout=60,
        ).status_code

    with ThreadPoolExecutor(24) as pool:
        answers = sorted(pool.map(commit, range(24)))
    assert answers == [200] + [412] * 23


def test_tampering_in_the_bucket(fleet: Fleet) -> None:
    """An object altered in the bucket is refused by every replica within two seconds."""
    publish(fleet, "acme/altered", tier=Tier.OPEN_WEIGHTS, files={"x.txt": b"x" * 5000})
    release = fleet.served.hub.release("acme", "altered")
    assert release is not None
    file = release.file("x.txt")
    assert file is not None
    path = "/acme/altered/resolve/main/x.txt"
    assert all(fleet.send("GET", path).status_code == 200 for _ in fleet.urls)
    fleet.served.flip(file.sha256, 7)
    threading.Event().wait(1.5)
    assert {fleet.send("GET", path).status_code for _ in fleet.urls} == {500}


def test_command_line(fleet: Fleet, tmp_path: Path) -> None:
    """`openweir hub` makes accounts in the database that replicas share."""
    from openweir.cli.main import main

    database = fleet.served.shared[0]
    assert database is not None
    words = ["hub", "user", "add", "newcomer", "--database", database, "--home", str(tmp_path)]
    assert main(words) == 0
    assert fleet.served.hub.accounts.exists("newcomer")


def grant(fleet: Fleet, user: str) -> None:
    """Let a user have the large release."""
    fleet.served.hub.grants.answer(
        "acme/large", user, GrantStatus.ACCEPTED, by="acme", at=fleet.served.now
    )
