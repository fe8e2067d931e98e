"""Publishing: all of it becomes the release, or nothing is kept."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import DAY, FILES, NOW, Signed, World
from openweir.attest import Key
from openweir.decision import Approvals, ComponentDecision, ServedFile
from openweir.digest import sha256
from openweir.register import Log
from openweir.tier import Tier

PUBLICATIONS = "/api/openweir/publications"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An empty hub."""
    found = Served(World(tmp_path / "world"), tmp_path)
    yield found
    found.close()


def kept(served: Served) -> list[str]:
    """The last part of every key below the hub's blobs and staging."""
    return served.kept("blobs/", "staging/")


def expired(served: Served) -> Signed:
    """A decision whose last day has passed."""
    day = DAY - timedelta(days=100)
    return served.world.release(as_of=day, valid_until=DAY - timedelta(days=1))


def future(served: Served) -> Signed:
    """A decision dated after the hub's day."""
    return served.world.release(as_of=DAY + timedelta(days=1))


def unsigned(served: Served) -> Signed:
    """Signed by a key nobody trusts."""
    world = served.world
    return world.sign(world.decide(), key=Key.generate())


def altered(served: Served) -> Signed:
    """decision.json raised by one tier after signing."""
    signed = served.world.release()
    data = signed.bundle.decision.replace(b"gated-weights", b"open-weights")
    return replace(signed, bundle=replace(signed.bundle, decision=data))


def unlogged(served: Served) -> Signed:
    """Without a log proof."""
    signed = served.world.release()
    return replace(signed, bundle=replace(signed.bundle, log_proof=None))


def in_another_log(served: Served) -> Signed:
    """Logged in a log that the hub does not trust."""
    log = Log.create(served.world.root / "other", origin="log.example/other")
    return served.world.sign(served.world.decide(), log=log)


def unapproved(served: Served) -> Signed:
    """Asks for two people and has one."""
    decision = served.world.decide()
    two = Approvals(signatures=2, roles=("developer", "reviewer"))
    return served.world.sign(replace(decision, approvals=two))


def without_model_signature(served: Served) -> Signed:
    """The files are not signed."""
    signed = served.world.release()
    return replace(signed, bundle=replace(signed.bundle, model_signature=None))


class TestFromADraft:
    """Files that the namespace has shown are not sent again, and the release names its draft."""

    def draft(self, served: Served, *paths: str) -> str:
        """Upload some of the files as a draft of `acme/small`; return its commit."""
        owner = served.headers("acme")
        served.client.post("/api/repos/create", json={"name": "small"}, headers=owner)
        lines = [{"key": "header", "value": {"summary": "draft"}}]
        for path in paths:
            content = base64.b64encode(FILES[path]).decode()
            value = {"path": path, "content": content, "encoding": "base64"}
            lines.append({"key": "file", "value": value})
        body = "\n".join(map(json.dumps, lines))
        url = "/api/models/acme/small/commit/main"
        answer = served.client.post(url, content=body, headers=owner)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["commitOid"])

    def publish(self, served: Served, signed: Signed, user: str = "acme"):
        """Publish, sending only what the hub asks for; returns the answer and what was sent."""
        headers = served.headers(user)
        opened = served.client.post(PUBLICATIONS, content=signed.manifest(), headers=headers).json()
        sent = [file["path"] for file in opened["files"] if not file["held"]]
        for path in sent:
            url = f"{PUBLICATIONS}/{opened['id']}/files/{path}"
            assert served.client.put(url, content=signed.files[path], headers=headers).is_success
        done = served.client.post(f"{PUBLICATIONS}/{opened['id']}/commit", headers=headers)
        return done, sent

    def test_only_the_missing_files_are_sent(self, served: Served) -> None:
        """What lies in the draft is held; once all lies there, the release names the commit."""
        self.draft(served, "README.md")
        done, sent = self.publish(served, served.world.release())
        assert (done.status_code, done.json()["draft"]) == (200, None)
        assert sorted(sent) == sorted(FILES.keys() - {"README.md"})
        commit = self.draft(served, *FILES)
        again = served.world.release(as_of=DAY, cost="decided anew")
        done, sent = self.publish(served, again)
        assert (done.status_code, done.json()["draft"], sent) == (200, commit, [])
        url = "/openweir/acme/small/release.json"
        assert served.client.get(url, headers=served.headers("acme")).json()["draft"] == commit
        for user in ("ann", None):
            assert served.client.get(url, headers=served.headers(user)).json()["draft"] is None
        grant = {"user": "ann"}
        ours = "/api/openweir/releases/acme/small/grants"
        served.client.post(ours, json=grant, headers=served.headers("acme"))
        got = served.client.get(
            "/acme/small/resolve/main/model.safetensors", headers=served.headers("ann")
        )
        assert got.content == FILES["model.safetensors"]

    def test_others_bytes_are_not_held(self, served: Served) -> None:
        """What another namespace uploaded must be sent all the same, and nobody learns of it."""
        assert served.publish(served.world.release()).status_code == 200
        done, sent = self.publish(served, served.world.release("ann/small"), user="ann")
        assert done.status_code == 200
        assert sorted(sent) == sorted(FILES)

    def test_a_lost_draft_blob_fails_closed(self, served: Served) -> None:
        """Held bytes that are gone or altered are not released."""
        self.draft(served, *FILES)
        served.flip(sha256(FILES["README.md"]), 1)
        done, sent = self.publish(served, served.world.release())
        assert (done.status_code, sent) == (500, [])
        assert served.hub.store.current("acme/small") is None


class TestRefusals:
    """Each failing check refuses, names itself, and leaves nothing behind."""

    @pytest.mark.parametrize(
        ("make", "check"),
        [
            (expired, "expiry"),
            (future, "expiry"),
            (unsigned, "signature"),
            (altered, "decision"),
            (unlogged, "log"),
            (in_another_log, "log"),
            (unapproved, "approvals"),
            (without_model_signature, "model signature"),
        ],
    )
    def test_each_check(self, served: Served, make: Callable[[Served], Signed], check: str) -> None:
        """422 with the check's own sentence."""
        answer = served.publish(make(served))
        assert answer.status_code == 422
        assert f"check `{check}` fails: " in answer.json()["error"]
        assert kept(served) == []
        assert served.hub.store.current("acme/small") is None

    @pytest.mark.parametrize("user", ["ann", None])
    def test_not_theirs(self, served: Served, user: str | None) -> None:
        """Only the account named like the first part may publish."""
        headers = served.headers(user)
        answer = served.client.post(
            PUBLICATIONS, content=served.world.release().manifest(), headers=headers
        )
        assert answer.status_code == (401 if user is None else 403)
        assert kept(served) == []

    def test_publishers_may(self, served: Served) -> None:
        """An account flagged publisher may publish every name."""
        served.hub.accounts.add("house", publisher=True, at=NOW)
        served.tokens["house"] = served.hub.accounts.new_token("house", at=NOW)
        assert served.publish(served.world.release(), user="house").status_code == 200

    @pytest.mark.parametrize(
        "path",
        [
            "../model.bin",
            "/etc/passwd",
            "a//b",
            "a/./b",
            "a\\b",
            "a\nb",
            ".openweir/decision.json",
            ".git/config",
            "a\u202eb",
            "x" * 1025,
        ],
    )
    def test_hostile_paths(self, served: Served, path: str) -> None:
        """A signed decision with a hostile path is refused all the same."""
        signed = served.world.release(files={path: b"x", "README.md": b"y"})
        answer = served.publish(signed)
        assert answer.status_code == 422, answer.text
        assert kept(served) == []

    def test_file_and_folder(self, served: Served) -> None:
        """A path cannot be a file and a folder."""
        answer = served.publish(served.world.release(files={"a": b"x", "a/b": b"y"}))
        assert (answer.status_code, answer.json()["code"]) == (422, "hub.file-list")

    def test_a_path_twice(self, served: Served) -> None:
        """A path named twice, at two tiers, is refused."""
        world = served.world
        decision = world.decide(tier=Tier.OPEN_WEIGHTS, files={"a": b"x"})
        twice = ComponentDecision(
            component="Other",
            tier=Tier.SEALED,
            files=(ServedFile(path="a", size=1, sha256=sha256(b"x")),),
        )
        decision = replace(decision, components=(*decision.components, twice), release_sha256=None)
        assert served.publish(world.sign(decision, files={"a": b"x"})).status_code == 422

    @pytest.mark.parametrize(
        "name", ["api/x", "register/x", "a/../b", "a--b/c", "a/b.git", "a/b c"]
    )
    def test_names(self, served: Served, name: str) -> None:
        """Names that clash with the hub's own paths are refused."""
        served.hub.accounts.add("house", publisher=True, at=NOW)
        served.tokens["house"] = served.hub.accounts.new_token("house", at=NOW)
        answer = served.publish(served.world.release(name), user="house")
        assert (answer.status_code, answer.json()["code"]) == (422, "hub.name")

    def test_statements_of_another_case(self, served: Served) -> None:
        """A dossier the decision was not made from is refused."""
        signed = replace(served.world.release(), statements={"dossier.json": b"{}"})
        answer = served.publish(signed)
        assert answer.status_code == 422
        assert "not the one the decision was made from" in answer.json()["error"]

    @pytest.mark.parametrize("name", ["case.toml", "../x.json", "evidence/../x.json", "key.pem"])
    def test_other_statements(self, served: Served, name: str) -> None:
        """Nothing but statements may lie under `.openweir/`."""
        signed = served.world.release(statements={name: b"x"})
        assert served.publish(signed).status_code == 422

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"decision": 1}', b"\xff", b"{" * 200])
    def test_malformed_manifests(self, served: Served, body: bytes) -> None:
        """A malformed manifest is one plain 400."""
        answer = served.client.post(PUBLICATIONS, content=body, headers=served.headers("acme"))
        assert answer.status_code == 400
        assert answer.json()["error"]


class TestFiles:
    """Bytes are held to the decision while they arrive."""

    @pytest.fixture
    def opened(self, served: Served) -> str:
        """The address of an open publication."""
        answer = served.client.post(
            PUBLICATIONS,
            content=served.world.release().manifest(),
            headers=served.headers("acme"),
        )
        return f"{PUBLICATIONS}/{answer.json()['id']}"

    @pytest.mark.parametrize(
        ("content", "code"),
        [(b"x" * 16, "hub.digest"), (b"# A small model\n!", "hub.size"), (b"# A", "hub.size")],
    )
    def test_other_bytes(self, served: Served, opened: str, content: bytes, code: str) -> None:
        """Other, more or fewer bytes are refused and dropped."""
        url, headers = f"{opened}/files/README.md", served.headers("acme")
        answer = served.client.put(url, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert kept(served) == ["publication.json"]

    @pytest.mark.parametrize("path", ["other.txt", "../../hub.sqlite", "..%2f..%2fx", ""])
    def test_files_not_decided(self, served: Served, opened: str, path: str) -> None:
        """A file the decision does not let leave is not taken."""
        url, headers = f"{opened}/files/{path}", served.headers("acme")
        answer = served.client.put(url, content=b"x", headers=headers)
        assert answer.status_code in (404, 405, 422, 501, 403)
        assert kept(served) == ["publication.json"]

    def test_missing_file(self, served: Served, opened: str) -> None:
        """Commit with a file missing names it and keeps nothing."""
        answer = served.client.post(f"{opened}/commit", headers=served.headers("acme"))
        assert (answer.status_code, answer.json()["code"]) == (422, "hub.incomplete")
        assert kept(served) == []

    def test_another_user(self, served: Served, opened: str) -> None:
        """A publication is its owner's alone."""
        for headers, status in ((served.headers("ann"), 404), ({}, 401)):
            answer = served.client.put(
                f"{opened}/files/README.md", content=FILES["README.md"], headers=headers
            )
            assert answer.status_code == status
            assert served.client.post(f"{opened}/commit", headers=headers).status_code == status

    def test_upload_tells_nothing(self, served: Served) -> None:
        """Uploading bytes the hub holds already looks like uploading new ones."""
        served.publish(served.world.release("acme/one"))
        fresh = served.world.release("acme/two")
        answers = []
        for user, signed in (("acme", fresh),):
            opened = served.client.post(
                PUBLICATIONS, content=signed.manifest(), headers=served.headers(user)
            ).json()
            answers = [item["path"] for item in opened["files"]]
        assert answers == sorted(FILES)

    def test_dropped(self, served: Served, opened: str) -> None:
        """DELETE forgets it."""
        assert served.client.delete(opened, headers=served.headers("acme")).status_code == 200
        assert kept(served) == []

    def test_bounded(self, served: Served) -> None:
        """One account cannot open publications without end."""
        codes = [
            served.client.post(
                PUBLICATIONS,
                content=served.world.release().manifest(),
                headers=served.headers("acme"),
            ).status_code
            for _ in range(9)
        ]
        assert codes == [200] * 8 + [429]


class TestSuperseding:
    """A release moves forward only, and old commits are gone."""

    def test_newer_decision(self, served: Served) -> None:
        """A newer decision replaces the release; the old commit is RevisionNotFound."""
        world = served.world
        old = world.release(tier=Tier.OPEN_WEIGHTS, as_of=DAY - timedelta(days=9))
        before = served.publish(old).json()["commit"]
        after = served.publish(world.release(tier=Tier.OPEN_WEIGHTS)).json()["commit"]
        assert before != after
        gone = served.client.get(f"/acme/small/resolve/{before}/README.md")
        assert (gone.status_code, gone.headers["x-error-code"]) == (404, "RevisionNotFound")
        assert served.client.get(f"/acme/small/resolve/{after}/README.md").status_code == 200

    def test_older_decision(self, served: Served) -> None:
        """An older decision is refused: nobody reopens what was closed."""
        world = served.world
        old = world.release(tier=Tier.OPEN_WEIGHTS, as_of=DAY - timedelta(days=9))
        served.publish(old)
        served.publish(world.release(tier=Tier.SEALED))
        answer = served.publish(old)
        assert (answer.status_code, answer.json()["code"]) == (422, "hub.older")
        assert served.client.get("/api/models/acme/small").status_code == 404

    def test_same_day(self, served: Served) -> None:
        """Of two decisions of one day, the one later in the log is newer."""
        world = served.world
        first = world.release(tier=Tier.OPEN_WEIGHTS)
        second = world.release(tier=Tier.SEALED)
        assert served.publish(second).status_code == 200
        answer = served.publish(first)
        assert (answer.status_code, answer.json()["code"]) == (422, "hub.older")

    def test_again(self, served: Served) -> None:
        """Publishing the same again changes nothing, and heals a damaged file."""
        signed = served.world.release(tier=Tier.OPEN_WEIGHTS)
        first = served.publish(signed).json()
        served.lose(sha256(FILES["README.md"]))
        assert served.client.get("/acme/small/resolve/main/README.md").status_code == 500
        assert served.publish(signed).json() == first
        assert served.client.get("/acme/small/resolve/main/README.md").status_code == 200

    def test_withheld_files_are_not_taken(self, served: Served) -> None:
        """Bytes that may not leave do not come to the hub either."""
        for tier in (Tier.SEALED, Tier.PUBLIC_HOSTED):
            signed = served.world.release(f"acme/{tier.word}", tier=tier)
            assert served.publish(signed).status_code == 200
        held = set(kept(served))
        assert not held & {sha256(data) for data in FILES.values()}

    def test_many_at_once(self, served: Served) -> None:
        """Of many concurrent publications the newest wins, whole; none is half there."""
        world = served.world
        signed = [
            world.release(
                tier=Tier.OPEN_WEIGHTS,
                as_of=DAY - timedelta(days=back),
                files={**FILES, "n.txt": str(back).encode()},
            )
            for back in range(6)
        ]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(served.publish, signed))
        assert {answer.status_code for answer in answers} <= {200, 409, 422}
        assert answers[0].status_code == 200
        release = served.hub.release("acme", "small")
        assert release is not None
        assert release.decision.as_of == DAY
        assert served.client.get("/acme/small/resolve/main/n.txt").content == b"0"
        assert served.kept("staging/") == []


class TestCrashes:
    """A failure at any point leaves the release as it was."""

    @pytest.mark.parametrize("step", ["adopt", "put_release"])
    def test_failure_in_commit(
        self, served: Served, step: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A full disk or a lost database during commit changes nothing that is served."""
        world = served.world
        old = world.release(tier=Tier.OPEN_WEIGHTS, as_of=DAY - timedelta(days=9))
        before = served.publish(old).json()["commit"]

        def fail(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        part = served.hub.blobs if step == "adopt" else served.hub.store
        monkeypatch.setattr(part, step, fail)
        newer = world.release(tier=Tier.OPEN_WEIGHTS, files={**FILES, "README.md": b"new"})
        answer = served.publish(newer)
        assert answer.status_code == 507
        assert "No space left on device" in answer.json()["error"]
        answer = served.client.get("/acme/small/resolve/main/README.md")
        assert (answer.content, answer.headers["x-repo-commit"]) == (FILES["README.md"], before)
        assert served.kept("staging/") == []
        monkeypatch.undo()
        assert served.publish(newer).status_code == 200

    def test_anonymous_bodies_are_not_read(self, served: Served) -> None:
        """Without a token a large body is refused before it is taken in."""
        answer = served.client.post(PUBLICATIONS, content=b"x" * 3_000_000)
        assert answer.status_code == 401

    def test_light_import(self) -> None:
        """Checking a release needs no web stack: `openweir.hub` imports none."""
        code = (
            "import sys, openweir.hub; "
            "sys.exit(bool({'starlette', 'sqlalchemy', 'httpx', 'uvicorn'} & set(sys.modules)))"
        )
        assert subprocess.run((sys.executable, "-c", code), check=False).returncode == 0


class TestOwnLog:
    """A proof from the hub's own log must agree with what that log holds now."""

    def test_forked(self, served: Served) -> None:
        """An entry that only a fork of the log holds is refused."""
        import shutil

        world = served.world
        world.release("acme/first")
        shutil.copytree(world.root / "register", world.root / "fork")
        fork = Log.open(world.root / "fork")
        signed = world.sign(world.decide("acme/forked"), log=fork)
        world.release("acme/second")
        answer = served.publish(signed)
        assert answer.status_code == 422
        assert "does not hold this decision" in answer.json()["error"]


def test_restart_drops_what_was_under_way(served: Served, tmp_path: Path) -> None:
    """Staged uploads of an earlier run are gone; releases are not."""
    served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
    served.client.post(
        PUBLICATIONS,
        content=served.world.release("acme/b").manifest(),
        headers=served.headers("acme"),
    )
    assert served.kept("staging/") == ["publication.json"]
    if not served.embedded:
        pytest.skip("replicas leave what others have under way")
    again = Served.__new__(Served)
    from openweir.hub.hub import Hub

    again.hub = Hub.open(
        served.hub.data,
        trust=served.world.trust,
        register=served.world.root / "register",
        clock=lambda: NOW,
    )
    again.hub.routes()
    assert served.kept("staging/") == []
    assert [release.name for release in again.hub.releases()] == ["acme/small"]
    again.hub.close()


def test_manifest_is_json(served: Served) -> None:
    """The helper sends what the interface says."""
    assert set(json.loads(served.world.release().manifest())) == {
        "decision",
        "envelope",
        "log_proof",
        "model_signature",
        "statements",
    }
    assert date(2026, 11, 20) == DAY
