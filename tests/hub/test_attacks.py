"""The attack matrix: every tier, state and principal against every way of asking (law 8)."""

import hashlib
import itertools
import random
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from attack_probes import PROBES
from attacks import PRINCIPALS, SECRET, STATES, Scene, entitled, secret
from openweir.tier import Tier


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One hub for the whole matrix but the states that cannot be left."""
    found = Scene(tmp_path_factory.mktemp("attacks"))
    yield found
    found.served.close()


def leaks(content: bytes, tier: Tier) -> bool:
    """Whether any 16 bytes in a row of the secret stand in an answer."""
    whole = secret(tier)
    return any(
        content[at : at + 16] in whole
        for at in range(0, max(1, len(content) - 15), 8)
        if len(content[at : at + 16]) == 16
    )


# Outside `in-force` nobody is entitled: by default the cases are those that come closest.
CLOSEST = (
    (Tier.GATED_WEIGHTS, Tier.OPEN_WEIGHTS),
    ("anonymous", "withdrawn-token", "granted"),
)
NEAREST = (Tier.PUBLIC_HOSTED, Tier.GATED_WEIGHTS, Tier.OPEN_WEIGHTS)
LASTING = ("superseded", "ordered")
CASES = [
    *((state, CLOSEST if at else (NEAREST, PRINCIPALS)) for at, state in enumerate(STATES)),
    *(pytest.param(state, (tuple(Tier), PRINCIPALS), marks=pytest.mark.slow) for state in STATES),
]


@pytest.mark.parametrize(("state", "cases"), CASES)
def test_no_byte_leaves_but_to_whom_the_laws_entitle(
    scene: Scene,
    tmp_path: Path,
    state: str,
    cases: tuple[tuple[Tier, ...], tuple[str, ...]],
) -> None:
    """Whoever is not entitled gets not 16 bytes in a row by any way; whoever is gets them all."""
    if state in LASTING:
        scene = Scene(tmp_path)
    back = scene.enter(state)
    asked = 0
    try:
        for tier, who in itertools.product(*cases):
            for label, probe in PROBES.items():
                for answer in probe(scene, tier, who):
                    asked += 1
                    damaged = state == "tampered-bytes" and '"hub.damaged"' in answer.text
                    assert answer.status_code < 500 or answer.status_code == 501 or damaged, (
                        label,
                        answer.url,
                    )
                    if not entitled(tier, state, who):
                        case = (label, tier.word, state, who, str(answer.url))
                        assert not leaks(answer.content, tier), case
            plain = scene.get(f"/{scene.name(tier)}/resolve/main/{SECRET}", who)
            served = plain.status_code == 200 and plain.content == secret(tier)
            assert served == entitled(tier, state, who), (tier.word, state, who, plain.text[:200])
    finally:
        back()
        if state in LASTING:
            scene.served.close()
    assert asked >= 60 * len(cases[0]) * len(cases[1])


def test_the_entitled_get_the_bytes_by_every_way_that_clients_use(tmp_path) -> None:
    """The matrix is not empty: ranges, commits, Xet tokens and links serve who may read."""
    scene = Scene(tmp_path)
    tier = Tier.GATED_WEIGHTS
    whole = secret(tier)
    name, commit = scene.name(tier), scene.commits[tier]
    for revision in ("main", commit):
        answer = scene.get(f"/{name}/resolve/{revision}/{SECRET}", "granted")
        assert answer.content == whole
    answer = scene.get(f"/{name}/resolve/main/{SECRET}", "granted", Range="bytes=-500")
    assert answer.content == whole[-500:]
    answer = scene.served.client.get(scene.links[tier, "granted"])
    assert answer.status_code == 206
    assert whole in answer.content
    assert scene.rights[tier, "granted"]
    assert (tier, "anonymous") not in scene.links
    scene.served.close()


class TestSmuggling:
    """Acceptance test 1: knowing a digest is no right, and shows nothing."""

    def attempts(self, scene: Scene, digest: str, size: int, xet: str) -> Iterator[object]:
        """Everything a stranger can do with a digest, as what they see of it."""
        who, repo = "stranger", "/api/models/stranger/mine"
        large = {"path": "w.bin", "algo": "sha256", "oid": digest, "size": size}
        yield scene.post(
            f"{repo}/commit/main",
            who,
            [
                {"key": "header", "value": {"summary": "claim"}},
                {"key": "lfsFile", "value": large},
            ],
        )
        batch = {"operation": "upload", "objects": [{"oid": digest, "size": size}]}
        yield scene.post("/stranger/mine.git/info/lfs/objects/batch", who, batch)
        sent = {"files": [{"path": "w.bin", "size": size, "sample": "", "oid": digest}]}
        yield scene.post(f"{repo}/preupload/main", who, sent)
        right = scene.get(f"{repo}/xet-read-token/main", who).json()
        bearer = {"Authorization": f"Bearer {right['accessToken']}"}
        for store in (urlsplit(right["casUrl"]).path, scene.store):
            yield scene.served.client.get(f"{store}/v1/reconstructions/{xet}", headers=bearer)
        body = {"oid": digest, "size": size, "source": "acme/gated-weights", "target": "x"}
        yield scene.post(f"{repo}/lfs-files/duplicate", who, body)

    def test_a_claimed_digest_answers_like_one_that_nobody_has(self, scene: Scene) -> None:
        """Status and text are the same for a gated file and for bytes that exist nowhere."""
        tier = Tier.GATED_WEIGHTS
        real = hashlib.sha256(secret(tier)).hexdigest()
        made_up = hashlib.sha256(random.Random(1).randbytes(9)).hexdigest()
        xet = scene.xet[tier]
        other = hashlib.sha256(b"other").hexdigest()
        size = len(secret(tier))
        for known, unknown in zip(
            self.attempts(scene, real, size, xet),
            self.attempts(scene, made_up, size, other),
            strict=True,
        ):
            assert known.status_code == unknown.status_code, known.url
            told = [
                re.sub(r"api/openweir/lfs/[^\"]*", "LINK", answer.text)
                .replace(real, "D")
                .replace(made_up, "D")
                .replace(real[:12], "D")
                .replace(made_up[:12], "D")
                for answer in (known, unknown)
            ]
            assert told[0] == told[1]

    def test_the_honest_upload_of_the_same_bytes_works(self, scene: Scene) -> None:
        """Whoever really has the bytes may keep them in their own repository."""
        tier = Tier.GATED_WEIGHTS
        content = secret(tier)
        digest = hashlib.sha256(content).hexdigest()
        batch = {"operation": "upload", "objects": [{"oid": digest, "size": len(content)}]}
        answer = scene.post("/stranger/mine.git/info/lfs/objects/batch", "stranger", batch)
        href = answer.json()["objects"][0]["actions"]["upload"]["href"]
        assert scene.served.client.put(href, content=content).status_code == 200
        large = {"path": "w.bin", "algo": "sha256", "oid": digest, "size": len(content)}
        lines = [
            {"key": "header", "value": {"summary": "mine"}},
            {"key": "lfsFile", "value": large},
        ]
        assert scene.post("/api/models/stranger/mine/commit/main", "stranger", lines).is_success
        got = scene.get("/stranger/mine/resolve/main/w.bin", "stranger")
        assert got.content == content
        gated = scene.get(f"/{scene.name(tier)}/resolve/main/{SECRET}", "stranger")
        assert gated.status_code in (403, 404)
