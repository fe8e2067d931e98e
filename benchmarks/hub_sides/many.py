"""A hub in this process with ever more repositories beside the ones that are asked for."""

import asyncio
import base64
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, process_time

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from sqlalchemy import insert

from hub_served import Served
from hub_world import NOW, World
from openweir.hub import schema
from openweir.instant import format_instant
from openweir.web.app import application

__all__ = ["Crowd"]

_SECONDS = 6.0


class Crowd:
    """A gated release, a draft, and an organisation with a crowd of other repositories."""

    def __init__(self, root: Path) -> None:
        """Publish and create what is asked for."""
        root.mkdir()
        self._served = Served(World(root / "world"), root)
        self._served.publish(self._served.world.release())
        self._served.settle()
        self._served.hub.accounts.add_organisation("crowd", at=NOW)
        self._served.hub.accounts.set_member("crowd", "acme", "write")
        self._application = application(self._served.hub)
        self._count = 0
        self._numbers = itertools.count()
        asyncio.run(self._call("POST", "/api/repos/create", "acme", b'{"name": "draft"}'))

    def grow(self, count: int) -> None:
        """Have `count` other repositories, each a draft with a release row of its own."""
        now = format_instant(NOW)
        with self._served.hub.store.begin() as connection:
            for start in range(self._count, count, 5_000):
                rows = list(_rows(range(start, min(start + 5_000, count)), now))
                for table, column in (
                    (schema.repos, 0),
                    (schema.commits, 1),
                    (schema.refs, 2),
                    (schema.releases, 3),
                    (schema.repositories, 4),
                ):
                    connection.execute(insert(table), [row[column] for row in rows])
        self._count = count

    def costs(self, times: int) -> dict[str, float]:
        """Return what each kind of request costs, in seconds of processor time: the least."""

        async def least(kind: str) -> float:
            found, began = [], monotonic()
            while len(found) < times and (monotonic() - began < _SECONDS or not found):
                arguments = self._request(kind, next(self._numbers))
                before = process_time()
                await self._call(*arguments)
                found.append(process_time() - before)
            return min(found)

        async def every() -> dict[str, float]:
            return {kind: await least(kind) for kind in _KINDS}

        return asyncio.run(every())

    def close(self) -> None:
        """Let go."""
        self._served.close()

    def _request(self, kind: str, number: int) -> tuple[str, str, str, bytes, bytes]:
        """Return one of its kind that differs from those before, so that no answer is kept."""
        query = f"n={number}".encode()
        release, page = "/api/models/acme/small", b"limit=20&" + query
        return {
            "head": ("HEAD", "/acme/small/resolve/main/README.md", "granted", b"", query),
            "info": ("GET", release, "granted", b"", query),
            "tree": ("GET", f"{release}/tree/main", "granted", b"", query),
            "whoami": ("GET", "/api/whoami-v2", "acme", b"", query),
            "list": ("GET", "/api/models", "acme", b"", page),
            "list by author": ("GET", "/api/models", "granted", b"", page + b"&author=acme"),
            "create": (
                *("POST", "/api/repos/create", "acme"),
                json.dumps({"name": f"new-{number}"}).encode(),
                query,
            ),
            "commit": ("POST", "/api/models/acme/draft/commit/main", "acme", _commit(number), b""),
        }[kind]

    async def _call(
        self, method: str, path: str, user: str, body: bytes = b"", query: bytes = b""
    ) -> None:
        sent: list[dict] = []

        async def receive() -> dict:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict) -> None:
            sent.append(message)

        token = self._served.headers(user)["Authorization"].encode()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "headers": [(b"host", b"hub"), (b"authorization", token)],
            "scheme": "http",
            "root_path": "",
            "server": ("hub", 80),
            "client": ("127.0.0.1", 1),
        }
        await self._application(scope, receive, send)
        assert sent[0]["status"] == 200, sent


_KINDS = ("head", "info", "tree", "whoami", "list", "list by author", "create", "commit")


def _commit(number: int) -> bytes:
    content = base64.b64encode(str(number).encode()).decode()
    lines = (
        {"key": "header", "value": {"summary": "one more", "description": ""}},
        {"key": "file", "value": {"path": "a.txt", "encoding": "base64", "content": content}},
    )
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _rows(numbers: range, now: str) -> Iterator[tuple[dict, ...]]:
    empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    release = dict.fromkeys(
        ("commit_id", "tier", "as_of", "valid_until", "decision", "envelope"), "0"
    )
    for number in numbers:
        # From above downwards: the database numbers its own from the highest upwards.
        row, name = 10_000_000 - number, f"crowd/model-{number}"
        commit = f"{number:040x}"
        at = {"created_at": now, "updated_at": now}
        repo = {"id": row, "kind": "model", "namespace": "crowd", "name": name} | at
        head = {"repo_id": row, "oid": commit, "tree": empty, "title": "first"}
        yield (
            repo | {"private": False, "gated": "no"},
            head | {"message": "", "author": "acme", "at": now},
            {"repo_id": row, "kind": "branch", "name": "main", "commit_id": commit},
            {**release, "id": row, "name": name, "published_at": now, "published_by": "x"},
            {"name": name, "release_id": row},
        )
