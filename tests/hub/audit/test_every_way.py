"""The chain's sums over every way out of the hub, and every cut of its tail."""

import json
import random

from attacks import SECRET, Scene, links_of
from openweir.hub.audit import verify_export
from openweir.hub.audit.verify import export
from openweir.tier import Tier


def test_sums_over_every_way_out(tmp_path) -> None:
    """Whole, ranges, heads, drafts, LFS, Xet, refusals: what each got is what the chain says."""
    scene = Scene(tmp_path)
    hub, gated = scene.served.hub, Tier.GATED_WEIGHTS
    got: dict[str, int] = {}

    def took(who: str, answer) -> None:
        if answer.request.method != "HEAD" and answer.is_success:
            got[who] = got.get(who, 0) + len(answer.content)

    path = f"/{scene.name(gated)}/resolve/main/{SECRET}"
    for who in ("granted", "stranger", "anonymous", "rejected"):
        for stated in (
            {},
            {"Range": "bytes=7-99"},
            {"Range": "bytes=-5"},
            {"Range": "bytes=1-2,4-"},
        ):
            for method in ("GET", "HEAD"):
                for _ in range(2):
                    took(who, scene.get(path, who, method=method, **stated))
        took(who, scene.get(f"/{scene.name(Tier.OPEN_WEIGHTS)}/resolve/main/notes.txt", who))
    took("acme", scene.served.client.get(path, headers=scene.owner))
    for link in links_of(scene, gated, scene.rights[gated, "granted"]):
        took("granted", scene.served.client.get(link))
        took("granted", scene.served.client.get(link, headers={"Range": "bytes=8-1000"}))
        took("granted", scene.served.client.get(link, headers={"Range": "bytes=99999999-"}))
    scene.served.carry()
    hub.audit.checkpoint()
    lines = list(export(hub.audit.chain))
    key = hub.audit.verifier
    report = verify_export(lines, key=key)
    assert report.ok
    assert report.unfinished == 0
    told: dict[str, int] = {}
    for who, _, _, sent in report.sums:
        told[who or "anonymous"] = told.get(who or "anonymous", 0) + sent
    assert told == got
    assert got["granted"] > 5 * 40_000
    everything_is_found(lines, key)
    scene.served.close()


def everything_is_found(lines: list[bytes], key) -> None:
    """One flipped bit in any line, and a tail that was cut off, given a checkpoint kept aside."""
    rnd = random.Random(8)
    note = json.loads(lines[-1])["checkpoint"].encode()
    for _ in range(60):
        at = rnd.randrange(len(lines))
        changed = bytearray(lines[at])
        changed[rnd.randrange(len(changed) - 1)] ^= 1 << rnd.randrange(8)
        altered = [*lines[:at], bytes(changed), *lines[at + 1 :]]
        assert not verify_export(altered, key=key).ok
    events = [line for line in lines if b'"event"' in line[:9]]
    for kept in rnd.sample(range(len(events)), 20):
        shorter = verify_export([*events[:kept], *lines[len(events) :]], key=key, earlier=note)
        assert not shorter.ok
