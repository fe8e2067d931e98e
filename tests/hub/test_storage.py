"""Storage: one contract for a folder and for every S3 server that is here."""

import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from hub_scale import KINDS, s3_server
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.blobs import Blobs
from openweir.hub.marks import Marks
from openweir.hub.storage import Files, OutOfReachError, Storage, open_storage
from openweir.hub.store import Store
from servers import BUCKET, Servers

pytestmark = pytest.mark.peer

LONG = os.urandom(1024) * 1500


@dataclass
class Place:
    """Storage of one kind and how it is lost."""

    kind: str
    storage: Storage
    stop: Callable[[], None]

    def write(self, key: str, content: bytes) -> None:
        """Write a key whole."""
        writer = self.storage.writer(key)
        writer.write(content)
        writer.keep()
        writer.drop()

    def read(self, key: str, *range_: int, mark: str | None = None) -> bytes:
        """Read a key or a range of it."""
        return b"".join(self.storage.pieces(key, *range_, mark=mark))


@pytest.fixture(scope="module", params=["files", *KINDS])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """A folder, or a bucket on each server."""
    if request.param == "files":
        yield Place("files", Files(tmp_path_factory.mktemp("files")), lambda: None)
        return
    with Servers() as servers, pytest.MonkeyPatch.context() as patch:
        s3 = s3_server(servers, request.param)
        for name, value in s3.environment.items():
            patch.setenv(name, value)
        storage = open_storage(f"s3://{BUCKET}/below")
        yield Place(request.param, storage, servers.started[-1][1].kill)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts as small as S3 allows, so that a test needs no gigabytes."""
    from openweir.hub.storage import bucket

    monkeypatch.setattr(bucket, "_PART_BYTES", 5 * 1024 * 1024)


def test_whole_or_absent(place: Place) -> None:
    """Nothing is there before it is kept, and what was dropped never is."""
    writer = place.storage.writer("a/one")
    writer.write(LONG)
    assert place.storage.stamp("a/one") is None
    writer.drop()
    assert place.storage.stamp("a/one") is None
    place.write("a/one", LONG)
    stamp = place.storage.stamp("a/one")
    assert stamp is not None
    assert stamp.size == len(LONG)
    assert place.read("a/one") == LONG
    place.write("a/empty", b"")
    assert place.read("a/empty") == b""


def test_long_ones_go_in_parts(place: Place, small_parts: None) -> None:
    """A key of several parts is whole once it is kept, and leaves nothing if it is dropped."""
    content = LONG * 8
    writer = place.storage.writer("parts/it")
    for start in range(0, len(content), 1_000_000):
        writer.write(content[start : start + 1_000_000])
    assert place.storage.stamp("parts/it") is None
    writer.keep()
    writer.drop()
    assert sha256(place.read("parts/it")) == sha256(content)
    dropped = place.storage.writer("parts/never")
    dropped.write(content)
    dropped.drop()
    assert place.storage.stamp("parts/never") is None


def test_long_ones_need_the_memory_of_one_part(place: Place, small_parts: None) -> None:
    """However long a key is, what is held of it is one part; nothing of it is copied to be sent."""
    piece, part = bytes(1024 * 1024), 5 * 1024 * 1024
    # Clients are set up with the first thing they send.
    place.write("parts/first", LONG * 8)
    writer = place.storage.writer("parts/memory")
    tracemalloc.start()
    try:
        for _ in range(30):
            writer.write(piece)
        writer.keep()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        writer.drop()
    assert most < 1.6 * part


@pytest.mark.parametrize(
    "asked", [(0, 1), (5, 10), (0, len(LONG)), (len(LONG) - 3, len(LONG)), (7,), (9, 9)]
)
def test_ranges(place: Place, asked: tuple[int, ...]) -> None:
    """A range is these bytes and no others, whatever the server says of the whole."""
    place.write("r/one", LONG)
    assert place.read("r/one", *asked) == LONG[asked[0] : asked[1] if len(asked) > 1 else None]


def test_only_the_version_that_is_meant(place: Place) -> None:
    """After a change the old mark reads nothing, whole or in part; the new mark reads it."""
    place.write("m/one", b"before" * 100)
    before = place.storage.stamp("m/one")
    place.write("m/one", b"behind" * 100)
    after = place.storage.stamp("m/one")
    assert before is not None
    assert after is not None
    assert before.mark != after.mark
    for asked in ((), (0, 6), (3,)):
        with pytest.raises(FileNotFoundError):
            place.read("m/one", *asked, mark=before.mark)
    assert place.read("m/one", 0, 6, mark=after.mark) == b"behind"


def test_what_is_not_there(place: Place) -> None:
    """Reading or moving nothing is one error; deleting it is none."""
    with pytest.raises(FileNotFoundError):
        place.read("no/thing")
    with pytest.raises(FileNotFoundError):
        place.storage.move("no/thing", "no/other")
    place.storage.delete("no/thing")
    assert place.storage.folders("no/folder") == ()
    assert list(place.storage.keys("no/folder/")) == []


def test_moving(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key moves over another; one too long for a server's own copy goes through the hub."""
    from openweir.hub.storage import bucket

    for most in (1024**3, 100):
        monkeypatch.setattr(bucket, "_COPIED_BYTES", most)
        place.write("v/from", LONG)
        place.write("v/to", b"old")
        place.storage.move("v/from", "v/to")
        assert place.storage.stamp("v/from") is None
        assert place.read("v/to") == LONG


def test_listing(place: Place) -> None:
    """Keys by prefix and the next parts below a folder."""
    for key in ("l/ab/1", "l/ab/2", "l/cd/3"):
        place.write(key, b"x")
    assert sorted(place.storage.keys("l/")) == ["l/ab/1", "l/ab/2", "l/cd/3"]
    assert sorted(place.storage.keys("l/ab/")) == ["l/ab/1", "l/ab/2"]
    assert place.storage.folders("l") == ("ab", "cd")
    place.storage.delete("l/cd/3")
    assert place.storage.folders("l") == ("ab",)


def test_many_writers_of_one_blob(place: Place) -> None:
    """Uploads of the same bytes at once all succeed, and readers meanwhile get them or nothing."""
    blobs, digest = Blobs(place.storage), sha256(LONG)
    stop, seen = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                blob = blobs.checked(digest, len(LONG))
                seen.append(b"".join(blob.pieces(0, len(LONG))) == LONG)
            except (HubError, FileNotFoundError):
                continue

    with ThreadPoolExecutor(6) as pool:
        reader = pool.submit(read)
        for done in [pool.submit(blobs.put, LONG, digest) for _ in range(12)]:
            done.result()
        while not seen:
            assert not reader.done()
        stop.set()
        reader.result()
    assert all(seen)


def test_the_upload_is_the_only_reading(place: Place, tmp_path: Path) -> None:
    """In a bucket another replica serves what one took in without hashing it; altered, it does."""
    if place.kind == "files":
        pytest.skip("one process reads its own files, and hashes them at its first read")
    store = Store.embedded(tmp_path)
    one, other = (Blobs(place.storage, Marks(store)) for _ in range(2))
    content = os.urandom(300_000)
    digest = sha256(content)
    one.put(content, digest)
    staged = os.urandom(200_000)
    incoming = one.incoming_at("staging/it", len(staged), sha256(staged))
    incoming.write(staged)
    incoming.finish()
    one.adopt("staging/it", sha256(staged))
    read: list[str] = []
    pieces = place.storage.pieces
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            place.storage,
            "pieces",
            lambda key, *a, **b: (read.append(key), pieces(key, *a, **b))[1],
        )
        assert other.checked(digest, len(content)).stamp.size == len(content)
        assert other.checked(sha256(staged), len(staged)).stamp.size == len(staged)
        assert read == []
        place.write(Blobs.key(digest), bytes([content[0] ^ 1]) + content[1:])
        for blobs in (one, other, Blobs(place.storage, Marks(store))):
            blobs.forget_stamps()
            with pytest.raises(HubError, match="not the one that was decided"):
                blobs.checked(digest, len(content))
        assert len(read) == 3
    store.close()


def test_links(place: Place) -> None:
    """A link reads one key for a while, to anybody who has it and nobody else."""
    place.write("k/one", LONG)
    link = place.storage.link("k/one", seconds=30, name="o\"n'e\u00e9.bin")
    if place.kind == "files":
        assert link is None
        return
    assert link is not None
    answer = httpx.get(link)
    assert (answer.status_code, answer.content) == (200, LONG)
    assert answer.headers["content-disposition"].startswith("attachment")
    if place.kind != "moto":  # which lets everybody in
        assert httpx.get(link.partition("?")[0]).status_code in (400, 401, 403)
        assert httpx.get(link.replace("k/one", "m/one")).status_code == 403


def test_out_of_reach(place: Place, tmp_path: Path) -> None:
    """With its server gone every method says so, and no blob is called damaged. Comes last."""
    if place.kind == "files":
        pytest.skip("a folder is here or it is not")
    place.write("o/one", b"x")
    place.stop()
    storage = place.storage
    for asked in (
        lambda: storage.stamp("o/one"),
        lambda: place.read("o/one"),
        lambda: list(storage.keys("o/")),
        lambda: Blobs(storage).checked("0" * 64, 1),
        lambda: Blobs(storage).identity("0" * 64),
        lambda: Blobs(storage).put(b"x", sha256(b"x")),
    ):
        with pytest.raises(OutOfReachError) as caught:
            asked()
        assert caught.value.code == "hub.out-of-reach"
