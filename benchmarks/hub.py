"""A gated file from our hub beside the same file from nginx, and what else has to stay cheap.

Run alone: `python benchmarks/hub.py` (two or three minutes). Compared is processor time of the
serving process, in turns, because on a shared machine the clock on the wall measures the
neighbours. Every request of ours carries a token, is checked and goes into the audit chain;
nginx checks nothing and logs nothing. The last line is JSON: each ratio, its limit and whether
it kept it. Exit 1 when a claim fails. Without nginx (`apt install nginx-light`) its ratios are
left out, and the run says so.
"""

import hashlib
import http.client
import itertools
import json
import logging
import socket
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hub_sides.process import PARTS, READERS, RELEASES, Side, nginx, ours

_MEBIBYTES = 512
_ROUNDS = 5
_HEADS = 8_000
_SOCKETS = 16
_SHORT = 32 * 1024 * 1024
_FULL, _RANGE, _HEAD, _TREE_SECONDS, _INGEST, _FLAT = 1.15, 1.25, 0.12, 1.0, 2.0, 1.5
_FIRST_HEAD = 0.02
_SIZES = (100, 100_000)
_NUMBERS = itertools.count()


@dataclass(slots=True)
class Results:
    """What was measured so far."""

    found: dict[str, dict[str, object]] = field(default_factory=dict)

    def most(self, name: str, value: float, limit: float, told: str) -> None:
        """Note a number that may be at most so much."""
        self._note(name, value, "at most", limit, told, ok=value <= limit)

    def least(self, name: str, value: float, limit: float, told: str) -> None:
        """Note a number that has to be at least so much."""
        self._note(name, value, "at least", limit, told, ok=value >= limit)

    def only(self, name: str, value: float, told: str) -> None:
        """Note a number that nothing is claimed of."""
        self.found[name] = {"value": round(value, 4)}
        print(f"{name}: {told}")

    def _note(
        self, name: str, value: float, bound: str, limit: float, told: str, *, ok: bool
    ) -> None:
        self.found[name] = {"value": round(value, 4), bound: limit, "ok": ok}
        print(f"{name}: {told} ({bound} {limit}){'' if ok else '  MISSED'}")

    @property
    def good(self) -> bool:
        """Whether every claim holds."""
        return all(each.get("ok", True) for each in self.found.values())


def main() -> int:
    """Run every comparison, print the ratios and say whether the claims hold."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # The crowd's releases are rows without files: the hub says of each that it is not served.
    logging.disable(logging.WARNING)
    results = Results()
    with tempfile.TemporaryDirectory(prefix="openweir-hub-") as folder:
        root = Path(folder)
        with ours(root / "ours", _MEBIBYTES) as hub:
            large = _large_file(root / "ours", root / "large.bin")
            with nginx(root / "nginx", large) as peer:
                if peer is None:
                    print("nginx is not installed: its ratios are left out")
                else:
                    _beside(hub, peer, results)
            _tree(hub, results)
            _ingest(hub, results)
        _flat(root, results)
    print("good:", str(results.good).lower())
    print(json.dumps({"good": results.good, "results": results.found}))
    return 0 if results.good else 1


def _large_file(root: Path, to: Path) -> Path:
    largest = max((root / "hub" / "blobs").rglob("*"), key=lambda path: path.stat().st_size)
    to.hardlink_to(largest)
    return to


def _beside(hub: Side, peer: Side, results: Results) -> None:
    """Full GET, resumed GET and HEAD, in turns."""
    size = _MEBIBYTES * 1024 * 1024

    def full(side: Side) -> None:
        _get(side, None, size)

    def resumed(side: Side) -> None:
        # As after three cuts: each request begins where the one before was broken off.
        _ranges(side, size, size // 4)

    def short(side: Side) -> None:
        _ranges(side, size, _SHORT)

    for name, work, limit in (
        ("full GET", full, _FULL),
        ("Range", resumed, _RANGE),
        ("Range of 32 MiB", short, None),
    ):
        for side in (hub, peer):
            work(side)
        ratio, spread = _turns(hub, peer, work)
        told = f"{ratio:.2f}x the CPU of nginx a GiB {spread}"
        if limit is None:
            results.only(name, ratio, told)
        else:
            results.most(name, ratio, limit, told)
    _heads(hub)
    ratio, spread = _turns(hub, peer, _heads)
    told = f"{1 / ratio:.2f} of nginx static {spread}"
    results.least("HEAD with permission", 1 / ratio, _HEAD, told)
    _heads(hub, once=True)
    ratio, spread = _turns(hub, peer, lambda side: _heads(side, once=True), own=1)
    told = f"{1 / ratio:.3f} of nginx static {spread}"
    results.least("HEAD never asked before", 1 / ratio, _FIRST_HEAD, told)


def _turns(
    hub: Side, peer: Side, work: Callable[[Side], object], *, own: int = 2
) -> tuple[float, str]:
    """Return the median of the ratios of all turns, and their spread."""
    ratios = []
    for _ in range(_ROUNDS):
        mine = _cost(hub, lambda side: [work(side) for _ in range(own)]) / own
        theirs = _cost(peer, lambda side: [work(side) for _ in range(4)]) / 4
        ratios.append(mine / theirs)
    return statistics.median(ratios), _spread(ratios)


def _ranges(side: Side, size: int, step: int) -> None:
    for start in range(0, size, step):
        _get(side, (start, start + step - 1), step)


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


def _heads(side: Side, *, once: bool = False) -> None:
    """Ask for the head of the file over sixteen connections that stay open.

    Args:
        side: whom.
        once: whether no two requests are alike, so that no answer kept can be given: of a
            hub the files of several releases are asked for, by several readers.
    """
    sockets = [socket.create_connection(("127.0.0.1", side.port)) for _ in range(_SOCKETS)]
    for _ in range(_HEADS // _SOCKETS // (8 if once else 1)):
        for one in sockets:
            path, token = _never_asked(side) if once else (side.path, side.tokens.get("granted"))
            authorization = f"Authorization: Bearer {token}\r\n" if token else ""
            one.sendall(
                f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Accept-Encoding: identity\r\n{authorization}\r\n".encode()
            )
        for one in sockets:
            answer = one.recv(65536)
            while not answer.endswith(b"\r\n\r\n"):
                answer += one.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200 "), answer[:100]
    for one in sockets:
        one.close()


def _never_asked(side: Side) -> tuple[str, str | None]:
    """Return a path that nobody asked for yet, and by whose token to ask."""
    number = next(_NUMBERS)
    if not side.tokens:
        return f"{side.path}?n={number}", None
    number, reader = divmod(number, READERS)
    turn, release = divmod(number, RELEASES)
    path = f"/acme/first-{release}/resolve/main/part-{turn % PARTS}.safetensors?n={turn // PARTS}"
    return path, side.tokens[f"reader-{reader}"]


def _tree(hub: Side, results: Results) -> None:
    """All pages of a tree of 10,000 files."""
    _pages(hub)
    clock = min(_timed(lambda: _pages(hub)) for _ in range(_ROUNDS))
    seconds = statistics.median(_cost(hub, lambda _: _pages(hub)) for _ in range(_ROUNDS))
    told = f"{seconds:.2f} s of processor time, {clock:.2f} s by the clock"
    results.most("tree of 10,000 files", seconds, _TREE_SECONDS, told)


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


def _ingest(hub: Side, results: Results) -> None:
    """The same bytes taken in by Xet, with the stock client's own packing, and by Git LFS."""
    try:
        from hub_sides.upload import by_lfs, by_xet, prepare
    except ImportError as error:
        print(f"{error.name} is not installed: the ratio of Xet ingest is left out")
        return
    ratios = []
    for turn in range(3):
        content = hashlib.shake_128(str(turn).encode()).digest(96 * 1024 * 1024)
        prepared = prepare(content)
        lfs = _cost(hub, lambda side, it=content: by_lfs(side, it))
        xet = _cost(hub, lambda side, it=prepared: by_xet(side, it))
        ratios.append(xet / lfs)
    ratio = statistics.median(ratios)
    told = f"{ratio:.2f}x the CPU of LFS ingest {_spread(ratios)}"
    results.most("Xet ingest", ratio, _INGEST, told)


def _flat(root: Path, results: Results) -> None:
    """What each kind of request costs beside 100 repositories, and beside up to 100,000.

    Two hubs in turns, one of which stays small: what else the machine does meets both.
    """
    from hub_sides.many import Crowd

    small, large = Crowd(root / "small"), Crowd(root / "large")
    small.grow(_SIZES[0])
    for each in (small, large):
        each.costs(25)
    for count in _SIZES:
        large.grow(count)
        turns = [(small.costs(15), large.costs(15)) for _ in range(3)]
    small.close()
    large.close()
    for kind in turns[0][0]:
        few, many = (min(turn[side][kind] for turn in turns) for side in (0, 1))
        told = f"{few * 1e3:.2f} ms beside {_SIZES[0]}, {many * 1e3:.2f} ms beside {_SIZES[-1]:,}"
        ratio = many / few
        results.most(f"{kind} by repositories", ratio, _FLAT, f"{ratio:.2f}x, {told}")


def _authorization(side: Side) -> dict[str, str]:
    token = side.tokens.get("granted")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _timed(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _spread(ratios: list[float]) -> str:
    return f"[{min(ratios):.2f} to {max(ratios):.2f}]"


if __name__ == "__main__":
    sys.exit(main())
