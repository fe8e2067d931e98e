"""Every way to ask a hub for the bytes of a file: each gives the answers that came back."""

import hashlib
from collections.abc import Callable, Iterator

from starlette.responses import Response

from attacks import SECRET, Scene, entitled, links_of, secret
from openweir.tier import Tier

__all__ = ["PROBES"]

Probe = Callable[[Scene, Tier, str], Iterator[Response]]


def _resolve(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By every revision that ever named it, and every kind of range."""
    base = f"/{scene.name(tier)}/resolve"
    revisions = ("main", "HEAD", "refs%2Fheads%2Fmain", scene.commits[tier], scene.drafts[tier])
    others = ("refs%2Fpr%2F1", "refs%2Ftags%2Fv1", "v1", "side", "refs%2Fheads%2Fside", "@", "")
    drafted = (scene.drafts[tier][:7], scene.drafts[tier][:12], scene.drafts[tier].upper())
    for revision in (*revisions, *others, *drafted, scene.commits[tier][:12]):
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
        f"/{name}/resolve/main/%77eights%2Fmodel.safetensors",
        f"/{name}/resolve/main/x%2f%2e%2e%2f{SECRET}",
        f"/{name}/resolve/main/%2e%2e/{name.partition('/')[2]}/main/{SECRET}",
        f"/{name}/resolve/main/{SECRET}%00",
        f"/{name}/resolve/main/{SECRET}.",
        f"/{name}/resolve/main/{SECRET}/",
        f"/{name}/resolve/main/{SECRET};x=1",
        f"/{name}/resolve/main/{SECRET}%20",
        f"/{name}/resolve/main/weights%5Cmodel.safetensors",
        f"/{name}/resolve/main/\uff57eights/model.safetensors",
        f"/{name}/resolve/main%2F{SECRET}",
        f"/{name.replace('/', '%2F')}/resolve/main/{SECRET}",
        f"/{name}%2Fresolve%2Fmain/{SECRET}",
        f"/{name}./resolve/main/{SECRET}",
        f"/{name}.git/resolve/main/{SECRET}",
        f"/models/{name}/resolve/main/{SECRET}",
        f"/api/models/{name}/resolve/main/{SECRET}",
        f"/{name}/resolve/main/{SECRET}?download=true&revision={scene.drafts[tier]}",
        f"/{name}/raw/main/{SECRET}",
        f"/{name}/raw/{scene.drafts[tier]}/{SECRET}",
        f"/datasets/{name}/raw/main/{SECRET}",
        f"/v2/{name}/manifests/latest",
        f"/v2/{name}/manifests/{SECRET.replace('/', '%2F')}",
        f"/v2/{name}/blobs/sha256:{digest}",
        f"/{name}/blob/main/{SECRET}",
        f"/datasets/{name}/resolve/main/{SECRET}",
        f"/api/datasets/{name}/tree/main?recursive=1",
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
    for path in ("/lfs-files", "/discussions/1", "/commits/v1", "/tree/side", "/tree/v1"):
        yield scene.get(base + path, who)
    yield scene.get(f"{base}/tree/refs%2Fpr%2F1?recursive=1&expand=1", who)
    yield scene.get(f"{base}/user-access-request/accepted", who)
    yield scene.get(f"/openweir/{scene.name(tier)}/statements/decision.json", who)
    yield scene.get("/api/models?author=acme&full=1&expand=siblings", who)


def _lfs(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By the batch API, of this repository and of one's own."""
    digest, size = hashlib.sha256(secret(tier)).hexdigest(), len(secret(tier))
    for name in (scene.name(tier), "stranger/mine"):
        for operation in ("download", "upload"):
            body = {"operation": operation, "objects": [{"oid": digest, "size": size}]}
            yield scene.post(f"/{name}.git/info/lfs/objects/batch", who, body)
    yield scene.get(f"/api/openweir/lfs/{digest}", who)


def _copies(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By having the hub copy it into a repository of one's own, then asking for it there.

    Whoever was entitled once may have a copy for good, as one they downloaded.
    """
    if entitled(tier, "in-force", who):
        return
    digest, size = hashlib.sha256(secret(tier)).hexdigest(), len(secret(tier))
    base, mine = f"/api/models/{scene.name(tier)}", f"{who}/copied-{tier.word}"
    yield scene.post("/api/repos/create", who, {"name": f"copied-{tier.word}"})
    yield scene.post(f"{base}/duplicate", who, {"repository": f"{mine}-whole"})
    body = {"target": {"type": "model", "name": mine}, "files": [{"sha256": digest}]}
    yield scene.post(f"{base}/lfs-files/duplicate", who, body)
    moved = {"fromRepo": scene.name(tier), "toRepo": f"{mine}-moved", "type": "model"}
    yield scene.post("/api/repos/move", who, moved)
    large = {"path": "w.bin", "algo": "sha256", "oid": digest, "size": size}
    header = {"key": "header", "value": {"summary": "s"}}
    copied = {"path": "w.bin", "srcPath": SECRET, "srcRevision": scene.drafts[tier]}
    for operation in (
        {"key": "lfsFile", "value": large},
        {"key": "copyFile", "value": copied},
    ):
        yield scene.post(f"/api/models/{mine}/commit/main", who, [header, operation])
    yield scene.get(f"/{mine}/resolve/main/w.bin", who)
    yield scene.get(f"/{mine}-whole/resolve/main/{SECRET}", who)


def _xet(scene: Scene, tier: Tier, who: str) -> Iterator[Response]:
    """By Xet: with a fresh token of this repository and of any other that gives one."""
    client = scene.served.client
    for name in (scene.name(tier), *(scene.name(other) for other in Tier if other is not tier)):
        right = scene.get(f"/api/models/{name}/xet-read-token/main", who)
        yield right
        if right.status_code != 200:
            continue
        for link in links_of(scene, tier, right.json()["accessToken"]):
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
        for fresh in links_of(scene, tier, right):
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
    "copies": _copies,
    "xet": _xet,
    "kept rights": _kept,
}
