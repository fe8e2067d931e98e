"""Long and slow bodies: who sends one takes neither memory nor a worker that others need."""

import asyncio
import hashlib
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from starlette.requests import Request

from hub_live import listening
from hub_served import Served
from hub_world import World
from openweir.errors import HubError
from openweir.hub.api.asked import take_in, whole_body
from openweir.tier import Tier
from xet_forms import shard, xorb

MIB = 1024 * 1024


class Counted:
    """Where bytes go that nobody keeps."""

    def __init__(self) -> None:
        """None came yet."""
        self.length = 0

    def write(self, piece: bytes) -> None:
        """Count them."""
        self.length += len(piece)


def asked(piece: bytes, count: int) -> Request:
    """A request whose body comes as so many pieces."""
    left = iter(range(count))

    async def receive() -> dict[str, object]:
        more = next(left, None) is not None
        # A copy, as from a socket: the same bytes again would take no room.
        return {"type": "http.request", "body": bytes(bytearray(piece)) * more, "more_body": more}

    return Request({"type": "http", "method": "POST", "headers": []}, receive)


def highest(work: Callable[[], object]) -> int:
    """How many bytes were allocated at the same time."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_long_body_is_not_in_memory(tmp_path: Path) -> None:
    """Sixteen MiB come while less than half of one is held, and all of them are read then."""
    found = hashlib.sha256()

    async def come(*, reads: bool) -> None:
        # As where a replica over a bucket has kept nothing on its own disk yet.
        sent = asked(b"0123456789abcdef" * 4096, 256)
        async with whole_body(sent, 16 * MIB, tmp_path / "data") as read:
            if reads:
                found.update(read())

    assert highest(lambda: asyncio.run(come(reads=False))) < MIB // 2
    asyncio.run(come(reads=True))
    assert found.digest() == hashlib.sha256(b"0123456789abcdef" * MIB).digest()
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize("limit", [1000, 3 * MIB])
def test_a_body_past_its_limit(tmp_path: Path, limit: int) -> None:
    """It is refused while it comes, be it held in memory or on disk."""

    async def come() -> None:
        async with whole_body(asked(b"x" * 65536, 64), limit, tmp_path):
            pass

    with pytest.raises(HubError, match=f"longer than {limit} bytes") as caught:
        asyncio.run(come())
    assert caught.value.code == "hub.body"


def test_two_bytes_at_a_time() -> None:
    """A client that sends them so has no more held than its bytes."""
    taken = Counted()
    used = highest(lambda: asyncio.run(take_in(asked(b"xy", 100_000), taken)))
    assert taken.length == 200_000
    assert used < MIB


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub with an open release."""
    found = Served(World(tmp_path / "world"), tmp_path)
    assert found.publish(found.world.release(tier=Tier.OPEN_WEIGHTS)).is_success
    yield found
    found.close()


def test_shards_that_wait_leave_workers_to_others(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty files are being put together or wait for it: others are answered at once.

    For clients that gave up waiting nothing is put together.
    """
    owner = served.headers("acme")
    body = {"name": "mine", "type": "model"}
    served.client.post("/api/repos/create", json=body, headers=owner)
    token = served.client.get("/api/models/acme/mine/xet-write-token/main", headers=owner).json()
    store = "/" + token["casUrl"].split("/", 3)[3]
    name, _ = xorb([b"a" * 9000])
    _, content = shard([(name, [b"a" * 9000])], "ab" * 32)
    over, under_way = threading.Event(), threading.Semaphore(0)
    begun: list[str] = []

    def slowly(namespace: str, *_: object, **__: object) -> tuple[str, ...]:
        begun.append(namespace)
        under_way.release()
        over.wait(30)
        return ()

    monkeypatch.setattr(served.hub.xet, "put_shard", slowly)
    with listening(served.hub) as url:
        place = url.removeprefix("http://")
        statuses = []

        def send() -> None:
            connection = HTTPConnection(place, timeout=60)
            headers = {"Authorization": f"Bearer {token['accessToken']}"}
            connection.request("POST", f"{store}/v1/shards", content, headers)
            statuses.append(connection.getresponse().status)
            connection.close()

        senders = [threading.Thread(target=send, daemon=True) for _ in range(60)]
        try:
            for sender in senders:
                sender.start()
            for _ in range(4):
                assert under_way.acquire(timeout=20)
            gone = [HTTPConnection(place, timeout=20) for _ in range(5)]
            for connection in gone:
                headers = {"Authorization": f"Bearer {token['accessToken']}"}
                connection.request("POST", f"{store}/v1/shards", content, headers)
            connection = HTTPConnection(place, timeout=20)
            connection.request("GET", "/api/models/acme/small")
            assert connection.getresponse().status == 200
            connection.close()
            for connection in gone:
                connection.close()
            # Its answer comes after the server read of their leaving.
            connection = HTTPConnection(place, timeout=20)
            connection.request("GET", "/api/models/acme/small")
            assert connection.getresponse().status == 200
            connection.close()
        finally:
            over.set()
            for sender in senders:
                sender.join(30)
    assert statuses == [200] * 60
    assert begun == ["acme"] * 60
