"""The attack matrix: who may read what, as a table of its own, and every way of asking.

`entitled` is written from the laws, not from the gate: it is what the gate is held to.
Every way of asking is in `attack_probes`.
"""

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import select, update
from starlette.responses import Response

from hub_served import Served
from hub_world import DAY, NOW, World
from openweir.attest import Revocation
from openweir.hub import schema
from openweir.hub.xet import chunk_name, file_name, to_hex
from openweir.hub.xet.arrival import write
from openweir.hub.xet.layout import plan_bytes
from openweir.hub.xet.rows import insert_name
from openweir.hub.xet.store import _file
from openweir.tier import Tier

__all__ = ["PRINCIPALS", "SECRET", "STATES", "Scene", "entitled", "links_of", "secret"]

SECRET = "weights/model.msgpack"  # a format the scan flags and does not read
PRINCIPALS = (
    "anonymous",
    "stranger",
    "pending",
    "rejected",
    "ended",
    "revoked",
    "withdrawn-token",
    "granted",
    "granted-read-token",
    "expired-token",
    "member-elsewhere",
    "reviewer",
    "reset",
)
STATES = (
    "in-force",
    "expired",
    "not-yet",
    "halted",
    "all-halted",
    "untrusted",
    "superseded",
    "ordered",
    "key-revoked",
    "tampered-row",
    "tampered-decision",
    "tampered-bytes",
    "resealed-row",
)


_DAYS = {"expired": 4000, "not-yet": -2}


def entitled(tier: Tier, state: str, principal: str) -> bool:
    """Whether the laws let this principal have the bytes (laws 5, 7, 8)."""
    if state != "in-force" or tier < Tier.GATED_WEIGHTS:
        return False
    if tier is Tier.GATED_WEIGHTS:
        return principal in ("granted", "granted-read-token")
    # A token that was taken back is refused even where nobody needs one.
    return principal not in ("withdrawn-token", "expired-token")


def secret(tier: Tier) -> bytes:
    """Bytes that stand nowhere else."""
    return random.Random(tier.word).randbytes(40_000)


@dataclass
class Scene:
    """A hub with one release per tier, drafts behind them, and principals of every kind."""

    root: Path
    served: Served = field(init=False)
    tokens: dict[str, str] = field(default_factory=dict)
    commits: dict[Tier, str] = field(default_factory=dict)
    drafts: dict[Tier, str] = field(default_factory=dict)
    xet: dict[Tier, str] = field(default_factory=dict)
    links: dict[tuple[Tier, str], str] = field(default_factory=dict)
    rights: dict[tuple[Tier, str], str] = field(default_factory=dict)
    store: str = ""

    def __post_init__(self) -> None:
        """Publish, draft, settle everybody, and let those who can collect links."""
        served = self.served = Served(World(self.root / "world"), self.root)
        hub = served.hub
        users = ("stranger", "revoked", "withdrawn-token", "reset", "reviewer", "member-elsewhere")
        for user in users:
            hub.accounts.add(user, publisher=False, at=NOW)
            served.tokens[user] = hub.accounts.new_token(user, at=NOW)
        for tier in Tier:
            self._release(tier)
        served.now = NOW + timedelta(days=1)
        hub.accounts.add_organisation("elsewhere", at=NOW)
        hub.accounts.set_member("elsewhere", "member-elsewhere", "admin")
        self.tokens = {who: served.tokens[who] for who in PRINCIPALS if who in served.tokens}
        self.tokens["granted-read-token"] = hub.accounts.new_token("granted", at=NOW, role="read")
        over = hub.accounts.new_token("granted", at=NOW, expires=NOW + timedelta(hours=1))
        self.tokens["expired-token"] = over
        for tier in Tier:
            for who in ("anonymous", "granted", "revoked", "withdrawn-token"):
                self._collect(tier, who)
            served.client.delete(
                f"/api/openweir/releases/{self.name(tier)}/grants/revoked", headers=self.owner
            )
        hub.accounts.revoke_tokens("withdrawn-token", at=NOW)
        self.post("/api/repos/create", "stranger", {"name": "mine"})

    @staticmethod
    def name(tier: Tier) -> str:
        """The release of a tier."""
        return f"acme/{tier.word}"

    @property
    def owner(self) -> dict[str, str]:
        """The publisher's authorization."""
        return self.served.headers("acme")

    def headers(self, who: str) -> dict[str, str]:
        """A principal's authorization."""
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}

    def get(self, path: str, who: str, *, method: str = "GET", **headers: str) -> Response:
        """Ask for a path."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.served.client.request(method, path, headers=self.headers(who) | headers)

    def post(self, path: str, who: str, body: object) -> Response:
        """Send JSON, or lines of JSON where `body` is a list."""
        if isinstance(body, list):
            lines = "\n".join(json.dumps(item) for item in body)
            return self.served.client.post(path, content=lines, headers=self.headers(who))
        return self.served.client.post(path, json=body, headers=self.headers(who))

    def enter(self, state: str) -> Callable[[], object]:
        """Bring the hub into a state; the answer leads back, where there is a way back."""
        served, hub = self.served, self.served.hub
        before, trust = served.now, served.trust
        if state in _DAYS:
            served.now = NOW + timedelta(days=_DAYS[state])
        elif state == "halted":
            for tier in Tier:
                self._halt(self.name(tier))
            return lambda: [hub.notices.resume(self.name(tier), by="acme", at=NOW) for tier in Tier]
        elif state == "all-halted":
            self._halt("*")
            return lambda: hub.notices.resume("*", by="acme", at=NOW)
        elif state == "untrusted":
            served.trust = type(trust)()
        elif state in ("superseded", "ordered"):
            self._close_for_good(state)
        elif state == "key-revoked":
            since = Revocation(since=DAY, reason="compromised", kept=())
            served.trust = trust.revoke(served.world.key.public, since)
        elif state.startswith(("tampered", "resealed")):
            return self._tamper(state)

        def back() -> None:
            served.now, served.trust = before, trust

        return back

    def _tamper(self, state: str) -> Callable[[], object]:
        """Change what lies in the database or on the disk, behind the hub's back."""
        if not state.endswith("-row"):
            self._flip(state)
            return lambda: self._flip(state)
        store, tables = self.served.hub.store, (schema.releases, schema.release_files)
        with store.begin() as connection:
            kept = [connection.execute(select(each)).mappings().all() for each in tables]
            if state == "resealed-row":
                connection.execute(update(schema.releases).values(tier=Tier.SEALED.word))
            else:
                # Every file is open, in a row that nothing was verified for yet.
                connection.execute(update(schema.releases).values(commit_id="f" * 40))
                connection.execute(update(schema.release_files).values(tier="open-weights"))

        def back() -> None:
            with store.begin() as connection:
                for table, rows in zip(tables, kept, strict=True):
                    for row in rows:
                        this = [each == row[each.name] for each in table.primary_key]
                        connection.execute(update(table).where(*this).values(**row))

        return back

    def _flip(self, state: str) -> None:
        hub = self.served.hub
        for tier in Tier:
            row = hub.store.current(self.name(tier))
            assert row is not None
            digests = [hashlib.sha256(each).hexdigest() for each in self.files(tier).values()][:2]
            for digest in [row.decision] if state == "tampered-decision" else digests:
                if hub.blobs.identity(digest) is not None:
                    self.served.flip(digest, 40)

    def _close_for_good(self, state: str) -> None:
        from hub.test_orders import entry

        served = self.served
        if state == "ordered":
            served.world.log.append([entry(self.name(tier), Tier.SEALED) for tier in Tier])
            return
        for tier in Tier:
            held = served.world.release(
                self.name(tier), tier=Tier.SEALED, files=self.files(tier), as_of=DAY, cost="x"
            )
            assert served.publish(held).status_code == 200

    def files(self, tier: Tier) -> dict[str, bytes]:
        """What a release consists of: the secret, and a small file with its beginning."""
        return {SECRET: secret(tier), "notes.txt": secret(tier)[:300], "README.md": b"# Card\n"}

    def _halt(self, name: str) -> None:
        self.served.hub.notices.halt(
            name, trigger="weights-leak", text="it leaked", by="acme", at=NOW
        )

    def _release(self, tier: Tier) -> None:
        served, hub, name, files = self.served, self.served.hub, self.name(tier), self.files(tier)
        self.post("/api/repos/create", "", {})
        made = served.client.post(
            "/api/repos/create",
            json={"name": tier.word, "organization": "acme"},
            headers=self.owner,
        )
        assert made.status_code == 200, made.text
        digest = hub.workspace.hold("acme", files[SECRET], at=NOW)
        size = len(files[SECRET])
        lines = [
            {"key": "header", "value": {"summary": "draft"}},
            {
                "key": "lfsFile",
                "value": {"path": SECRET, "algo": "sha256", "oid": digest, "size": size},
            },
        ]
        drafted = served.client.post(
            f"/api/models/{name}/commit/main",
            content="\n".join(json.dumps(line) for line in lines),
            headers=self.owner,
        )
        assert drafted.status_code == 200, drafted.text
        self.drafts[tier] = drafted.json()["commitOid"]
        self._refer(name)
        chunk = (chunk_name(files[SECRET]), size)
        self.xet[tier] = to_hex(file_name((chunk,)))
        # As if it had come by Xet in one chunk.
        write(hub.storage, _file("acme", self.xet[tier]), (plan_bytes(digest, (chunk,)),))
        insert_name(hub.store, "acme", digest, self.xet[tier])
        assert served.publish(served.world.release(name, tier=tier, files=files)).is_success
        found = hub.release(*name.split("/"))
        self.commits[tier] = "0" * 40 if found is None else found.commit
        ours = f"/api/openweir/releases/{name}"
        asked = {"purpose": "to study it"}
        rules = {"mode": "manual", "reviewers": ["reviewer"]}
        served.client.put(f"{ours}/gate", json=rules, headers=self.owner)
        let_in = ("granted", "revoked", "withdrawn-token", "reset")
        for who in ("pending", "rejected", "ended", *let_in):
            served.client.post(f"{ours}/requests", json=asked, headers=served.headers(who))
        served.client.delete(f"{ours}/grants/rejected", headers=self.owner)
        for who in let_in:
            served.client.post(f"{ours}/grants", json={"user": who}, headers=self.owner)
        undo = {"user": "reset", "status": "reset", "resetReason": "by mistake"}
        served.client.post(
            f"/api/models/{name}/user-access-request/handle", json=undo, headers=self.owner
        )
        ended = {"user": "ended", "expires": NOW.date().isoformat()}
        served.client.post(f"{ours}/grants", json=ended, headers=self.owner)

    def _refer(self, name: str) -> None:
        """Point a tag, a branch and a pull reference at the draft."""
        client, base = self.served.client, f"/api/models/{name}"
        for path, body in (
            ("/tag/main", {"tag": "v1"}),
            ("/branch/side", {}),
            ("/discussions", {"title": "t", "pullRequest": True}),
        ):
            assert client.post(base + path, json=body, headers=self.owner).is_success

    def _collect(self, tier: Tier, who: str) -> None:
        """Keep the Xet token and the link of those who are let read now."""
        right = self.get(f"/api/models/{self.name(tier)}/xet-read-token/main", who)
        if right.status_code != 200:
            return
        self.rights[tier, who] = right.json()["accessToken"]
        self.store = urlsplit(right.json()["casUrl"]).path
        for link in links_of(self, tier, self.rights[tier, who]):
            self.links[tier, who] = link


def links_of(scene: Scene, tier: Tier, right: str, file: str = "") -> list[str]:
    """Return where a Xet right lets the parts of a file be fetched."""
    answer = scene.served.client.get(
        f"{scene.store}/v1/reconstructions/{file or scene.xet[tier]}",
        headers={"Authorization": f"Bearer {right}"},
    )
    if answer.status_code != 200:
        return []
    return [
        urlsplit(one["url"]).path
        for places in answer.json()["fetch_info"].values()
        for one in places
    ]
