"""A gated file from our hub beside the same file from nginx, and what else has to stay cheap.

Run alone: `python benchmarks/hub.py` (a minute or two). Compared is processor time of the
serving process, in turns, because on a shared machine the clock on the wall measures the
neighbours. Every request of ours carries a token and is checked, nginx checks nothing.
Exit 1 when a claim fails. Without nginx (`apt install nginx-light`) its ratios are left out,
and the run says so.
"""

import hashlib
import http.client
import json
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hub_sides.process import Side, nginx, ours

_MEBIBYTES = 512
_ROUNDS = 5
_HEADS = 8_000
_SOCKETS = 16
_FULL, _RANGE, _HEAD, _TREE_SECONDS, _INGEST, _FLAT = 1.15, 1.25, 0.12, 1.0, 2.0, 1.5


def main() -> int:
    """Run every comparison, print the ratios and say whether the claims hold."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    good = True
    with tempfile.TemporaryDirectory(prefix="openweir-hub-") as folder:
        root = Path(folder)
        with ours(root / "ours", _MEBIBYTES) as hub:
            large = _large_file(root / "ours", root / "large.bin")
            with nginx(root / "nginx", large) as peer:
                if peer is None:
                    print("nginx is not installed: its three ratios are left out")
                else:
                    good &= _beside(hub, peer)
            good &= _tree(hub)
            good &= _ingest(hub)
        good &= _flat(root)
    print("good:", str(good).lower())
    return 0 if good else 1


def _large_file(root: Path, to: Path) -> Path:
    largest = max((root / "hub" / "blobs").rglob("*"), key=lambda path: path.stat().st_size)
    to.hardlink_to(largest)
    return to


def _beside(hub: Side, peer: Side) -> bool:
    """Full GET, resumed GET and HEAD, in turns; the median of the ratios of each turn."""
    size = _MEBIBYTES * 1024 * 1024

    def full(side: Side) -> None:
        _get(side, None, size)

    def resumed(side: Side) -> None:
        # As after three cuts: each request begins where the one before was broken off.
        step = size // 4
        for start in range(0, size, step):
            _get(side, (start, start + step - 1), step)

    good = True
    for name, work, limit in (("full GET", full, _FULL), ("Range", resumed, _RANGE)):
        for side in (hub, peer):
            work(side)
        ratio, spread = _turns(hub, peer, work)
        good &= ratio <= limit
        print(f"{name}: {ratio:.2f}x the CPU of nginx a GiB (at most {limit})", spread)
    ratio, spread = _turns(hub, peer, _heads)
    good &= 1 / ratio >= _HEAD
    print(f"HEAD with permission: {1 / ratio:.2f} of nginx static (at least {_HEAD})", spread)
    return good


def _turns(hub: Side, peer: Side, work: Callable[[Side], object]) -> tuple[float, str]:
    """Return the ratio of the processor time of all turns, and the spread of single ones."""
    costs = []
    for _ in range(_ROUNDS):
        # Ticks of a hundredth of a second are coarse: nginx's work is done several times.
        mine = _cost(hub, lambda side: [work(side) for _ in range(2)]) / 2
        theirs = _cost(peer, lambda side: [work(side) for _ in range(4)]) / 4
        costs.append((mine, theirs))
    whole = sum(mine for mine, _ in costs) / sum(theirs for _, theirs in costs)
    return whole, _spread([mine / theirs for mine, theirs in costs])


def _cost(side: Side, work: Callable[[Side], object]) -> float:
    before = side.cpu()
    work(side)
    return side.cpu() - before


def _get(side: Side, stated: tuple[int, int] | None, expected: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", side.port)
    headers = _authorization(side)
    if stated is not None:
        headers["Range"] = f"bytes={stated[0]}-{stated[1]}"
    connection.request("GET", side.path, headers=headers)
    answer = connection.getresponse()
    assert answer.status == (200 if stated is None else 206), answer.status
    buffer, found = bytearray(1024 * 1024), 0
    while count := answer.readinto(buffer):
        found += count
    assert found == expected
    connection.close()


def _heads(side: Side) -> None:
    """Ask for the head of the file over sixteen connections that stay open."""
    authorization = "".join(f"{key}: {value}\r\n" for key, value in _authorization(side).items())
    asked = (
        f"HEAD {side.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: identity\r\n"
        f"{authorization}\r\n"
    ).encode()
    sockets = [socket.create_connection(("127.0.0.1", side.port)) for _ in range(_SOCKETS)]
    for _ in range(_HEADS // _SOCKETS):
        for one in sockets:
            one.sendall(asked)
        for one in sockets:
            answer = one.recv(65536)
            while not answer.endswith(b"\r\n\r\n"):
                answer += one.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
    for one in sockets:
        one.close()


def _tree(hub: Side) -> bool:
    """All pages of a tree of 10,000 files."""
    _pages(hub)
    seconds = min(_timed(lambda: _pages(hub)) for _ in range(_ROUNDS))
    print(f"tree of 10,000 files: {seconds:.2f} s (at most {_TREE_SECONDS})")
    return seconds <= _TREE_SECONDS


def _pages(hub: Side) -> None:
    path, found = "/api/models/acme/many/tree/main?recursive=true", 0
    while path:
        connection = http.client.HTTPConnection("127.0.0.1", hub.port)
        connection.request("GET", path, headers={"Authorization": f"Bearer {hub.tokens['acme']}"})
        answer = connection.getresponse()
        found += sum(item["type"] == "file" for item in json.loads(answer.read()))
        link = answer.headers.get("Link", "")
        path = link.partition("<")[2].partition(">")[0].partition(f":{hub.port}")[2]
        connection.close()
    assert found >= 10_000, found


def _ingest(hub: Side) -> bool:
    """The same bytes taken in by Xet, with the stock client's own packing, and by Git LFS."""
    try:
        from hub_sides.upload import by_lfs, by_xet, prepare
    except ImportError as error:
        print(f"{error.name} is not installed: the ratio of Xet ingest is left out")
        return True
    ratios = []
    for turn in range(3):
        content = hashlib.shake_128(str(turn).encode()).digest(96 * 1024 * 1024)
        prepared = prepare(content)
        lfs = _cost(hub, lambda side, it=content: by_lfs(side, it))
        xet = _cost(hub, lambda side, it=prepared: by_xet(side, it))
        ratios.append(xet / lfs)
    ratio = statistics.median(ratios)
    print(f"Xet ingest: {ratio:.2f}x the CPU of LFS ingest (at most {_INGEST})", _spread(ratios))
    return ratio <= _INGEST


def _flat(root: Path) -> bool:
    """What one request costs beside 100 repositories, and beside 100,000."""
    from hub_sides.many import Crowd

    crowd, costs = Crowd(root / "crowd"), {}
    for count in (100, 1_000, 10_000, 100_000):
        crowd.grow(count)
        crowd.ask(20)
        costs[count] = min(_spent(lambda: crowd.ask(40)) for _ in range(_ROUNDS)) / 40
    crowd.close()
    ratio = costs[100_000] / costs[100]
    shown = ", ".join(f"{count}: {cost * 1e3:.2f} ms" for count, cost in costs.items())
    print(f"cost of a request by repositories: {shown}: {ratio:.2f}x (at most {_FLAT})")
    return ratio <= _FLAT


def _authorization(side: Side) -> dict[str, str]:
    token = side.tokens.get("granted")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _spent(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def _spread(ratios: list[float]) -> str:
    return f"[{min(ratios):.2f} to {max(ratios):.2f}]"


if __name__ == "__main__":
    sys.exit(main())
