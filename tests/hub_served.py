"""A hub in this process with its accounts, for tests of the endpoints."""

from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub_world import NOW, Signed, World
from openweir.hub.hub import Hub


class Served:
    """A hub with its client, its accounts and its world."""

    def __init__(self, world: World, root: Path, policies=MappingProxyType({})) -> None:
        """Open a hub under `root` that trusts the world."""
        self.world = world
        self.now = NOW
        self.hub = Hub.open(
            root / "hub",
            trust=world.trust,
            register=world.root / "register",
            clock=lambda: self.now,
            policies=policies,
        )
        self.client = TestClient(Starlette(routes=self.hub.routes()))
        self.tokens = {}
        for user in ("acme", "ann", "pending", "rejected", "granted", "ended"):
            self.hub.accounts.add(user, publisher=False, at=NOW)
            self.tokens[user] = self.hub.accounts.new_token(user, at=NOW)

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
                f"{ours}/{opened['id']}/files/{file['path']}",
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

    def close(self) -> None:
        """Let go of sockets and database."""
        self.client.close()
        self.hub.close()
