"""A file larger than clients fetch by plain HTTP: in and out by Xet, in bounded memory.

`OPENWEIR_LARGE_GB=51` makes it as large as the limit of the stock client (50 GB) asks; what
runs otherwise is the same with fewer repetitions.
"""

import hashlib
import os
import random
import re
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hub_live import listening
from hub_served import Served
from hub_world import NOW, World
from openweir.hub.accounts import Accounts
from openweir.hub.blobs import Blobs
from openweir.hub.possession import Possession
from openweir.hub.storage import Files
from openweir.hub.store import Store
from openweir.hub.xet import (
    FileEntry,
    Term,
    XorbReader,
    file_name,
    possession_proof,
    to_hex,
    xorb_name,
)
from openweir.hub.xet.arrival import CHUNK as LISTED
from openweir.hub.xet.arrival import write
from openweir.hub.xet.store import XetStore
from xet_forms import shard, xorb

CHUNK = 128 * 1024
LARGE = int(float(os.environ.get("OPENWEIR_LARGE_GB", "1.2")) * 10**9)
_NOTES = random.Random(5).randbytes(8 * CHUNK)
NOTES = [_NOTES[at : at + CHUNK] for at in range(0, len(_NOTES), CHUNK)]
EMPTY = [bytes(CHUNK)] * 500


def pieces(large: int = LARGE) -> Iterator[list[bytes]]:
    """The file's content: words at both ends and once in the middle, and zeros between."""
    count = large // (len(EMPTY) * CHUNK)
    yield NOTES
    for number in range(count):
        yield EMPTY
        if number == count // 2:
            yield NOTES
    yield NOTES


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    """A hub whose disk has room for what is not zeros."""
    root = tmp_path_factory.mktemp("large")
    found = Served(World(root / "world"), root)
    if not found.embedded:
        found.close()
        pytest.skip("a bucket keeps zeros as it keeps anything else")
    found.hub.storage.room = lambda: None  # type: ignore[method-assign]
    body = {"name": "large", "type": "model"}
    found.client.post("/api/repos/create", json=body, headers=found.headers("acme"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def file(served: Served) -> tuple[str, int]:
    """The file's digest and size."""
    return send(served.client, served.headers("acme"))


def send(client: httpx.Client, owner: dict[str, str], large: int = LARGE) -> tuple[str, int]:
    """Send the file by two xorbs, one of 66 MB, and one shard; returns its digest and size."""
    digest, size = hashlib.sha256(), 0
    empty = b"".join(EMPTY)
    for held in pieces(large):
        data = empty if held is EMPTY else b"".join(held)
        digest.update(data)
        size += len(data)
    at, headers = token(client, owner, "write")
    names = {}
    for chunks in (NOTES, EMPTY):
        names[id(chunks)], data = xorb(chunks)
        path = f"{at}/v1/xorbs/default/{to_hex(names[id(chunks)])}"
        assert client.post(path, content=data, headers=headers).status_code == 200
    _, made = shard([(names[id(held)], held) for held in pieces(large)], digest.hexdigest())
    done = client.post(f"{at}/v1/shards", content=made, headers=headers)
    assert done.status_code == 200, done.text
    line = (
        '{"key":"header","value":{"summary":"s"}}\n{"key":"lfsFile","value":'
        f'{{"path":"w.bin","algo":"sha256","oid":"{digest.hexdigest()}","size":{size}}}}}'
    )
    path = "/api/models/acme/large/commit/main"
    assert client.post(path, content=line, headers=owner).is_success
    return digest.hexdigest(), size


def token(client: httpx.Client, owner: dict[str, str], right: str) -> tuple[str, dict[str, str]]:
    """Where the store is, and the authorization for it."""
    path = f"/api/models/acme/large/xet-{right}-token/main"
    told = client.get(path, headers=owner).json()
    return urlsplit(told["casUrl"]).path, {"Authorization": f"Bearer {told['accessToken']}"}


def expected(start: int, length: int) -> bytes:
    """A stretch of the content."""
    found, at = bytearray(), 0
    for held in pieces():
        size = len(held) * CHUNK
        if at + size > start and at < start + length:
            data = b"".join(held)
            found += data[max(start - at, 0) : start + length - at]
        at += size
    return bytes(found)


def test_it_takes_the_room_of_what_is_not_zeros(served: Served, file: tuple[str, int]) -> None:
    """The blob has its whole length, and hardly any block of the disk."""
    found = served.hub.blobs.path(file[0]).stat()
    assert found.st_size == file[1] > LARGE * 0.9
    assert found.st_blocks * 512 < 100 * 2**20


def test_any_part_of_it_is_read(served: Served, file: tuple[str, int]) -> None:
    """By Xet and by a range over plain HTTP: the first bytes, the last, and across a seam."""
    size, length = file[1], 300_000
    name = served.hub.xet.name_of("acme", file[0])
    at, headers = token(served.client, served.headers("acme"), "read")
    middle = size // 2 - length // 2
    for start in (0, len(NOTES) * CHUNK - 1000, middle, size - length):
        wanted = expected(start, length)
        stated = f"bytes={start}-{start + length - 1}"
        plain = served.client.get(
            "/acme/large/resolve/main/w.bin", headers={**served.headers("acme"), "Range": stated}
        )
        assert (plain.status_code, plain.content) == (206, wanted)
        told = served.client.get(
            f"{at}/v1/reconstructions/{name}", headers={**headers, "Range": stated}
        )
        assert told.status_code == 200
        assert put_together(served, told.json())[:length] == wanted


def put_together(served: Served, told: dict) -> bytes:
    """What a client does with a reconstruction."""
    found = bytearray()
    for term in told["terms"]:
        (place,) = [
            each
            for each in told["fetch_info"][term["hash"]]
            if each["range"]["start"] <= term["range"]["start"]
            and each["range"]["end"] >= term["range"]["end"]
        ]
        span = place["url_range"]
        got = served.client.get(
            place["url"].partition("testserver")[2],
            headers={"Range": f"bytes={span['start']}-{span['end']}"},
        )
        assert got.status_code == 206
        chunks = [bytes(chunk.content) for chunk in XorbReader(bytes(32)).feed(got.content)]
        first = term["range"]["start"] - place["range"]["start"]
        last = term["range"]["end"] - place["range"]["start"]
        found += b"".join(chunks[first:last])
    return bytes(found[told["offset_into_first_range"] :])


def test_a_whole_reconstruction_names_repeated_bytes_once(
    served: Served, file: tuple[str, int]
) -> None:
    """Two thousand gigabytes of zeros are one address to fetch, however many terms name it."""
    name = served.hub.xet.name_of("acme", file[0])
    at, headers = token(served.client, served.headers("acme"), "read")
    told = served.client.get(f"{at}/v1/reconstructions/{name}", headers=headers).json()
    assert sum(term["unpacked_length"] for term in told["terms"]) == file[1]
    fetched = [
        place["url_range"]["end"] - place["url_range"]["start"]
        for places in told["fetch_info"].values()
        for place in places
    ]
    assert sum(fetched) < 8 * 66 * 2**20


@contextmanager
def process(folder: Path) -> Iterator[tuple[int, httpx.Client, dict[str, str]]]:
    """A hub as a process by itself, whose disk has room; acme's client and authorization."""
    data, ready = folder / "data", folder / "ready"
    store = Store.embedded(data)
    accounts = Accounts(store)
    accounts.add("acme", publisher=False, at=NOW)
    owner = {"Authorization": f"Bearer {accounts.new_token('acme', at=NOW)}"}
    store.close()
    code = (
        "import sys\n"
        "from openweir.cli.main import main\n"
        "from openweir.hub.storage import Files\n"
        "Files.room = lambda self: None\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    words = ("serve", "--home", str(folder / "home"), "--data", str(data))
    with (folder / "log").open("wb") as log:
        hub = subprocess.Popen(
            (sys.executable, "-c", code, *words, "--port", "0", "--ready-file", str(ready)),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        while not ready.exists():
            assert hub.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
        url = ready.read_text().strip()
        with httpx.Client(base_url=url, timeout=240, trust_env=False) as client:
            body = {"name": "large", "type": "model"}
            assert client.post("/api/repos/create", json=body, headers=owner).is_success
            yield hub.pid, client, owner
    finally:
        hub.terminate()
        hub.wait(timeout=30)


def memory_of(pid: int, what: str) -> int:
    """Bytes of a process's memory: `VmRSS` now, `VmHWM` at most since that was reset."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


@pytest.mark.slow
def test_the_hub_needs_little_memory_for_it(tmp_path: Path) -> None:
    """Taking in 3 GB by a xorb of 66 MB, the hub's process grows by less than that xorb.

    The client has its own process, and files have holes, so that no memory but the hub's counts.
    """
    with process(tmp_path) as (pid, client, owner):
        Path(f"/proc/{pid}/clear_refs").write_text("5")  # forgets the peak so far
        before = memory_of(pid, "VmRSS")
        _, size = send(client, owner, 3 * 10**9)
        rise = memory_of(pid, "VmHWM") - before
    assert size > 2.9 * 10**9
    assert rise < 48 * 2**20, f"{rise / 2**20:.0f} MiB"


def test_a_shard_takes_little_memory_for_each_chunk(tmp_path: Path) -> None:
    """A file of 65,536 chunks is named, compared and planned in less than 200 bytes for each."""
    store, storage = Store.embedded(tmp_path), Files(tmp_path)
    blobs = Blobs(storage)
    xet = XetStore(store, blobs, Possession(store, blobs))
    count, length, terms = 8192, 8192, []
    named = [(each.to_bytes(8, "little") * 4, length) for each in range(8 * count)]
    for at in range(0, len(named), count):
        held = named[at : at + count]
        name = xorb_name(held)
        key = f"xet/acme/xorbs/{to_hex(name)}"
        write(storage, f"{key}.chunks", (b"".join(LISTED.pack(*each) for each in held),))
        write(storage, f"{key}.bytes", [bytes(2**20)] * 64)
        proof = possession_proof(chunk for chunk, _ in held)
        terms.append(Term(xorb=name, start=0, end=count, length=count * length, proof=proof))
    zeros = hashlib.sha256()
    for _ in terms:
        zeros.update(bytes(count * length))
    digest = zeros.hexdigest()
    entry = FileEntry(name=file_name(named), terms=tuple(terms), sha256=digest)
    tracemalloc.start()
    try:
        assert xet._put_together("acme", entry, NOW) == digest
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        store.close()
    assert most < 200 * len(named), f"{most / len(named):.0f} bytes a chunk"


@pytest.mark.peer
@pytest.mark.slow
def test_the_stock_client_fetches_it(served: Served, file: tuple[str, int], tmp_path: Path) -> None:
    """`hf_hub_download` by Xet writes the very bytes."""
    pytest.importorskip("hf_xet")
    if file[1] > 5 * 10**9:
        pytest.skip("the client would fill the disk")
    with listening(served.hub) as url:
        code = (
            "from huggingface_hub import hf_hub_download as get\nprint(get('acme/large', 'w.bin'))"
        )
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={
                **clean,
                "HF_ENDPOINT": url,
                "HF_HOME": str(tmp_path),
                "HF_TOKEN": served.tokens["acme"],
                "NO_PROXY": "*",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    with Path(done.stdout.strip().rpartition("\n")[2]).open("rb") as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == file[0]
