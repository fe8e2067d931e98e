"""The readers of what clients send to a hub, with seeds to mutate: for `fuzz_readers`."""

import json
import struct
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import lz4.frame
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from openweir.canonical import Object, parse
from openweir.decision import Decision
from openweir.hub import Bundle, check
from openweir.hub.access.rules import GateRules, from_card
from openweir.hub.access.visa_token import read_visa
from openweir.hub.api.asked import form_of
from openweir.hub.api.card import _faults as card_faults
from openweir.hub.api.card import card_data, card_tags
from openweir.hub.api.sending import _wanted
from openweir.hub.api.xet_parts import asked_range
from openweir.hub.audit.event import Link
from openweir.hub.audit.verify import verify_export
from openweir.hub.links import Links
from openweir.hub.repository.commit import read_commit
from openweir.hub.stages.plan import StagePlan
from openweir.hub.xet import chunk_name, file_name, read_shard, xorb_name
from openweir.hub.xet.layout import plan_bytes, read_plan
from openweir.hub.xet.shard import _TAG
from xet_forms import read_xorb

AT = datetime(2026, 11, 20, tzinfo=UTC)
_CONTENT = (b"one chunk " * 900, bytes(range(256)) * 40)


def _packed(scheme: int, packed: bytes, length: int) -> bytes:
    sizes = len(packed).to_bytes(3, "little"), length.to_bytes(3, "little")
    return struct.pack("<B3sB3s", 0, sizes[0], scheme, sizes[1]) + packed


def _planes(content: bytes) -> bytes:
    return b"".join(content[at::4] for at in range(4))


XORBS = [
    b"".join(_packed(0, each, len(each)) for each in _CONTENT),
    b"".join(_packed(1, lz4.frame.compress(each), len(each)) for each in _CONTENT),
    b"".join(_packed(2, lz4.frame.compress(_planes(each)), len(each)) for each in _CONTENT)
    + b"XETBLOB\x01"
    + bytes(40),
    _packed(1, lz4.frame.compress(bytes(20_000_000)), 128 * 1024),
]
_CHUNKS = [(chunk_name(each), len(each)) for each in _CONTENT]
_XORB = xorb_name(_CHUNKS)


def _shard(*, terms: int = 2) -> bytes:
    record, size = struct.Struct("<32s4I"), sum(map(len, _CONTENT))
    end = record.pack(b"\xff" * 32, 0, 0, 0, 0)
    parts = [struct.pack("<32sQQ", _TAG, 2, 0)]
    parts.append(record.pack(file_name(_CHUNKS), 3 << 30, terms, 0, 0))
    parts += [record.pack(_XORB, 0, size, 0, 2)] * terms
    parts += [record.pack(b"p" * 32, 0, 0, 0, 0)] * terms
    parts.append(record.pack(b"s" * 32, 0, 0, 0, 0))
    parts += [end, record.pack(_XORB, 0, 2, size, 0)]
    parts += [record.pack(name, 0, length, 0, 0) for name, length in _CHUNKS]
    return b"".join((*parts, end, bytes(200)))


SHARDS = [_shard(), _shard(terms=500)]
COMMIT = "\n".join(
    json.dumps({"key": key, "value": value})
    for key, value in (
        ("header", {"summary": "s", "description": "d", "parentCommit": "a" * 40}),
        ("file", {"path": "a/b.txt", "content": "aGk=", "encoding": "base64"}),
        ("lfsFile", {"path": "w.bin", "algo": "sha256", "oid": "b" * 64, "size": 7}),
        ("deletedFile", {"path": "c"}),
        ("deletedFolder", {"path": "d/"}),
        ("copyFile", {"path": "e", "srcPath": "f", "srcRevision": "main"}),
    )
).encode()
BATCH = json.dumps(
    {"operation": "upload", "transfers": ["basic"], "objects": [{"oid": "a" * 64, "size": 1}]}
).encode()
CARDS = [
    b"---\nlicense: mit\ntags: [a, b]\nextra_gated_fields:\n  Name: text\n  Ok: checkbox\n---\n# m\n",
    b"---\na: !!timestamp 2001-01-01\nb: !!int 3\nc: &x [1]\nd: !!binary aGk=\n---\n",
    b"---\nmodel-index: [{name: x, results: []}]\nwhen: 2001-12-14t21:59:43.10-05:00\n---\n",
]
KEY = RSAKey.generate_key(2048, {"kid": "k"})
KEYS = {"https://issuer.example": KeySet([KEY])}
_CLAIMS = {
    "iss": "https://issuer.example",
    "sub": "ann",
    "exp": int((AT + timedelta(days=9)).timestamp()),
    "ga4gh_visa_v1": {
        "type": "ResearcherStatus",
        "asserted": int(AT.timestamp()) - 60,
        "value": "https://doi.org/10.1038/s41431-018-0219-y",
        "source": "https://grid.ac/institutes/grid.1",
        "by": "so",
        "conditions": [[{"type": "AffiliationAndRole", "value": "pattern:faculty@*"}]],
    },
}
VISAS = [
    jwt.encode({"alg": "RS256", "kid": "k"}, _CLAIMS, KEY).encode(),
    jwt.encode({"alg": "HS256"}, _CLAIMS, OctKey.import_key(b"k" * 32)).encode(),
    b"eyJhbGciOiJub25lIn0." + b"W1tb" * 3000 + b".",
]
LINKS = Links(b"k" * 32)
LINK = LINKS.make("xet-read", {"name": "a/b", "token": ""}, expires=AT + timedelta(days=1))
EVENT = {
    "seq": 1,
    "writer": "w",
    "number": 1,
    "event": {
        "at": "2026-11-20T00:00:00Z",
        **dict.fromkeys(
            ("action", "phase", "user", "token", "grant", "decision", "name", "commit", "path"), ""
        ),
        **dict.fromkeys(("range", "detail", "request_id"), "x"),
        "status": 200,
        "sent_bytes": 0,
        "cut": False,
        "of": 0,
    },
}
BODY = json.dumps(EVENT).encode()
EXPORT = json.dumps({"event": BODY.decode(), "hash": "0" * 64}).encode() + b"\n"
RULES = {
    "mode": "auto",
    "level": 1,
    "fields": [{"name": "Ok", "type": "checkbox"}],
    "panel": {"members": ["a", "b"], "votes": 1},
    "purposes": ["DUO:0000042"],
}
PLAN = {
    "schema": "openweir/stages/1",
    "name": "acme/small",
    "release_sha256": "a" * 64,
    "stages": [{"id": "evaluators", "min_days": 1, "approvers": {"signatures": 1}}],
}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _card(data: bytes) -> None:
    found = card_data(_text(data))
    if found:
        card_tags(found)
        card_faults(found)
        from_card(found)


def _batch(data: bytes) -> None:
    read = Object(parse(data, where="body"), "body")
    for item in read.objects("objects"):
        item.text("oid")
        item.integer("size")
    read.text("operation")
    read.texts("transfers")


def _ranges(data: bytes) -> None:
    scope = {"method": "GET", "headers": [(b"range", data), (b"if-range", data[:9])]}
    status, start, end = _wanted(scope, 1000, '"tag"')
    assert status in (200, 206, 416)
    assert 0 <= start <= end <= 1000
    start, end = asked_range(data.decode("latin-1"), 1000)
    assert 0 <= start < end <= 1000


def _xorb(data: bytes) -> None:
    chunks = read_xorb(data, expected=_XORB)
    assert xorb_name((chunk.name, len(chunk.content)) for chunk in chunks) == _XORB


def _plan(data: bytes) -> None:
    found = read_plan(data)
    assert isinstance(found, int) or found.lengths_at <= len(data)


def _bundle(data: bytes) -> None:
    bundle = Bundle(decision=data, envelope=data, log_proof=data, model_signature=data)
    trust = SimpleNamespace(public_keys=(), logs=(), revoked_by=lambda _ids: ())
    assert not all(found.ok for found in check(bundle, trust=trust, at=AT))  # type: ignore[arg-type]


READERS = {
    "xorb": (XORBS, _xorb),
    "shard": (SHARDS, read_shard),
    "xet plan": ([plan_bytes("ab" * 32, _CHUNKS)], _plan),
    "commit": ([COMMIT], read_commit),
    "lfs batch": ([BATCH], _batch),
    "hub card": (CARDS, _card),
    "form": ([b"paths=a&paths=b%2Fc&expand=true&paths=%ff"], form_of),
    "range": ([b"bytes=0-5", b"bytes=-9", b"bytes=5-,7-9"], _ranges),
    "visa": (
        VISAS,
        lambda d: read_visa(
            _text(d), issuers=KEYS, subject="ann", longest=timedelta(days=9), at=AT
        ),
    ),
    "link": ([LINK.encode()], lambda d: LINKS.read(_text(d), "xet-read", at=AT)),
    "event": ([BODY], Link.from_body),
    "audit export": ([EXPORT * 3], lambda d: verify_export(d.splitlines(), key=None)),
    "gate rules": (
        [json.dumps(RULES).encode()],
        lambda d: GateRules.read(Object(parse(d), "rules")),
    ),
    "stage plan": ([json.dumps(PLAN).encode()], StagePlan.from_bytes),
    "decision": ([b'{"schema": "x", "name": "a/b", "components": []}'], Decision.from_bytes),
    "bundle": ([BATCH], _bundle),
}
