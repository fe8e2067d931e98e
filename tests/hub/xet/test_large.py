"""A file larger than clients fetch by plain HTTP: in and out by Xet, in bounded memory.

`OPENWEIR_LARGE_GB=51` makes it as large as the limit of the stock client (50 GB) asks; what
runs otherwise is the same with fewer repetitions.
"""

import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from hub_live import listening
from hub_served import Served
from hub_world import World
from openweir.hub.xet.naming import to_hex
from xet_forms import shard, xorb

CHUNK = 128 * 1024
LARGE = int(float(os.environ.get("OPENWEIR_LARGE_GB", "1.2")) * 10**9)
_NOTES = random.Random(5).randbytes(8 * CHUNK)
NOTES = [_NOTES[at : at + CHUNK] for at in range(0, len(_NOTES), CHUNK)]
EMPTY = [bytes(CHUNK)] * 500


def pieces() -> Iterator[list[bytes]]:
    """The file's content: words at both ends and once in the middle, and zeros between."""
    count = LARGE // (len(EMPTY) * CHUNK)
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
    """The file's digest and size; it came by two xorbs of 66 MB and one shard."""
    digest, size = hashlib.sha256(), 0
    empty = b"".join(EMPTY)
    for held in pieces():
        data = empty if held is EMPTY else b"".join(held)
        digest.update(data)
        size += len(data)
    headers = token(served, "write")
    for chunks in (NOTES, EMPTY):
        name, data = xorb(chunks)
        path = f"{headers['at']}/v1/xorbs/default/{to_hex(name)}"
        assert post(served, path, data, headers).status_code == 200
    names = {id(chunks): xorb(chunks)[0] for chunks in (NOTES, EMPTY)}
    _, made = shard([(names[id(held)], held) for held in pieces()], digest.hexdigest())
    done = post(served, f"{headers['at']}/v1/shards", made, headers)
    assert done.status_code == 200, done.text
    line = (
        '{"key":"header","value":{"summary":"s"}}\n{"key":"lfsFile","value":'
        f'{{"path":"w.bin","algo":"sha256","oid":"{digest.hexdigest()}","size":{size}}}}}'
    )
    path = "/api/models/acme/large/commit/main"
    assert served.client.post(path, content=line, headers=served.headers("acme")).is_success
    return digest.hexdigest(), size


def token(served: Served, right: str) -> dict[str, str]:
    """Where the store is, and the authorization for it."""
    path = f"/api/models/acme/large/xet-{right}-token/main"
    told = served.client.get(path, headers=served.headers("acme")).json()
    at = told["casUrl"].partition("testserver")[2]
    return {"Authorization": f"Bearer {told['accessToken']}", "at": at}


def post(served: Served, path: str, data: bytes, headers: dict[str, str]):
    """One body."""
    authorization = {"Authorization": headers["Authorization"]}
    return served.client.post(path, content=data, headers=authorization)


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
    headers = token(served, "read")
    middle = size // 2 - length // 2
    for start in (0, len(NOTES) * CHUNK - 1000, middle, size - length):
        wanted = expected(start, length)
        stated = f"bytes={start}-{start + length - 1}"
        plain = served.client.get(
            "/acme/large/resolve/main/w.bin", headers={**served.headers("acme"), "Range": stated}
        )
        assert (plain.status_code, plain.content) == (206, wanted)
        told = served.client.get(
            f"{headers['at']}/v1/reconstructions/{name}",
            headers={"Authorization": headers["Authorization"], "Range": stated},
        )
        assert told.status_code == 200
        assert put_together(served, told.json())[:length] == wanted


def put_together(served: Served, told: dict) -> bytes:
    """What a client does with a reconstruction."""
    from openweir.hub.xet.xorb import _chunks

    found = bytearray()
    for term in told["terms"]:
        (place,) = [
            each
            for each in told["fetch_info"][term["hash"]]
            if each["range"]["start"] <= term["range"]["start"]
            and each["range"]["end"] >= term["range"]["end"]
        ]
        span = place["url_range"]
        client: TestClient = served.client
        got = client.get(
            place["url"].partition("testserver")[2],
            headers={"Range": f"bytes={span['start']}-{span['end']}"},
        )
        assert got.status_code == 206
        chunks = [bytes(chunk.content) for chunk in _chunks(memoryview(got.content))]
        first = term["range"]["start"] - place["range"]["start"]
        last = term["range"]["end"] - place["range"]["start"]
        found += b"".join(chunks[first:last])
    return bytes(found[told["offset_into_first_range"] :])


def test_a_whole_reconstruction_names_repeated_bytes_once(
    served: Served, file: tuple[str, int]
) -> None:
    """Two thousand gigabytes of zeros are one address to fetch, however many terms name it."""
    name, headers = served.hub.xet.name_of("acme", file[0]), token(served, "read")
    told = served.client.get(
        f"{headers['at']}/v1/reconstructions/{name}",
        headers={"Authorization": headers["Authorization"]},
    ).json()
    assert sum(term["unpacked_length"] for term in told["terms"]) == file[1]
    fetched = [
        place["url_range"]["end"] - place["url_range"]["start"]
        for places in told["fetch_info"].values()
        for place in places
    ]
    assert sum(fetched) < 8 * 66 * 2**20


@pytest.mark.slow
def test_the_hub_needs_little_memory_for_it(tmp_path: Path) -> None:
    """A process that takes in a file of 20 GB needs less than 400 MB; so it does at any size."""
    code = (
        "import re, sys, os\n"
        "from pathlib import Path\n"
        "os.environ['OPENWEIR_LARGE_GB'] = os.environ.get('OPENWEIR_LARGE_GB', '20')\n"
        "sys.path[:0] = [sys.argv[2], sys.argv[3]]\n"
        "import test_large as large\n"
        "from hub_served import Served\n"
        "from hub_world import World\n"
        "served = Served(World(Path(sys.argv[1]) / 'world'), Path(sys.argv[1]))\n"
        "served.hub.storage.room = lambda: None\n"
        "body = {'name': 'large', 'type': 'model'}\n"
        "served.client.post('/api/repos/create', json=body, headers=served.headers('acme'))\n"
        "digest, size = large.file.__wrapped__(served)\n"
        # `VmHWM`, since `ru_maxrss` begins with what the process that forked had.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]\n"
        "print(size, int(peak) // 1024)\n"
        "served.close()\n"
    )
    here = Path(__file__)
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(here.parent), str(here.parents[2])],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    size, most = map(int, done.stdout.split())
    assert size > 19 * 10**9
    assert most < 400, f"{most} MB"


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
