"""A token for one repository: what it sends and reads is of that one, not of its namespace."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import insert

from hub_served import Served
from hub_world import NOW, World
from openweir.digest import sha256
from openweir.hub.schema import keyless_tokens
from openweir.hub.xet.naming import to_hex
from xet_forms import shard, xorb

SECRET = b"weights of another repository. " * 900
OWN = b"what the job made itself. " * 900


@dataclass
class Job:
    """A job that holds a token of `acme` for `acme/w` alone."""

    served: Served
    bearer: dict[str, str]

    def upload(self, content: bytes, name: str = "acme/w") -> dict:
        """What LFS says of sending a file."""
        body = {
            "operation": "upload",
            "transfers": ["basic"],
            "objects": [{"oid": sha256(content), "size": len(content)}],
        }
        place = f"/{name}.git/info/lfs/objects/batch"
        answer = self.served.client.post(place, json=body, headers=self.bearer)
        assert answer.status_code == 200, answer.text
        return answer.json()["objects"][0]

    def commit(self, content: bytes, path: str = "model.bin") -> httpx.Response:
        """Commit a large file by its digest only."""
        return commit(self.served, self.bearer, "acme/w", content, path)

    def store(self, right: str) -> tuple[str, dict[str, str]]:
        """The address of the Xet store and the authorization there."""
        token = f"/api/models/acme/w/xet-{right}-token/main"
        told = self.served.client.get(token, headers=self.bearer).json()
        return urlsplit(told["casUrl"]).path, {"Authorization": f"Bearer {told['accessToken']}"}

    def reconstructed(self, name: bytes) -> httpx.Response:
        """What the Xet store says of a file, to a token for `acme/w`."""
        place, bearer = self.store("read")
        return self.served.client.get(f"{place}/v1/reconstructions/{to_hex(name)}", headers=bearer)


def commit(served: Served, bearer: dict, name: str, content: bytes, path: str) -> httpx.Response:
    """Commit a large file by its digest only."""
    lines = (
        '{"key":"header","value":{"summary":"s"}}\n'
        '{"key":"lfsFile","value":{"algo":"sha256",'
        f'"oid":"{sha256(content)}","path":"{path}","size":{len(content)}}}}}\n'
    )
    return served.client.post(f"/api/models/{name}/commit/main", content=lines, headers=bearer)


def sent_by_xet(served: Served, place: str, bearer: dict, content: bytes) -> bytes:
    """Send a file by Xet; return its name there."""
    named, body = xorb([content])
    client = served.client
    assert client.post(
        f"{place}/v1/xorbs/default/{to_hex(named)}", content=body, headers=bearer
    ).is_success
    made, listed = shard([(named, [content])], sha256(content))
    assert client.post(f"{place}/v1/shards", content=listed, headers=bearer).is_success
    return made


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    """The job, beside `acme/other`, whose file its members sent by Xet."""
    served = Served(World(tmp_path / "world"), tmp_path)
    members = served.headers("acme")
    for name in ("w", "other"):
        body = {"name": name, "type": "model"}
        served.client.post("/api/repos/create", json=body, headers=members)
    token = served.hub.accounts.new_token("acme", at=NOW, role="write")
    with served.hub.store.begin() as connection:
        row = {"sha256": sha256(token.encode()), "only": "acme/w", "issuer": "i", "subject": "s"}
        connection.execute(insert(keyless_tokens).values(**row))
    told = served.client.get("/api/models/acme/other/xet-write-token/main", headers=members).json()
    bearer = {"Authorization": f"Bearer {told['accessToken']}"}
    sent_by_xet(served, urlsplit(told["casUrl"]).path, bearer, SECRET)
    assert commit(served, members, "acme/other", SECRET, "model.bin").status_code == 200
    yield Job(served, {"Authorization": f"Bearer {token}"})
    served.close()


def test_it_reads_no_file_of_another_repository_by_xet(job: Job) -> None:
    """Knowing the name of a file of its namespace is no right to it; its own it reads."""
    made, _ = shard([(xorb([SECRET])[0], [SECRET])], sha256(SECRET))
    answer = job.reconstructed(made)
    unknown = job.reconstructed(bytes(32))
    assert answer.status_code == unknown.status_code == 404
    assert answer.json() == unknown.json()
    own = sent_by_xet(job.served, *job.store("write"), OWN)
    assert job.commit(OWN).status_code == 200
    assert job.reconstructed(own).status_code == 200


def test_it_commits_no_file_of_another_repository_by_its_digest(job: Job) -> None:
    """Bytes that its namespace holds elsewhere are to it as bytes nobody holds."""
    assert "actions" in job.upload(SECRET), "`present already` tells of another repository"
    answer, unknown = job.commit(SECRET), job.commit(b"what nobody has")
    assert answer.status_code == unknown.status_code == 400
    assert answer.json()["code"] == unknown.json()["code"] == "hub.not-held"
    verify = job.upload(SECRET)["actions"]["verify"]["href"]
    there = {"oid": sha256(SECRET), "size": len(SECRET)}
    assert job.served.client.post(verify, json=there).status_code == 404
    pointer = f"version https://git-lfs.github.com/spec/v1\\noid sha256:{sha256(SECRET)}\\n"
    lines = (
        '{"key":"header","value":{"summary":"s"}}\n'
        '{"key":"file","value":{"path":"p.bin","encoding":"utf-8",'
        f'"content":"{pointer}size {len(SECRET)}\\n"}}}}\n'
    )
    place = "/api/models/acme/w/commit/main"
    smuggled = job.served.client.post(place, content=lines, headers=job.bearer)
    assert smuggled.status_code == 400


def test_what_it_really_sends_by_lfs_it_commits(job: Job) -> None:
    """The address it gets works, for the very bytes of another repository too."""
    for content, path in ((OWN, "own.bin"), (SECRET, "same.bin")):
        actions = job.upload(content)["actions"]
        sent = job.served.client.put(actions["upload"]["href"], content=content)
        assert sent.status_code == 200, sent.text
        there = {"oid": sha256(content), "size": len(content)}
        assert job.served.client.post(actions["verify"]["href"], json=there).status_code == 200
        assert "actions" not in job.upload(content)
        assert job.commit(content, path).status_code == 200
        found = job.served.client.get(f"/acme/w/resolve/main/{path}", headers=job.bearer)
        assert found.content == content


def test_what_its_repository_has_it_may_name_again(job: Job) -> None:
    """A file that a member put there is moved by the job without sending it."""
    assert "actions" in job.upload(SECRET)
    members = job.served.headers("acme")
    assert commit(job.served, members, "acme/w", SECRET, "a.bin").status_code == 200
    assert "actions" not in job.upload(SECRET)
    assert job.commit(SECRET, "b.bin").status_code == 200
