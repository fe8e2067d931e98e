"""Shards, links and parts made by hand: what was not sent is not held, whoever knows its names."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from hub_served import Served
from hub_world import World
from openweir.digest import sha256
from openweir.hub.xet import chunk_name, file_name, possession_proof, to_hex, xorb_name
from openweir.hub.xet.shard import _TAG
from openweir.hub.xet.xorb import plain_header

SECRET = bytes(range(256)) * 90
OWN = b"my own weights. " * 1500
_RECORD = struct.Struct("<32s4I")
_END = _RECORD.pack(b"\xff" * 32, 0, 0, 0, 0)
_BOTH = 3 << 30


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A shard of one file with one term, as a client may state it."""

    xorb: bytes
    proof: bytes
    name: bytes
    digest: str
    start: int = 0
    end: int = 1
    length: int = 0
    flags: int = _BOTH

    def to_bytes(self) -> bytes:
        """Its bytes."""
        head = struct.pack("<32sQQ", _TAG, 2, 0) + _RECORD.pack(self.name, self.flags, 1, 0, 0)
        parts = [head, _RECORD.pack(self.xorb, 0, self.length, self.start, self.end)]
        if self.flags & (1 << 31):
            parts.append(_RECORD.pack(self.proof, 0, 0, 0, 0))
        if self.flags & (1 << 30):
            words = [int(self.digest[at : at + 16], 16) for at in range(0, 64, 16)]
            parts.append(_RECORD.pack(struct.pack("<4Q", *words), 0, 0, 0, 0))
        return b"".join((*parts, _END, _END))


def honest(content: bytes) -> Claim:
    """What whoever holds these bytes states of them."""
    chunk = chunk_name(content)
    listed = [(chunk, len(content))]
    return Claim(
        xorb=xorb_name(listed),
        proof=possession_proof([chunk]),
        name=file_name(listed),
        digest=sha256(content),
        length=len(content),
    )


def changed(claim: Claim, **fields: object) -> Claim:
    """The claim with other fields."""
    return Claim(**{name: getattr(claim, name) for name in claim.__dataclass_fields__} | fields)


@dataclass
class Writer:
    """A user with a repository of their own and a Xet token for it."""

    served: Served
    user: str

    def __post_init__(self) -> None:
        """Make the repository and ask for the token."""
        headers = self.served.headers(self.user)
        self.served.client.post("/api/repos/create", json={"name": "m"}, headers=headers)
        told = self.served.client.get(
            f"/api/models/{self.user}/m/xet-write-token/main", headers=headers
        ).json()
        self.store = urlsplit(told["casUrl"]).path
        self.bearer = {"Authorization": f"Bearer {told['accessToken']}"}

    def xorb(self, content: bytes, *, store: str = ""):
        """Send a xorb of one plain chunk."""
        place = f"{store or self.store}/v1/xorbs/default/{to_hex(honest(content).xorb)}"
        body = plain_header(len(content)) + content
        return self.served.client.post(place, content=body, headers=self.bearer)

    def shard(self, claim: Claim, *, store: str = ""):
        """Send a shard."""
        place = f"{store or self.store}/v1/shards"
        return self.served.client.post(place, content=claim.to_bytes(), headers=self.bearer)

    def holds(self, content: bytes) -> bool:
        """Whether the hub believes that the user holds these bytes."""
        digest = sha256(content)
        return digest in self.served.hub.workspace.possession.held(self.user, (digest,))


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    """A hub that knows nothing yet."""
    found = Served(World(tmp_path / "world"), tmp_path)
    yield found
    found.close()


@pytest.fixture
def victim(served: Served) -> Writer:
    """Who really sent the secret."""
    found = Writer(served, "acme")
    assert found.xorb(SECRET).status_code == 200
    assert found.shard(honest(SECRET)).status_code == 200
    assert found.holds(SECRET)
    return found


@pytest.fixture
def thief(served: Served) -> Writer:
    """Who knows every name and digest of the secret, and has sent bytes of their own."""
    found = Writer(served, "ann")
    assert found.xorb(OWN).status_code == 200
    return found


def told(answer) -> tuple[int, str]:
    """What a client sees, without the names it sent."""
    return answer.status_code, re.sub(r"[0-9a-f]{40,}", "NAME", answer.text)


class TestShards:
    """Possession is shown chunk by chunk, and only of what this namespace sent."""

    def test_foreign_chunks_are_as_unknown_ones(self, victim: Writer, thief: Writer) -> None:
        """With every name, proof and digest right: one answer for theirs and for nobody's."""
        theirs = thief.shard(honest(SECRET))
        assert told(theirs) == told(thief.shard(honest(SECRET[1:])))
        assert theirs.status_code == 400
        assert not thief.holds(SECRET)

    def test_before_and_after_another_sent_them(self, served: Served, thief: Writer) -> None:
        """That somebody else sends the bytes changes no answer."""
        before = told(thief.shard(honest(SECRET)))
        other = Writer(served, "acme")
        assert other.xorb(SECRET).is_success
        assert told(thief.shard(honest(SECRET))) == before
        assert other.shard(honest(SECRET)).is_success
        assert told(thief.shard(honest(SECRET))) == before

    @pytest.mark.parametrize(
        "lie",
        [
            {"digest": sha256(SECRET)},
            {"name": honest(SECRET).name},
            {"name": honest(SECRET).name, "digest": sha256(SECRET)},
            {"proof": honest(SECRET).proof},
            {"proof": bytes(32)},
            {"end": 2},
            {"start": 1, "end": 2},
            {"start": 2**32 - 2, "end": 2**32 - 1},
            {"length": len(OWN) - 1},
            {"length": len(OWN) + 1},
            {"xorb": honest(SECRET).xorb},
            {"flags": 1 << 31},
            {"flags": 1 << 30},
            {"flags": 0},
        ],
    )
    def test_no_lie_about_own_chunks_gives_others(
        self, served: Served, victim: Writer, thief: Writer, lie: dict
    ) -> None:
        """A wrong digest, name, proof, range or length is refused and leaves nothing."""
        blobs = sorted(served.hub.storage.keys("blobs/"))
        answer = thief.shard(changed(honest(OWN), **lie))
        assert answer.status_code in (400, 422), answer.text
        assert not thief.holds(SECRET)
        assert not thief.holds(OWN)
        assert sorted(served.hub.storage.keys("blobs/")) == blobs
        assert list(served.hub.storage.keys("xet/ann/files/")) == []
        assert list(served.hub.storage.keys("incoming/")) == []

    def test_a_token_opens_no_other_store(self, victim: Writer, thief: Writer) -> None:
        """Sending to, and asking of, somebody else's store is refused before the body is read."""
        assert thief.xorb(OWN, store=victim.store).status_code == 401
        assert thief.shard(honest(OWN), store=victim.store).status_code == 401
        reads = f"{victim.store}/v1/reconstructions/{to_hex(honest(SECRET).name)}"
        assert thief.served.client.get(reads, headers=thief.bearer).status_code == 401

    def test_the_honest_upload_of_the_same_bytes_works(self, victim: Writer, thief: Writer) -> None:
        """Whoever really has them may send them, by the same calls."""
        assert thief.xorb(SECRET).json() == {"was_inserted": True}
        assert thief.shard(honest(SECRET)).is_success
        assert thief.holds(SECRET)


class TestLfs:
    """An address is for one file of one namespace."""

    def actions(self, writer: Writer, content: bytes, *, parted: bool = False) -> dict:
        """Where to send a file."""
        body = {
            "operation": "upload",
            "transfers": ["basic", "multipart"] if parted else ["basic"],
            "objects": [
                {"oid": sha256(content), "size": 300 * 1024 * 1024 if parted else len(content)}
            ],
        }
        answer = writer.served.client.post(
            f"/{writer.user}/m.git/info/lfs/objects/batch",
            json=body,
            headers=writer.served.headers(writer.user),
        )
        return answer.json()["objects"][0]["actions"]

    def test_other_bytes_do_not_fit(self, victim: Writer, thief: Writer) -> None:
        """Neither bytes of the same length, nor fewer, nor more."""
        href = self.actions(thief, SECRET)["upload"]["href"]
        for content in (OWN, bytes(len(SECRET)), SECRET[:-1], SECRET + b"x", b""):
            assert thief.served.client.put(href, content=content).status_code == 422
        assert not thief.holds(SECRET)

    def test_an_address_for_one_thing_is_none_for_another(
        self, victim: Writer, thief: Writer
    ) -> None:
        """Verify, put and complete each take their own only; verifying shows nothing."""
        client = thief.served.client
        actions = self.actions(thief, SECRET)
        put, verify = actions["upload"]["href"], actions["verify"]["href"]
        there = {"oid": sha256(SECRET), "size": len(SECRET)}
        assert client.post(verify, json=there).status_code == 404
        assert client.put(verify.removesuffix("/verify"), content=SECRET).status_code == 403
        assert client.post(f"{put}/verify", json=there).status_code == 403
        assert client.post(f"{put}/complete", json={**there, "parts": []}).status_code == 403
        assert not thief.holds(SECRET)

    def test_parts_that_are_not_the_file(self, victim: Writer, thief: Writer) -> None:
        """No parts, wrong tags, wrong numbers or another file's digest make nothing held."""
        client = thief.served.client
        complete = self.actions(thief, SECRET, parted=True)["upload"]["href"]
        sent = client.put(f"{complete.removesuffix('/complete')}/1", content=OWN)
        assert sent.status_code == 422
        for parts in ([], [{"partNumber": 1, "etag": "x"}], [{"partNumber": 2, "etag": "x"}]):
            body = {"oid": sha256(SECRET), "parts": parts}
            assert client.post(complete, json=body).status_code in (400, 422)
        assert client.post(complete, json={"oid": sha256(OWN), "parts": []}).status_code == 400
        assert not thief.holds(SECRET)
