"""Bodies whose keys are right and whose values are odd: every route says so in a sentence."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest

from hub_served import Served
from hub_world import World
from openweir.tier import Tier

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**53, -(2**63), 10**30, 1.5, 1e300),
    *("", " ", "\x00", "\ud800", "a" * 5000, "../..", "é", "e\u0301", "\u202e", "1e999", "*"),
    *("acme/small", "acme/draft", "ann", "acme", "main", "refs/pr/1", "2026-13-45", "9999-12-31"),
    *([], {}, [None], [[]], [{}], {"a": []}, ["a"] * 50, [{"path": "x"}], {"members": ["ann"]}),
)
USUAL: dict[str, Any] = {
    "name": "small",
    "organization": "acme",
    "type": "model",
    "user": "ann",
    "status": "accepted",
    "reason": "r",
    "purpose": "p",
    "terms": ["DUO:0000042"],
    "fields": {"a": "b"},
    "expires": "2027-01-01",
    "cohort": "",
    "requestId": "x",
    "rejectionReason": "r",
    "class": "security",
    "operation": "upload",
    "transfers": ["basic", "multipart"],
    "objects": [{"oid": "a" * 64, "size": 300 * 1024 * 1024}],
    "oid": "a" * 64,
    "size": 1,
    "parts": [{"partNumber": 1, "etag": "x"}],
    "files": [{"path": "a", "size": 1, "sample": "aGk=", "sha256": "a" * 64}],
    "gitAttributes": "*.bin filter=lfs",
    "gitIgnore": "*.tmp",
    "paths": ["README.md"],
    "expand": True,
    "target": {"type": "model", "name": "acme/draft"},
    "repository": "acme/copy",
    "fromRepo": "acme/draft",
    "toRepo": "acme/elsewhere",
    "private": True,
    "visibility": "public",
    "gated": "manual",
    "startingPoint": "main",
    "tag": "v1",
    "message": "m",
    "title": "t",
    "pullRequest": True,
    "deletions": {"sha": ["a" * 64], "rewriteHistory": True},
    "content": "---\nlicense: mit\n---\n",
    "repoType": "model",
    "mode": "manual",
    "data": "stated",
    "criteria": "c",
    "purposes": ["DUO:0000042"],
    "conditions": [],
    "level": 1,
    "reviewers": ["ann"],
    "panel": {"members": ["ann"], "votes": 1},
    "days": 3,
    "accept": True,
    "trigger": "other",
    "text": "t",
    "id": "OWA-1",
    "issuer": "https://issuer.example",
    "redirect": "http://127.0.0.1:1/",
    "state": "s",
    "code": "c",
    "user_code": "BCDF-GHJK",
    "agreed": True,
    "decision": "{}",
    "envelope": "{}",
    "log_proof": "x",
    "model_signature": "x",
    "statements": {"dossier.json": "{}"},
    "schema": "openweir/stages/1",
    "stages": [{"id": "evaluators"}],
}
LINES = (
    {"key": "header", "value": {"summary": "s", "description": "d", "parentCommit": "a" * 40}},
    {"key": "file", "value": {"path": "a", "content": "aGk=", "encoding": "base64"}},
    {"key": "lfsFile", "value": {"path": "b", "algo": "sha256", "oid": "a" * 64, "size": 1}},
    {"key": "copyFile", "value": {"path": "c", "srcPath": "a", "srcRevision": "main"}},
    {"key": "deletedFolder", "value": {"path": "d/"}},
)
QUERIES = ("limit", "cursor", "expand", "recursive", "author", "search", "sort", "filter", "status")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub with a gated release, an open one and a draft."""
    root = tmp_path_factory.mktemp("odd")
    found = Served(World(root / "world"), root)
    found.publish(found.world.release("acme/open", tier=Tier.OPEN_WEIGHTS))
    found.publish(found.world.release())
    found.settle()
    found.client.post("/api/repos/create", json={"name": "draft"}, headers=found.headers("acme"))
    found.client._transport.raise_server_exceptions = False
    yield found
    found.close()


def changed(value: Any, rnd: random.Random) -> Any:
    """Return a value with one odd thing somewhere in it."""
    if isinstance(value, dict) and value and rnd.random() < 0.8:
        key = rnd.choice(sorted(value))
        return {**value, key: changed(value[key], rnd)}
    if isinstance(value, list) and value and rnd.random() < 0.5:
        return [changed(value[0], rnd), *value[1:]]
    return rnd.choice(ODD)


def body_of(path: str, rnd: random.Random) -> bytes:
    """Return a body whose values are all usual but one or two."""
    if "/commit/" in path:
        lines = [line if rnd.random() < 0.6 else changed(line, rnd) for line in LINES]
        return "\n".join(map(json.dumps, lines)).encode()
    body = dict(USUAL)
    for _ in range(rnd.choice((1, 1, 2, 4))):
        body = changed(body, rnd)
        if not isinstance(body, dict):
            break
    return json.dumps(body).encode()


def tried(served: Served, count: int, seed: int) -> list[str]:
    """Send that many odd requests by every route; return those that made the hub fail."""
    rnd, wrong = random.Random(seed), []
    names = ("small", "draft", "open", "nothing")
    for route in served.hub.routes():
        made = {"name": "draft"}  # again: an earlier request may have deleted or moved it
        served.client.post("/api/repos/create", json=made, headers=served.headers("acme"))
        for method in sorted((route.methods or set()) - {"HEAD"}):
            for _ in range(count):
                filled = {"org": "acme", "name": rnd.choice(names), "rest": "main"} | {
                    "user": "ann",
                    "status": "pending",
                    "id": "OWA-1",
                    "number": "1",
                    "namespace": "acme",
                    "link": "x",
                }
                path = re.sub(
                    r"\{(\w+)(?::\w+)?\}", lambda part, at=filled: at.get(part[1], "x"), route.path
                )
                query = {rnd.choice(QUERIES): str(rnd.choice(ODD))[:200] for _ in range(2)}
                sent = None if method == "GET" else body_of(path, rnd)
                answer = served.client.request(
                    method,
                    path,
                    params={key: text.encode("utf-8", "replace") for key, text in query.items()},
                    content=sent,
                    headers=served.headers(rnd.choice((None, "ann", "acme", "acme"))),
                )
                if answer.status_code >= 500 and answer.status_code != 501:
                    wrong.append(f"{method} {path} {query} {sent!r}: {answer.text[:200]}"[:1500])
    return wrong


def test_no_odd_value_makes_the_hub_fail(served: Served) -> None:
    """Wrong types, far numbers, torn text, nothing: an answer below 500, or a plain 501."""
    assert tried(served, 4, 20261121) == []
