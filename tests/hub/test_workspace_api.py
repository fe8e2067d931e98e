"""The endpoints that stock clients write by, one law or answer at a time."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.digest import sha256
from openweir.hub import parts
from openweir.tier import Tier

_REPO = "/api/models/acme/w"


@pytest.fixture
def served(tmp_path: Path):
    """A hub where `acme` has an empty repository `acme/w`."""
    found = Served(World(tmp_path / "world"), tmp_path)
    call(found, "POST", "/api/repos/create", {"name": "w", "type": "model"})
    yield found
    found.close()


def call(served: Served, method: str, path: str, body=None, *, user: str | None = "acme"):
    """One request with a JSON body."""
    options = {} if body is None else {"json": body}
    return served.client.request(method, path, headers=served.headers(user), **options)


def commit(
    served: Served, *lines: tuple[str, dict], user: str = "acme", branch: str = "main", **head
):
    """A commit of these operations; a file is ("file", {path, content})."""
    header = ("header", {"summary": "s", **head})
    body = "\n".join(json.dumps({"key": key, "value": value}) for key, value in (header, *lines))
    return served.client.post(
        f"{_REPO}/commit/{branch}", content=body, headers=served.headers(user)
    )


def put(path: str, text: str) -> tuple[str, dict]:
    """A small file."""
    return "file", {"path": path, "content": text}


def tree(served: Served, revision: str = "main", query: str = "?recursive=1") -> list[dict]:
    """The files of a revision."""
    return call(served, "GET", f"{_REPO}/tree/{revision}{query}").json()


class TestCommit:
    """A commit is whole or nothing, and lands where its writer believed the branch to be."""

    def test_every_operation(self, served: Served) -> None:
        """Add, copy, delete a file and a folder: the tree is what they say, in their order."""
        assert commit(served, put("a", "1"), put("d/x", "2"), put("d/y", "3")).status_code == 200
        copy = ("copyFile", {"path": "b", "srcPath": "a"})
        gone = ("deletedFolder", {"path": "d/"})
        assert commit(served, copy, gone, ("deletedFile", {"path": "a"})).status_code == 200
        assert {item["path"] for item in tree(served)} == {".gitattributes", "b"}

    @pytest.mark.parametrize(
        ("line", "status"),
        [
            (put("../a", "1"), 422),
            (put("a/.git/config", "1"), 422),
            (put("a\\b", "1"), 422),
            (("deletedFile", {"path": "none"}), 404),
            (("copyFile", {"path": "b", "srcPath": "none"}), 404),
            (("lfsFile", {"path": "b", "algo": "sha256", "oid": "0" * 64, "size": 3}), 400),
            (("lfsFile", {"path": "b", "algo": "sha1", "oid": "0" * 40}), 400),
            (("file", {"path": "b", "content": "%", "encoding": "base64"}), 400),
            (("chmod", {"path": "b"}), 400),
        ],
    )
    def test_one_wrong_line_leaves_nothing(
        self, served: Served, line: tuple[str, dict], status: int
    ) -> None:
        """A commit with one wrong operation is refused, and its good ones are not there."""
        before = call(served, "GET", _REPO).json()["sha"]
        answer = commit(served, put("good", "1"), line)
        assert answer.status_code == status
        assert answer.json()["error"] == answer.headers["X-Error-Message"]
        assert call(served, "GET", _REPO).json()["sha"] == before

    def test_a_stale_parent_is_412_with_the_words_clients_know(self, served: Served) -> None:
        """The second of two commits on one parent hears that the branch moved."""
        parent = call(served, "GET", _REPO).json()["sha"]
        assert commit(served, put("a", "1"), parentCommit=parent).status_code == 200
        late = commit(served, put("b", "1"), parentCommit=parent)
        assert late.status_code == 412
        assert "The branch was updated since you opened this page" in late.json()["error"]
        assert commit(served, put("b", "1")).status_code == 200

    def test_who_may_not(self, served: Served) -> None:
        """Strangers find nothing; anonymous clients hear 401; a read token hears 403."""
        assert commit(served, put("a", "1"), user="ann").status_code == 404
        assert served.client.post(f"{_REPO}/commit/main", content="").status_code == 401
        read = served.hub.accounts.new_token("acme", at=NOW, role="read")
        answer = served.client.post(
            f"{_REPO}/commit/main", content="", headers={"Authorization": f"Bearer {read}"}
        )
        assert answer.status_code == 403

    def test_pull_references(self, served: Served) -> None:
        """`create_pr` commits beside the branch; the reference is committed on and read like one."""
        answer = served.client.post(
            f"{_REPO}/commit/main?create_pr=1",
            content='{"key":"header","value":{"summary":"p"}}\n'
            '{"key":"file","value":{"path":"p","content":"1"}}',
            headers=served.headers("acme"),
        ).json()
        assert answer["pullRequestUrl"].endswith("/acme/w/discussions/1")
        assert commit(served, put("q", "2"), branch="refs%2Fpr%2F1").status_code == 200
        assert {"p", "q"} <= {item["path"] for item in tree(served, "refs%2Fpr%2F1")}
        assert {item["path"] for item in tree(served)} == {".gitattributes"}
        shown = call(served, "GET", f"{_REPO}/refs?include_prs=1").json()
        assert [ref["ref"] for ref in shown["pullRequests"]] == ["refs/pr/1"]
        assert "pullRequests" not in call(served, "GET", f"{_REPO}/refs").json()


class TestPreupload:
    """Clients are told how each file shall come, by `.gitattributes`, size and content."""

    def test_modes(self, served: Served) -> None:
        """Extensions, sizes past 10 MiB and bytes that are no text are large; the rest is not."""
        commit(served, put("old.txt", "1"), put(".gitignore", "tmp/\n"))
        nul = base64.b64encode(b"a\x00b").decode()
        asked = [
            {"path": "w.safetensors", "size": 1, "sample": ""},
            {"path": "long.txt", "size": 11 * 2**20, "sample": ""},
            {"path": "odd.dat", "size": 3, "sample": nul},
            {"path": "old.txt", "size": 1, "sample": "MQ=="},
            {"path": "tmp/x", "size": 1, "sample": ""},
        ]
        found = call(served, "POST", f"{_REPO}/preupload/main", {"files": asked}).json()["files"]
        assert [item["uploadMode"] for item in found] == ["lfs", "lfs", "lfs", "regular", "regular"]
        assert [item["shouldIgnore"] for item in found] == [False, False, False, False, True]
        assert found[3]["oid"] == "56a6051ca2b02b04ef92d5150c9ef600403cb1de"  # git's id of "1"
        body = {"files": asked[:1], "gitAttributes": ""}
        (one,) = call(served, "POST", f"{_REPO}/preupload/main", body).json()["files"]
        assert one["uploadMode"] == "regular"


class TestLargeFiles:
    """Bytes come by a signed address, whole or in parts; only then a commit may name them."""

    def batch(
        self, served: Served, content: bytes, *, transfers=("basic",), size=None, user="acme"
    ):
        """The answer for one object."""
        wanted = {"oid": sha256(content), "size": len(content) if size is None else size}
        body = {"operation": "upload", "transfers": list(transfers), "objects": [wanted]}
        return call(served, "POST", "/acme/w.git/info/lfs/objects/batch", body, user=user)

    def test_basic(self, served: Served) -> None:
        """Sent without a token, verified, committed, served; the second time it is not asked for."""
        content = b"weights" * 100
        (told,) = self.batch(served, content).json()["objects"]
        check = told["actions"]["verify"]["href"]
        body = {"oid": told["oid"], "size": told["size"]}
        assert served.client.post(check, json=body).status_code == 404
        assert served.client.put(told["actions"]["upload"]["href"], content=content).is_success
        assert served.client.post(check, json=body).status_code == 200
        line = ("lfsFile", {"path": "w.bin", "algo": "sha256", "oid": told["oid"]})
        assert commit(served, line).status_code == 200
        (again,) = self.batch(served, content).json()["objects"]
        assert "actions" not in again
        got = call(served, "GET", "/acme/w/resolve/main/w.bin")
        assert (got.content, got.headers["X-Linked-Etag"]) == (content, f'"{told["oid"]}"')

    def test_wrong_bytes_are_nobodys(self, served: Served) -> None:
        """Other bytes than announced are refused and may not be committed."""
        (told,) = self.batch(served, b"right").json()["objects"]
        href = told["actions"]["upload"]["href"]
        for wrong in (b"wrong", b"", b"right and more"):
            assert served.client.put(href, content=wrong).status_code == 422
        line = ("lfsFile", {"path": "w.bin", "algo": "sha256", "oid": told["oid"]})
        assert commit(served, line).status_code == 400

    def test_parts(self, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
        """Parts in any order, one of them twice, are joined only when all of them are named right."""
        monkeypatch.setattr(parts.Parts, "FROM_BYTES", 10)
        monkeypatch.setattr(parts.Parts, "bytes_each", staticmethod(lambda _size: 10))
        content = bytes(range(25))
        answer = self.batch(served, content, transfers=("multipart", "basic")).json()
        assert answer["transfer"] == "multipart"
        action = answer["objects"][0]["actions"]["upload"]
        header = action["header"]
        assert header["chunk_size"] == "10"
        tags = {}
        for number in (3, 1, 2, 1):
            piece = content[(number - 1) * 10 : number * 10]
            got = served.client.put(header[str(number)], content=piece)
            tags[number] = got.headers["ETag"]
        assert served.client.put(header["3"], content=b"too long").status_code == 422
        named = [{"partNumber": number, "etag": tags[number]} for number in (1, 2, 3)]
        oid = sha256(content)
        for wrong in (named[:2], [{**named[0], "etag": "x"}, *named[1:]], named[::-1]):
            refused = served.client.post(action["href"], json={"oid": oid, "parts": wrong})
            assert refused.status_code in (400, 422)
        done = served.client.post(action["href"], json={"oid": oid, "parts": named})
        assert done.status_code == 200
        line = ("lfsFile", {"path": "w.bin", "algo": "sha256", "oid": oid})
        assert commit(served, line).status_code == 200
        assert call(served, "GET", "/acme/w/resolve/main/w.bin").content == content

    def test_download(self, served: Served) -> None:
        """The batch names a file's address to who may read it, and to nobody else."""
        content = b"held" * 10
        self.test_basic(served)
        (told,) = self.batch(served, content).json()["objects"]
        served.client.put(told["actions"]["upload"]["href"], content=content)
        line = ("lfsFile", {"path": "h.bin", "algo": "sha256", "oid": told["oid"]})
        commit(served, line)
        body = {"operation": "download", "objects": [{"oid": told["oid"], "size": len(content)}]}
        path = "/acme/w.git/info/lfs/objects/batch"
        (found,) = call(served, "POST", path, body).json()["objects"]
        action = found["actions"]["download"]
        got = served.client.get(action["href"], headers=action["header"])
        assert got.content == content
        assert call(served, "POST", path, body, user="ann").status_code == 404

    def test_history_is_rewritten_only_before_a_release(self, served: Served) -> None:
        """Deleted large files leave every commit; of a released name, history stays."""
        self.test_basic(served)
        commit(served, put("a", "1"))
        listed = call(served, "GET", f"{_REPO}/lfs-files").json()
        assert [item["filename"] for item in listed] == ["w.bin"]
        body = {"deletions": {"sha": [listed[0]["fileOid"]], "rewriteHistory": True}}
        assert call(served, "POST", f"{_REPO}/lfs-files/batch", body).json()["references"] == 1
        assert call(served, "GET", f"{_REPO}/lfs-files").json() == []
        assert {item["path"] for item in tree(served)} == {".gitattributes", "a"}
        release = served.world.release("acme/w", tier=Tier.OPEN_WEIGHTS)
        assert served.publish(release).is_success
        for path in ("super-squash/main", "lfs-files/batch"):
            refused = call(served, "POST", f"{_REPO}/{path}", body)
            assert (refused.status_code, refused.json()["code"]) == (409, "hub.released")


class TestSight:
    """Members see drafts, others what was decided; a member may name the release's commit too."""

    def test_both(self, served: Served) -> None:
        """The same name: two views, each whole, and no way from one to the other."""
        commit(served, put("draft.txt", "secret"))
        release = served.world.release("acme/w", tier=Tier.OPEN_WEIGHTS)
        assert served.publish(release).is_success
        theirs = served.client.get(_REPO).json()
        assert {item["rfilename"] for item in theirs["siblings"]} >= set(FILES)
        mine = call(served, "GET", _REPO).json()
        assert {item["rfilename"] for item in mine["siblings"]} == {".gitattributes", "draft.txt"}
        released = call(served, "GET", f"/acme/w/resolve/{theirs['sha']}/config.json")
        assert released.content == FILES["config.json"]
        for revision in (mine["sha"], "main"):
            hidden = served.client.get(f"/acme/w/resolve/{revision}/draft.txt")
            assert hidden.status_code == 404
        names = [item["id"] for item in served.client.get("/api/models").json()]
        assert names == ["acme/w"]
        assert [item["id"] for item in call(served, "GET", "/api/models").json()] == ["acme/w"]

    def test_lists(self, served: Served) -> None:
        """Own drafts are listed, by pages, by name or time; nobody else's are."""
        for name in ("b", "a"):
            call(served, "POST", "/api/repos/create", {"name": name, "type": "model"})
        found = call(served, "GET", "/api/models?limit=2&author=acme")
        assert [item["id"] for item in found.json()] == ["acme/a", "acme/b"]
        assert 'rel="next"' in found.headers["Link"]
        rest = call(served, "GET", found.headers["Link"].partition(">")[0][1:])
        assert [item["id"] for item in rest.json()] == ["acme/w"]
        by_time = call(served, "GET", "/api/models?sort=createdAt&limit=3&expand[]=private")
        assert by_time.json()[0].keys() == {"_id", "id", "private"}
        assert call(served, "GET", "/api/models?search=b", user="ann").json() == []
        assert call(served, "GET", "/api/models?sort=colour").status_code == 400

    def test_names_differ_by_more_than_case(self, served: Served) -> None:
        """`Acme/W` leads to `acme/w`, and cannot be made beside it."""
        assert call(served, "GET", "/api/models/ACME/W").json()["id"] == "acme/w"
        again = call(served, "POST", "/api/repos/create", {"name": "W", "type": "model"})
        assert again.status_code == 409
        assert again.json()["url"].endswith("/acme/W")

    def test_what_is_not_spoken(self, served: Served) -> None:
        """Discussions, buckets, webhooks and collections are 501 with a plain sentence."""
        for method, path in (
            ("POST", f"{_REPO}/discussions"),
            ("GET", f"{_REPO}/discussions"),
            ("GET", "/api/buckets/acme/b"),
            ("GET", "/api/settings/webhooks"),
            ("POST", "/api/collections"),
        ):
            answer = call(served, method, path, {} if method == "POST" else None)
            assert answer.status_code == 501, path
            assert answer.json()["error"] == answer.headers["X-Error-Message"]


class TestCard:
    """A card's front matter is read for lists and judged before a commit."""

    def test_it_is_judged(self, served: Served) -> None:
        """Nothing stated warns; a broken one, an unknown licence and an alias bomb are errors."""

        def judged(text: str):
            body = {"content": text, "repoType": "model"}
            return call(served, "POST", "/api/validate-yaml", body)

        assert judged("---\nlicense: mit\ntags: [a]\n---\n").json()["warnings"] == []
        assert judged("# no front matter").json()["warnings"]
        for bad in (
            "license: asdf",
            "model-index: foo",
            "library_name: [a]",
            "a: &a [1]\nb: *a",
            "a: [",
        ):
            assert judged(f"---\n{bad}\n---\n").status_code == 400, bad

    def test_it_is_listed(self, served: Served) -> None:
        """Tags, task and licence are found in the repository's information and in lists."""
        commit(
            served, put("README.md", "---\nlicense: mit\ntags: [x]\npipeline_tag: fill-mask\n---\n")
        )
        info = call(served, "GET", _REPO).json()
        assert info["cardData"]["license"] == "mit"
        assert {"license:mit", "x", "fill-mask"} <= set(info["tags"])
        assert len(call(served, "GET", "/api/models?filter=x").json()) == 1
        assert call(served, "GET", "/api/models?filter=y").json() == []


class TestLogin:
    """RFC 8628: a device asks, a person agrees by its code, the token ends and is renewed."""

    _GRANT = "urn:ietf:params:oauth:grant-type:device_code"

    def poll(self, served: Served, code: str):
        """One question of the device."""
        return served.client.post(
            "/oauth/token", data={"grant_type": self._GRANT, "device_code": code}
        )

    def test_agreed(self, served: Served) -> None:
        """Pending, then a token that speaks for who agreed; the code works once."""
        asked = served.client.post("/oauth/device", data={"client_id": "cli"}).json()
        assert self.poll(served, asked["device_code"]).json()["error"] == "authorization_pending"
        body = {"user_code": asked["user_code"].lower()}
        assert call(served, "POST", "/api/openweir/logins", body, user="ann").status_code == 200
        found = self.poll(served, asked["device_code"]).json()
        header = {"Authorization": f"Bearer {found['access_token']}"}
        assert served.client.get("/api/whoami-v2", headers=header).json()["name"] == "ann"
        assert self.poll(served, asked["device_code"]).json()["error"] == "expired_token"
        renew = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
        after = served.client.post("/oauth/token", data=renew).json()
        assert served.client.get("/api/whoami-v2", headers=header).status_code == 401
        header = {"Authorization": f"Bearer {after['access_token']}"}
        assert served.client.get("/api/whoami-v2", headers=header).is_success
        # A refresh token that comes twice was copied: all of its login ends.
        assert served.client.post("/oauth/token", data=renew).json()["error"] == "invalid_grant"
        assert served.client.get("/api/whoami-v2", headers=header).status_code == 401

    def test_denied_and_expired(self, served: Served) -> None:
        """A refused login says so; one nobody answered is over after a quarter of an hour."""
        asked = served.client.post("/oauth/device", data={"client_id": "cli"}).json()
        body = {"user_code": asked["user_code"], "agreed": False}
        assert call(served, "POST", "/api/openweir/logins", body).status_code == 200
        assert self.poll(served, asked["device_code"]).json()["error"] == "access_denied"
        late = served.client.post("/oauth/device", data={"client_id": "cli"}).json()
        served.now = NOW + timedelta(minutes=15)
        body = {"user_code": late["user_code"]}
        assert call(served, "POST", "/api/openweir/logins", body).status_code == 404
        assert self.poll(served, late["device_code"]).json()["error"] == "expired_token"
        served.now = NOW

    def test_a_token_that_only_reads_lets_in_one_that_only_reads(self, served: Served) -> None:
        """No device gains more than who agreed had."""
        asked = served.client.post("/oauth/device", data={"client_id": "cli"}).json()
        read = served.hub.accounts.new_token("acme", at=NOW, role="read")
        header = {"Authorization": f"Bearer {read}"}
        body = {"user_code": asked["user_code"]}
        assert served.client.post("/api/openweir/logins", json=body, headers=header).is_success
        token = self.poll(served, asked["device_code"]).json()["access_token"]
        header = {"Authorization": f"Bearer {token}"}
        told = served.client.get("/api/whoami-v2", headers=header).json()
        assert told["auth"]["accessToken"]["role"] == "read"
        create = {"name": "z", "type": "model"}
        assert (
            served.client.post("/api/repos/create", json=create, headers=header).status_code == 403
        )


def test_bytes_are_copied_only_by_who_may_read_them(served: Served) -> None:
    """`lfs-files/duplicate` gives possession to a reader, and no sign of life to anybody else."""
    content = b"shared" * 50
    TestLargeFiles.test_basic(TestLargeFiles(), served)
    call(served, "POST", "/api/repos/create", {"name": "own", "type": "model"}, user="ann")
    digest = sha256(b"weights" * 100)
    body = {
        "target": {"type": "model", "name": "ann/own"},
        "files": [{"sha256": digest, "filename": "w.bin"}, {"sha256": sha256(content)}],
    }
    path = f"{_REPO}/lfs-files/duplicate"
    assert call(served, "POST", path, body, user="ann").status_code == 404
    served.hub.accounts.add_organisation("lab", at=NOW)
    for user, role in (("acme", "write"), ("ann", "read")):
        served.hub.accounts.set_member("lab", user, role)
    call(served, "POST", "/api/repos/move", {"fromRepo": "acme/w", "toRepo": "acme/v"})
    found = call(served, "POST", "/api/models/acme/v/lfs-files/duplicate", body)
    assert found.status_code == 404  # acme may not write what is ann's
    body["target"]["name"] = "acme/v"
    found = call(served, "POST", "/api/models/acme/v/lfs-files/duplicate", body).json()
    assert [item["sha256"] for item in found["success"]] == [digest]
    assert [item["sha256"] for item in found["failed"]] == [sha256(content)]
