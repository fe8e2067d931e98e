"""A hub with something of everything in it, for tests of upkeep."""

import json
from datetime import datetime
from pathlib import Path

from hub_served import Served
from hub_world import NOW, World
from openweir.digest import sha256
from openweir.hub.audit import signing_key
from openweir.hub.upkeep import Collected, Examined, Kept, collect, examine, turn
from openweir.tier import Tier

ORPHAN = b"uploaded, never committed" * 100
LARGE = bytes(range(256)) * 5000


class Upkept:
    """A hub that serves, with a release, a draft, its history and an upload without a commit."""

    def __init__(self, root: Path, *, scale: bool) -> None:
        """Fill a hub through its own endpoints."""
        self.served = Served(World(root / "world"), root, scale=scale)
        served = self.served
        assert served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS)).is_success
        served.settle()
        assert self.post("/api/repos/create", {"name": "draft"}).is_success
        self.upload(LARGE)
        self.commit({"w.bin": LARGE}, text={"docs/n.txt": "one"})
        self.commit({}, text={"docs/n.txt": "two"}, delete=["w.bin"])
        self.upload(ORPHAN)
        assert served.client.get("/acme/small/resolve/main/README.md").status_code == 200
        served.carry()

    @property
    def kept(self) -> Kept:
        """What the hub keeps."""
        hub = self.served.hub
        return Kept(
            data=hub.data, store=hub.store, storage=hub.storage, embedded=self.served.embedded
        )

    @property
    def named(self) -> list[str]:
        """The words that name its place to a command."""
        database, blobs = self.served.shared
        words = ["--data", str(self.served.hub.data)]
        if database is not None and blobs is not None:
            words += ["--database", database, "--blobs", blobs]
        return words

    def post(self, path: str, body: object):
        """Act as acme."""
        return self.served.client.post(path, json=body, headers=self.served.headers("acme"))

    def upload(self, content: bytes, name: str = "acme/draft") -> bool:
        """Send bytes by LFS; whether they had to be sent."""
        objects = [{"oid": sha256(content), "size": len(content)}]
        answer = self.post(
            f"/{name}.git/info/lfs/objects/batch", {"operation": "upload", "objects": objects}
        )
        actions = answer.json()["objects"][0].get("actions")
        if actions is None:
            return False
        answer = self.served.client.put(actions["upload"]["href"], content=content)
        assert answer.status_code == 200, answer.text
        return True

    def commit(self, large: dict[str, bytes], *, text=(), delete=()):
        """Commit to main of the draft; returns the answer."""
        lines = [{"key": "header", "value": {"summary": "s"}}]
        for path, content in large.items():
            value = {"path": path, "algo": "sha256", "oid": sha256(content), "size": len(content)}
            lines.append({"key": "lfsFile", "value": value})
        for path, content in dict(text).items():
            lines.append({"key": "file", "value": {"path": path, "content": content}})
        lines += [{"key": "deletedFile", "value": {"path": path}} for path in delete]
        return self.served.client.post(
            "/api/models/acme/draft/commit/main",
            content="\n".join(map(json.dumps, lines)),
            headers=self.served.headers("acme"),
        )

    def examine(self, *, deep: bool = False) -> Examined:
        """What `openweir hub fsck` finds."""
        kept = self.kept
        key = signing_key(kept.data / "audit.key" if kept.embedded else None, kept.store)
        with turn(kept, alone=False):
            return examine(kept, at=NOW, key=key, deep=deep)

    def collect(self, at: datetime, *, older_than, dry_run: bool = False) -> Collected:
        """What `openweir hub gc` does."""
        with turn(self.kept, alone=True):
            return collect(self.kept, at=at, older_than=older_than, dry_run=dry_run)

    def close(self) -> None:
        """Let go of the hub."""
        self.served.close()
