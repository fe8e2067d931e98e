"""A hub in this process with its accounts, for tests of the endpoints."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub_live import listening
from hub_scale import behind_nginx, scale_out
from hub_world import NOW, Signed, World
from openweir.hub.audit import AccessEvent
from openweir.hub.hub import Hub
from servers import Servers


class Served:
    """A hub with its client, its accounts and its world."""

    def __init__(
        self, world: World, root: Path, policies=MappingProxyType({}), *, scale: bool = False
    ) -> None:
        """Open a hub under `root` that trusts the world.

        It is an embedded one, or with `OPENWEIR_TEST_HUB=scale-out` one over PostgreSQL and
        S3: the same tests hold for both. `scale` asks for the second in any case. With `fleet`
        the client reaches three replicas of it over sockets, through nginx, in turns.
        """
        size = os.environ.get("OPENWEIR_TEST_HUB", "embedded")
        assert size in ("embedded", "scale-out", "fleet"), size
        self.embedded = not scale and size == "embedded"
        shared = (None, None) if self.embedded else scale_out().fresh()
        self.world = world
        self.now = NOW
        self.root = root
        self.policies = policies
        self.shared = shared
        self.trust = world.trust
        self.hub = self.another()
        self.hubs = [self.hub]
        self._front: str | None = None
        self._stack = ExitStack()
        self.client: httpx.Client = TestClient(Starlette(routes=self.hub.routes()))
        if size == "fleet" and not scale:
            try:
                self.client = self._fleet()
            except BaseException:
                # A skip too: who has no test gets nobody to end what runs.
                self.close()
                raise
        self.tokens = {}
        for user in ("acme", "ann", "pending", "rejected", "granted", "ended"):
            self.hub.accounts.add(user, publisher=False, at=NOW)
            self.tokens[user] = self.hub.accounts.new_token(user, at=NOW)

    def another(self) -> Hub:
        """Open the same hub again: a replica, or the next run of an embedded one."""
        return Hub.open(
            self.root / "hub",
            trust=lambda: self.trust,
            register=self.world.root / "register",
            clock=lambda: self.now,
            policies=self.policies,
            database=self.shared[0],
            blobs=self.shared[1],
        )

    def _fleet(self) -> httpx.Client:
        """Return a client of nginx before this hub and two more of it."""
        for _ in range(2):
            self.hubs.append(self.another())
            self._stack.callback(self.hubs[-1].close)
        urls = [self._stack.enter_context(listening(hub)) for hub in self.hubs]
        servers = self._stack.enter_context(Servers())
        self._front = behind_nginx(servers, [int(url.rpartition(":")[2]) for url in urls])
        return httpx.Client(base_url=self._front, follow_redirects=True, timeout=60)

    @contextmanager
    def live(self) -> Iterator[str]:
        """Let stock clients reach the hub; the value is its address, or that of its nginx."""
        if self._front is not None:
            yield self._front
            return
        with listening(self.hub) as url:
            yield url

    def headers(self, user: str | None) -> dict[str, str]:
        """The authorization of a user; none for None."""
        return {} if user is None else {"Authorization": f"Bearer {self.tokens[user]}"}

    def publish(self, signed: Signed, *, user: str = "acme"):
        """Publish through the API; returns the last answer."""
        headers, ours = self.headers(user), "/api/openweir/publications"
        answer = self.client.post(ours, content=signed.manifest(), headers=headers)
        if answer.status_code != 200:
            return answer
        opened = answer.json()
        for file in opened["files"]:
            answer = self.client.put(
                f"{ours}/{opened['id']}/files/{quote(file['path'])}",
                content=signed.files[file["path"]],
                headers=headers,
            )
            if answer.status_code != 200:
                return answer
        return self.client.post(f"{ours}/{opened['id']}/commit", headers=headers)

    def settle(self, name: str = "acme/small") -> None:
        """Bring every user to the state their name says."""
        ours = f"/api/openweir/releases/{name}"
        for user in ("pending", "rejected", "granted", "ended"):
            purpose = {"purpose": "to study it"}
            self.client.post(f"{ours}/requests", json=purpose, headers=self.headers(user))
        owner = self.headers("acme")
        self.client.delete(f"{ours}/grants/rejected", headers=owner)
        self.client.post(f"{ours}/grants", json={"user": "granted"}, headers=owner)
        ended = {"user": "ended", "expires": NOW.date().isoformat()}
        self.client.post(f"{ours}/grants", json=ended, headers=owner)
        self.now = NOW + timedelta(days=1)

    def carry(self) -> None:
        """Have every replica carry what it served into the audit chain, as each does by itself."""
        for hub in self.hubs:
            hub.audit.flush()

    def events(self, name: str) -> list[AccessEvent]:
        """What all replicas recorded of a release, in the order of their clock."""
        self.carry()
        return sorted(self.hub.audit.events(name), key=lambda event: event.at)

    def kept(self, *prefixes: str) -> list[str]:
        """The last part of every key that the hub's storage holds below these prefixes."""
        storage = self.hub.storage
        return [key.rpartition("/")[2] for prefix in prefixes for key in storage.keys(prefix)]

    def lose(self, digest: str) -> None:
        """Have a blob gone, as if somebody else had deleted it a second ago."""
        self.hub.storage.delete(self.hub.blobs.key(digest))
        self.hub.blobs.forget_stamps()

    def flip(self, digest: str, at: int) -> None:
        """Change one byte of a blob behind the hub's back, keeping size and times if it can."""
        key = self.hub.blobs.key(digest)
        data = bytearray(b"".join(self.hub.storage.pieces(key)))
        data[at] ^= 1
        path = self.hub.storage.path(key)
        if path is None:
            writer = self.hub.storage.writer(key)
            writer.write(bytes(data))
            writer.keep()
            self.hub.blobs.forget_stamps()
            return
        before = path.stat()
        path.chmod(0o644)
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def close(self) -> None:
        """Let go of sockets and database."""
        self.client.close()
        self._stack.close()
        self.hub.close()
