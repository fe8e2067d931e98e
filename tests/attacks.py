"""The attack matrix: who may read what, as a table of its own, and every way of asking.

`entitled` is written from the laws, not from the gate: it is what the gate is held to.
`PROBES` are all ways to ask for the bytes of a file; each gives the answers that came back.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from starlette.responses import Response

from hub_served import Served
from hub_world import DAY, NOW, World
from openweir.hub.xet import chunk_name, file_name, to_hex
from openweir.hub.xet.layout import plan_bytes
from openweir.hub.xet.rows import insert_name
from openweir.hub.xet.store import _file
from openweir.tier import Tier

__all__ = ["PRINCIPALS", "PROBES", "STATES", "Scene", "entitled"]

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
)


def entitled(tier: Tier, state: str, principal: str) -> bool:
    """Whether the laws let this principal have the bytes (laws 5, 7, 8)."""
    if state != "in-force" or tier < Tier.GATED_WEIGHTS:
        return False
    if tier is Tier.GATED_WEIGHTS:
        return principal in ("granted", "granted-read-token")
    # A token that was taken back is refused even where nobody needs one.
    return principal != "withdrawn-token"


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
        for user in ("stranger", "revoked", "withdrawn-token"):
            hub.accounts.add(user, publisher=False, at=NOW)
            served.tokens[user] = hub.accounts.new_token(user, at=NOW)
        for tier in Tier:
            self._release(tier)
        served.now = NOW + timedelta(days=1)
        self.tokens = {who: served.tokens[who] for who in PRINCIPALS if who in served.tokens}
        self.tokens["granted-read-token"] = hub.accounts.new_token("granted", at=NOW, role="read")
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
        before, trust = served.now, hub.trust
        if state == "expired":
            served.now = NOW + timedelta(days=4000)
        elif state == "not-yet":
            served.now = NOW - timedelta(days=2)
        elif state == "halted":
            for tier in Tier:
                self._halt(self.name(tier))
            return lambda: [hub.notices.resume(self.name(tier), by="acme", at=NOW) for tier in Tier]
        elif state == "all-halted":
            self._halt("*")
            return lambda: hub.notices.resume("*", by="acme", at=NOW)
        elif state == "untrusted":
            nobody = type(trust())()
            hub.trust = lambda: nobody
        elif state in ("superseded", "ordered"):
            self._close_for_good(state)

        def back() -> None:
            served.now, hub.trust = before, trust

        return back

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
        chunk = (chunk_name(files[SECRET]), size)
        self.xet[tier] = to_hex(file_name((chunk,)))
        # As if it had come by Xet in one chunk.
        hub.xet._write(_file("acme", self.xet[tier]), (plan_bytes(digest, (chunk,)),))
        insert_name(hub.store, "acme", digest, self.xet[tier])
        assert served.publish(served.world.release(name, tier=tier, files=files)).is_success
        found = hub.release(*name.split("/"))
        self.commits[tier] = "0" * 40 if found is None else found.commit
        ours = f"/api/openweir/releases/{name}"
        asked = {"purpose": "to study it"}
        for who in ("pending", "rejected", "granted", "ended", "revoked", "withdrawn-token"):
            served.client.post(f"{ours}/requests", json=asked, headers=served.headers(who))
        served.client.delete(f"{ours}/grants/rejected", headers=self.owner)
        for who in ("granted", "revoked", "withdrawn-token"):
            served.client.post(f"{ours}/grants", json={"user": who}, headers=self.owner)
        ended = {"user": "ended", "expires": NOW.date().isoformat()}
        served.client.post(f"{ours}/grants", json=ended, headers=self.owner)

    def _collect(self, tier: Tier, who: str) -> None:
        """Keep the Xet token and the link of those who are let read now."""
        right = self.get(f"/api/models/{self.name(tier)}/xet-read-token/main", who)
        if right.status_code != 200:
            return
        self.rights[tier, who] = right.json()["accessToken"]
        self.store = urlsplit(right.json()["casUrl"]).path
        for link in _links(self, tier, self.rights[tier, who]):
            self.links[tier, who] = link


Probe = Callable[[Scene, Tier, str], Iterator[Response]]


def _resolve(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By every revision that ever named it, and every kind of range."""
    base = f"/{scene.name(tier)}/resolve"
    revisions = ("main", "HEAD", "refs%2Fheads%2Fmain", scene.commits[tier], scene.drafts[tier])
    for revision in (*revisions, scene.commits[tier][:12]):
        yield scene.get(f"{base}/{revision}/{SECRET}", who)
    for stated in ("bytes=0-", "bytes=5-900", "bytes=-500", "bytes=0-9,20-400", "bytes=39990-"):
        yield scene.get(f"{base}/main/{SECRET}", who, Range=stated)
    yield scene.get(f"{base}/main/{SECRET}", who, method="HEAD")
    yield scene.get(f"{base}/main/{SECRET}", who, If_None_Match="*", If_Range="x", Range="bytes=1-")
    yield scene.get(f"{base}/main/notes.txt", who)


def _odd_addresses(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By spellings that another router might take for the same file."""
    name, digest = scene.name(tier), hashlib.sha256(secret(tier)).hexdigest()
    token = scene.tokens.get("granted", "") if who == "granted" else "hf_" + "x" * 37
    for path in (
        f"//{name}/resolve/main/{SECRET}",
        f"/{name}/resolve/main//{SECRET}",
        f"/{name}/resolve/main/./{SECRET}",
        f"/{name}/resolve/main/x/../{SECRET}",
        f"/{name}/resolve/main/{SECRET.upper()}",
        f"/{name.upper()}/resolve/main/{SECRET}",
        f"/{name}/resolve/main/{SECRET}?token={token}",
        f"/{name}/raw/main/{SECRET}",
        f"/{name}/blob/main/{SECRET}",
        f"/datasets/{name}/resolve/main/{SECRET}",
        f"/spaces/{name}/resolve/main/{SECRET}",
        f"/api/resolve-cache/models/{name}/{scene.commits[tier]}/{SECRET}",
        f"/openweir/{name}/statements/{SECRET}",
        f"/openweir/{name}/statements/..%2f..%2fblobs%2f{digest[:2]}%2f{digest}",
        f"/register/..%2fhub%2fblobs%2f{digest[:2]}%2f{digest}",
        f"/objects/{digest}",
        f"/blobs/{digest[:2]}/{digest}",
        f"/lfs/{digest[:2]}/{digest[2:4]}/{digest}",
        f"/{name}.git/info/lfs/objects/{digest}",
    ):
        yield scene.get(path, who)
    for method in ("POST", "PUT", "PATCH", "OPTIONS"):
        yield scene.get(f"/{name}/resolve/main/{SECRET}", who, method=method)


def _metadata(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """What lists files must not hold them."""
    base = f"/api/models/{scene.name(tier)}"
    for path in ("", "/revision/main", "/tree/main?recursive=1&expand=1", "/refs", "/commits/main"):
        yield scene.get(base + path, who)
    yield scene.post(f"{base}/paths-info/main", who, {"paths": [SECRET], "expand": True})
    yield scene.get(f"{base}/tree/{scene.drafts[tier]}?recursive=1", who)
    yield scene.get(f"/openweir/{scene.name(tier)}/release.json", who)
    yield scene.get(f"{base}/auth-check", who)


def _lfs(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By the batch API, of this repository and of one's own."""
    digest, size = hashlib.sha256(secret(tier)).hexdigest(), len(secret(tier))
    for name in (scene.name(tier), "stranger/mine"):
        for operation in ("download", "upload"):
            body = {"operation": operation, "objects": [{"oid": digest, "size": size}]}
            yield scene.post(f"/{name}.git/info/lfs/objects/batch", who, body)
    yield scene.get(f"/api/openweir/lfs/{digest}", who)


def _links(scene: Scene, tier: Tier, right: str, file: str = "") -> list[str]:
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


def _xet(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By Xet: with a fresh token of this repository and of any other that gives one."""
    client = scene.served.client
    for name in (scene.name(tier), *(scene.name(other) for other in Tier if other is not tier)):
        right = scene.get(f"/api/models/{name}/xet-read-token/main", who)
        yield right
        if right.status_code != 200:
            continue
        for link in _links(scene, tier, right.json()["accessToken"]):
            # A right to another release counts only where it was used for this one's bytes.
            yield client.get(link, headers={"Range": f"bytes=0-{len(secret(tier)) + 7}"})
    yield scene.get(f"/api/openweir/xet/{scene.xet[tier]}", who)
    yield scene.get(f"{scene.store}/v1/reconstructions/{scene.xet[tier]}", who)
    yield scene.get(f"{scene.store}/v1/xorbs/default/{scene.xet[tier]}", who)
    yield scene.get(f"{scene.store}/v1/chunks/default/{scene.xet[tier]}", who)


def _kept(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By tokens and links that were collected while they were good."""
    client = scene.served.client
    right, link = scene.rights.get((tier, who)), scene.links.get((tier, who))
    if right is not None:
        for fresh in _links(scene, tier, right):
            yield client.get(fresh)
    if link is not None:
        yield client.get(link)
        yield client.get(link, headers={"Range": "bytes=0-500"})
        altered = link[:-6] + ("A" if link[-6] != "A" else "B") + link[-5:]
        refused = client.get(altered)
        assert refused.status_code == 403
        yield refused


PROBES: dict[str, Probe] = {
    "resolve": _resolve,
    "odd addresses": _odd_addresses,
    "metadata": _metadata,
    "lfs": _lfs,
    "xet": _xet,
    "kept rights": _kept,
}
