"""The endpoints over the ASGI interface: every tier, every principal, every path."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hub_served import Served
from hub_world import FILES, NOW, World
from openweir.tier import Tier


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An empty hub."""
    found = Served(World(tmp_path / "world"), tmp_path)
    yield found
    found.close()


PRINCIPALS = (None, "ann", "pending", "rejected", "ended", "granted", "acme")
READS = ("get", "head", "range")


def fetch(served: Served, how: str, path: str, user: str | None, name: str = "acme/small"):
    """One way of asking for a file."""
    url, headers = f"/{name}/resolve/main/{path}", served.headers(user)
    if how == "head":
        return served.client.head(url, headers=headers)
    if how == "range":
        headers["Range"] = "bytes=3-9"
    return served.client.get(url, headers=headers)


class TestMatrix:
    """Law 8: no byte of a component is served outside its decision."""

    @pytest.mark.parametrize("tier", list(Tier))
    def test_every_principal_at_every_tier(self, served: Served, tier: Tier) -> None:
        """Only a holder of an unexpired grant gets gated bytes; anyone gets open ones."""
        assert served.publish(served.world.release(tier=tier)).status_code == 200
        served.settle()
        for user, how, path in itertools.product(PRINCIPALS, READS, FILES):
            answer = fetch(served, how, path, user)
            seen = (answer.status_code, answer.headers.get("x-error-code"))
            if tier is Tier.SEALED:
                expected = (404, "RepoNotFound")
            elif not tier.weights_leave:
                expected = (404, "EntryNotFound")
            elif tier is not Tier.GATED_WEIGHTS or user == "granted":
                expected = (206 if how == "range" else 200, None)
            else:
                expected = (401 if user is None else 403, "GatedRepo")
            assert seen == expected, (tier, user, how, path)
            assert FILES[path][:8] not in answer.content or answer.status_code == 200
            if answer.status_code == 200 and how == "get":
                assert answer.content == FILES[path]
            if answer.status_code == 206:
                assert answer.content == FILES[path][3:10]

    @pytest.mark.parametrize("tier", list(Tier))
    def test_listings_show_what_is_served(self, served: Served, tier: Tier) -> None:
        """A sealed release is unknown; a hosted one lists no file; others list each."""
        served.publish(served.world.release(tier=tier))
        base = "/api/models/acme/small"
        form = {"paths": list(FILES)}
        asked = {
            "info": served.client.get(base),
            "revision": served.client.get(base + "/revision/main"),
            "tree": served.client.get(base + "/tree/main?recursive=true"),
            "paths": served.client.post(base + "/paths-info/main", data=form),
            "refs": served.client.get(base + "/refs"),
            "release": served.client.get("/openweir/acme/small/release.json"),
            "statement": served.client.get("/openweir/acme/small/statements/decision.json"),
        }
        listed = served.client.get("/api/models").json()
        if tier is Tier.SEALED:
            assert {answer.status_code for answer in asked.values()} == {404}
            assert listed == []
            return
        assert {answer.status_code for answer in asked.values()} == {200}
        assert [item["id"] for item in listed] == ["acme/small"]
        expected = set(FILES) if tier.weights_leave else set()
        siblings = {item["rfilename"] for item in asked["info"].json()["siblings"]}
        tree = {item["path"] for item in asked["tree"].json() if item["type"] == "file"}
        assert {path for path in siblings if not path.startswith(".openweir/")} == expected
        assert tree == siblings
        assert {item["path"] for item in asked["paths"].json()} == expected
        assert {item["path"] for item in asked["release"].json()["files"]} == expected

    def test_sealed_equals_unknown(self, served: Served) -> None:
        """A sealed release answers exactly like one that was never there."""
        served.publish(served.world.release("acme/sealed", tier=Tier.SEALED))
        for path in (
            "/api/models/{}",
            "/api/models/{}/tree/main",
            "/{}/resolve/main/README.md",
            "/openweir/{}/release.json",
            "/openweir/{}/statements/decision.json",
            "/api/models/{}/auth-check",
        ):
            sealed = served.client.get(path.format("acme/sealed"))
            unknown = served.client.get(path.format("acme/absent"))
            assert sealed.status_code == unknown.status_code == 404
            assert sealed.text.replace("sealed", "absent") == unknown.text

    def test_a_component_held_back_is_not_there(self, served: Served) -> None:
        """A component below gated-weights is neither taken nor listed nor served."""
        signed = served.world.release(
            tier=Tier.OPEN_WEIGHTS, tiers={"model.safetensors": Tier.PUBLIC_HOSTED}
        )
        assert served.publish(signed).status_code == 200
        answer = served.client.get("/acme/small/resolve/main/model.safetensors")
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "EntryNotFound")
        assert answer.headers["x-repo-commit"]
        assert "model.safetensors" not in served.client.get("/api/models/acme/small").text
        assert served.client.get("/acme/small/resolve/main/README.md").status_code == 200

    def test_a_component_behind_the_gate(self, served: Served) -> None:
        """An open release may hold a gated component: it has a gate of its own."""
        signed = served.world.release(
            tier=Tier.OPEN_WEIGHTS, tiers={"model.safetensors": Tier.GATED_WEIGHTS}
        )
        assert served.publish(signed).status_code == 200
        served.settle()
        assert fetch(served, "get", "README.md", None).status_code == 200
        for user, status in ((None, 401), ("ann", 403), ("ended", 403), ("granted", 200)):
            assert fetch(served, "get", "model.safetensors", user).status_code == status
            url = "/api/models/acme/small/auth-check"
            assert served.client.get(url, headers=served.headers(user)).status_code == status
        assert served.client.get("/api/models/acme/small").json()["gated"] == "manual"

    def test_same_bytes_under_two_decisions(self, served: Served) -> None:
        """Permission is on the reference: an open copy opens no gated one."""
        served.publish(served.world.release("acme/gated"))
        served.publish(served.world.release("acme/open", tier=Tier.OPEN_WEIGHTS))
        assert fetch(served, "get", "README.md", None, "acme/open").status_code == 200
        assert fetch(served, "get", "README.md", None, "acme/gated").status_code == 401

    def test_statements_follow_the_tier(self, served: Served) -> None:
        """`.openweir/` is in the tree at the effective tier and public beside it."""
        dossier = b'{"a": 1}\n'
        signed = served.world.release(statements={"dossier.json": dossier})
        assert served.publish(signed).status_code == 200
        served.settle()
        path = ".openweir/dossier.json"
        assert fetch(served, "get", path, None).status_code == 401
        assert fetch(served, "get", path, "granted").content == dossier
        public = served.client.get("/openweir/acme/small/statements/dossier.json")
        assert public.content == dossier
        names = served.client.get("/openweir/acme/small/release.json").json()["statements"]
        assert set(names) == {
            "decision.dsse.json",
            "decision.json",
            "decision.tlog-proof",
            "dossier.json",
            "model.sig",
        }


class TestTime:
    """Nothing is served past the last day of a decision or a grant."""

    def test_expired_decision(self, served: Served) -> None:
        """The day after the last one nothing is served, and the reason is said."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS, valid_until=NOW.date()))
        assert fetch(served, "get", "README.md", None).status_code == 200
        served.now = NOW + timedelta(days=1)
        answer = fetch(served, "get", "README.md", None)
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RepoNotFound")
        assert "held until 2026-11-20" in answer.json()["error"]
        assert served.hub.release("acme", "small") is None
        assert served.hub.releases() == ()
        told = served.client.get("/openweir/acme/small/release.json").json()
        assert (told["release_state"], told["files"]) == ("expired", [])

    def test_warning_before_the_end(self, served: Served) -> None:
        """Clients are told when a decision soon ends."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS, valid_until=date(2026, 12, 1)))
        answer = fetch(served, "head", "README.md", None)
        assert answer.headers["x-hf-warning"] == (
            "openweir; the decision for acme/small holds until 2026-12-01"
        )

    def test_decision_of_the_future(self, served: Served) -> None:
        """A decision dated after the hub's day is not served."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
        served.now = NOW - timedelta(days=1)
        assert fetch(served, "get", "README.md", None).status_code == 404

    def test_revoked_grant_at_once(self, served: Served) -> None:
        """The request after a revocation is refused."""
        served.publish(served.world.release())
        served.settle()
        assert fetch(served, "get", "README.md", "granted").status_code == 200
        url = "/api/openweir/releases/acme/small/grants/granted"
        assert served.client.delete(url, headers=served.headers("acme")).status_code == 200
        answer = fetch(served, "range", "model.safetensors", "granted")
        assert (answer.status_code, answer.headers["x-error-code"]) == (403, "GatedRepo")
        assert "your request is rejected" in answer.headers["x-error-message"]


class TestFiles:
    """What stock clients read from the headers."""

    @pytest.fixture
    def opened(self, served: Served) -> Served:
        """A hub with one open release."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
        return served

    def test_small_file(self, opened: Served) -> None:
        """A small file's ETag is git's blob id, as in the tree."""
        answer = fetch(opened, "head", "README.md", None)
        tree = opened.client.get("/api/models/acme/small/tree/main").json()
        oid = next(item["oid"] for item in tree if item["path"] == "README.md")
        assert answer.headers["etag"] == f'"{oid}"'
        assert answer.headers["content-length"] == str(len(FILES["README.md"]))
        assert "x-linked-etag" not in answer.headers

    def test_large_file(self, opened: Served) -> None:
        """A large file is known by its SHA-256, as in Git LFS."""
        from openweir.digest import sha256

        digest = sha256(FILES["model.safetensors"])
        answer = fetch(opened, "head", "model.safetensors", None)
        assert answer.headers["x-linked-etag"] == f'"{digest}"'
        assert answer.headers["x-linked-size"] == str(len(FILES["model.safetensors"]))
        assert answer.headers["accept-ranges"] == "bytes"

    def test_range_past_the_end(self, opened: Served) -> None:
        """416 with the size."""
        answer = opened.client.get(
            "/acme/small/resolve/main/README.md", headers={"Range": "bytes=99-"}
        )
        assert answer.status_code == 416
        assert answer.headers["X-Error-Code"] == "RangeNotSatisfiable"
        assert answer.headers["content-range"] == f"bytes */{len(FILES['README.md'])}"

    def test_commit_is_a_revision(self, opened: Served) -> None:
        """`main` and the commit id name the same; anything else is RevisionNotFound."""
        commit = opened.client.get("/api/models/acme/small").json()["sha"]
        for revision in ("main", commit, "refs%2Fheads%2Fmain"):
            url = f"/acme/small/resolve/{revision}/README.md"
            assert opened.client.get(url).headers["x-repo-commit"] == commit
        for revision in ("v1", "0" * 40, "refs%2Fpr%2F1"):
            answer = opened.client.get(f"/acme/small/resolve/{revision}/README.md")
            seen = (answer.status_code, answer.headers["x-error-code"])
            assert seen == (404, "RevisionNotFound")

    @pytest.mark.parametrize(
        "path",
        [
            "..%2f..%2fhub.sqlite",
            "%2e%2e/%2e%2e/hub.sqlite",
            "README.md%00",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "..\\hub.sqlite",
            ".openweir/%2e%2e/README.md",
            "",
        ],
    )
    def test_traversal(self, opened: Served, path: str) -> None:
        """A path is looked up as a name, never walked."""
        answer = opened.client.get(f"/acme/small/resolve/main/{path}")
        assert answer.status_code == 404

    def test_tree_pages(self, opened: Served) -> None:
        """A tree is paginated by Link, with and without recursion."""
        url: str | None = "/api/models/acme/small/tree/main?recursive=1&limit=2"
        paths = []
        while url:
            answer = opened.client.get(url)
            paths += [item["path"] for item in answer.json()]
            link = answer.links.get("next")
            url = link["url"] if link else None
        assert paths == sorted(paths)
        assert set(FILES) < set(paths)
        top = opened.client.get("/api/models/acme/small/tree/main").json()
        assert ("directory", "tokenizer") in {(item["type"], item["path"]) for item in top}
        inner = opened.client.get("/api/models/acme/small/tree/main/tokenizer").json()
        assert [item["path"] for item in inner] == ["tokenizer/tokenizer.json"]

    def test_no_browser_runs_it(self, opened: Served) -> None:
        """Files are attachments in a sandbox: they never act as the hub's own pages."""
        answer = fetch(opened, "get", "README.md", None)
        assert answer.headers["content-disposition"] == "attachment"
        assert "sandbox" in answer.headers["content-security-policy"]


class TestTampering:
    """Tampered, unsigned or mixed-up state fails closed."""

    @pytest.fixture
    def opened(self, served: Served) -> Served:
        """A hub with one open release."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
        return served

    def blob(self, opened: Served, path: str) -> str:
        """Which blob a file is."""
        release = opened.hub.release("acme", "small")
        assert release is not None
        file = release.file(path)
        assert file is not None
        return file.sha256

    def test_flipped_byte_in_a_file(self, opened: Served) -> None:
        """Not one byte of an altered file goes out, though size and mtime are as before."""
        assert fetch(opened, "get", "model.safetensors", None).status_code == 200
        opened.flip(self.blob(opened, "model.safetensors"), 5)
        for how in ("get", "range"):
            answer = fetch(opened, how, "model.safetensors", None)
            assert answer.status_code == 500
            assert "not the one that was decided" in answer.json()["error"]
        assert fetch(opened, "get", "README.md", None).status_code == 200

    @pytest.mark.parametrize(
        "statement",
        ["decision.json", "decision.dsse.json", "decision.tlog-proof", "model.sig"],
    )
    def test_flipped_byte_in_a_statement(self, opened: Served, statement: str) -> None:
        """An altered statement hides the whole release."""
        opened.flip(self.blob(opened, f".openweir/{statement}"), 60)
        for how in READS:
            assert fetch(opened, how, "README.md", None).status_code == 404
        assert opened.hub.releases() == ()

    def test_rewritten_database(self, opened: Served) -> None:
        """Rows are not believed: a file pointed at other bytes hides the release."""
        from sqlalchemy import update

        from openweir.hub import schema

        table = schema.release_files
        with opened.hub.store.begin() as connection:
            digest = (
                connection.execute(table.select().where(table.c.path == "config.json")).one().sha256
            )
            connection.execute(
                update(table).where(table.c.path == "README.md").values(sha256=digest)
            )
        fresh = opened.another()
        assert fresh.release("acme", "small") is None
        fresh.close()

    def test_opened_in_the_database(self, served: Served) -> None:
        """Raising the tier in the database opens nothing."""
        from sqlalchemy import update

        from openweir.hub import schema

        served.publish(served.world.release())
        with served.hub.store.begin() as connection:
            connection.execute(update(schema.releases).values(tier="open-weights"))
            connection.execute(update(schema.release_files).values(tier="open-weights"))
        answer = fetch(served, "get", "README.md", None)
        assert answer.status_code == 404

    def test_another_decision_in_the_database(self, served: Served) -> None:
        """A row pointed at another release's signed decision is not served under this name."""
        from sqlalchemy import update

        from openweir.hub import schema

        served.publish(served.world.release("acme/open", tier=Tier.OPEN_WEIGHTS))
        served.publish(served.world.release("acme/gated"))
        opened = served.hub.store.current("acme/open")
        gated = served.hub.store.current("acme/gated")
        assert opened is not None
        assert gated is not None
        with served.hub.store.begin() as connection:
            connection.execute(
                update(schema.repositories)
                .where(schema.repositories.c.name == "acme/gated")
                .values(release_id=opened.id)
            )
        assert fetch(served, "get", "README.md", None, "acme/gated").status_code == 404

    def test_trust_withdrawn(self, served: Served) -> None:
        """When the signer's key is trusted no more, the next request is refused."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
        assert fetch(served, "get", "README.md", None).status_code == 200
        served.trust = replace(served.world.trust, keys=())
        assert fetch(served, "get", "README.md", None).status_code == 404


class TestTokens:
    """Tokens are kept as digests and refused when unknown."""

    def test_not_in_the_database(self, served: Served, tmp_path: Path) -> None:
        """No token stands in any file of the data directory."""
        served.publish(served.world.release())
        served.settle()
        fetch(served, "get", "README.md", "granted")
        held = b"".join(
            path.read_bytes() for path in (tmp_path / "hub").rglob("*") if path.is_file()
        )
        for token in served.tokens.values():
            assert token.encode() not in held
            assert token.startswith("hf_")
            assert 37 <= len(token) <= 256

    @pytest.mark.parametrize("stated", ["Bearer hf_" + "x" * 37, "Bearer x", "Basic aGk6aGk=", ""])
    def test_unknown_token(self, served: Served, stated: str) -> None:
        """A token nobody has is 401 with the text clients compare."""
        answer = served.client.get("/api/whoami-v2", headers={"Authorization": stated})
        assert answer.status_code == 401
        message = answer.headers["x-error-message"]
        assert message == "Invalid credentials in Authorization header"

    def test_revoked_token(self, served: Served) -> None:
        """A revoked token is refused at once."""
        headers = served.headers("ann")
        assert served.client.get("/api/whoami-v2", headers=headers).json()["name"] == "ann"
        served.hub.accounts.revoke_tokens("ann", at=NOW)
        assert served.client.get("/api/whoami-v2", headers=headers).status_code == 401


class TestAccess:
    """Who may ask, see and answer."""

    def test_only_the_owner_answers(self, served: Served) -> None:
        """Strangers neither list nor grant, nor learn whether the release exists."""
        served.publish(served.world.release())
        for name in ("acme/small", "acme/absent"):
            ours = f"/api/openweir/releases/{name}"
            for headers, status in ((served.headers("ann"), 403), ({}, 401)):
                answers = [
                    served.client.get(f"{ours}/requests", headers=headers),
                    served.client.post(f"{ours}/grants", json={"user": "ann"}, headers=headers),
                    served.client.delete(f"{ours}/grants/ann", headers=headers),
                ]
                assert {answer.status_code for answer in answers} == {status}

    def test_purpose_is_asked_for(self, served: Served) -> None:
        """A request without a purpose is refused with the next step."""
        served.publish(served.world.release())
        url = "/api/openweir/releases/acme/small/requests"
        answer = served.client.post(url, json={"purpose": " "}, headers=served.headers("ann"))
        assert answer.status_code == 400
        assert "states its purpose" in answer.json()["error"]

    def test_statistics(self, served: Served) -> None:
        """How the gate is used is counted for the release's page."""
        served.publish(served.world.release())
        served.settle()
        release = served.hub.release("acme", "small")
        assert release is not None
        found = served.hub.statistics(release)
        assert (found.asked, found.pending, found.accepted, found.rejected) == (4, 1, 2, 1)

    def test_open_releases_have_no_gate(self, served: Served) -> None:
        """There is nothing to ask for at open-weights."""
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
        url = "/api/openweir/releases/acme/small/requests"
        answer = served.client.post(url, json={"purpose": "x"}, headers=served.headers("ann"))
        assert answer.status_code == 400
        assert answer.json()["code"] == "hub.not-gated"

    def test_every_download_is_logged(self, served: Served) -> None:
        """The log has who, what, which range, and how many bytes went out."""
        served.publish(served.world.release())
        served.settle()
        fetch(served, "range", "model.safetensors", "granted")
        fetch(served, "get", "model.safetensors", "ann")
        lines = served.hub.audit.events("acme/small")
        told = [(item.user, item.range, item.status, item.sent_bytes) for item in lines[-3:]]
        assert told == [
            ("granted", "bytes=3-9", 206, 0),
            ("granted", "bytes=3-9", 206, 7),
            ("ann", "", 403, 0),
        ]
        assert [item.phase for item in lines[-3:]] == ["begin", "end", ""]
        assert lines[0].action == "publish"


class TestRest:
    """What the hub does not do, it says."""

    def test_writing_needs_a_token(self, served: Served) -> None:
        """Nobody changes a repository without saying who they are."""
        for method, path in (
            ("POST", "/api/repos/create"),
            ("POST", "/api/models/acme/small/preupload/main"),
            ("POST", "/api/models/acme/small/commit/main"),
            ("POST", "/acme/small.git/info/lfs/objects/batch"),
            ("PUT", "/api/models/acme/small/settings"),
            ("DELETE", "/api/repos/delete"),
            ("POST", "/api/repos/move"),
        ):
            lfs = {"operation": "upload", "objects": []}
            assert served.client.request(method, path, json=lfs).status_code == 401, path

    def test_other_apis_are_501(self, served: Served) -> None:
        """The rest of the API answers plainly that it is not there."""
        for path in ("/api/collections", "/api/models/acme/small/discussions"):
            assert served.client.get(path).status_code == 501

    def test_register_shows_tiles_only(self, served: Served) -> None:
        """Checkpoint and tiles are public; the log's key and everything else are not."""
        served.publish(served.world.release())
        for path in ("checkpoint", "tile/0/000.p/1", "tile/entries/000.p/1"):
            answer = served.client.get(f"/register/{path}")
            assert answer.status_code == 200, path
            assert answer.content == (served.world.root / "register" / path).read_bytes()
        for path in (
            "log.key",
            "log.pub",
            ".lock",
            "tile/../log.key",
            "tile%2f..%2flog.key",
            "..%2fregister%2flog.key",
            "tile/0/001",
        ):
            assert served.client.get(f"/register/{path}").status_code == 404, path

    @pytest.mark.parametrize(
        "text", ["%00", "a%0D%0AX-B:%201", "%7F%1B[2J", "%C3%A9%E2%80%AE", "%FF"]
    )
    def test_no_input_spoils_a_header(self, served: Served, text: str) -> None:
        """Whatever is asked for, headers are printable ASCII; the Host header is not echoed."""
        served.publish(served.world.release())
        headers = {"Host": "evil.example"}
        for path in (f"/acme/small/resolve/main/{text}", f"/acme/{text}/resolve/main/README.md"):
            answer = served.client.get(path, headers=headers)
            assert answer.status_code == 404
            stated = "".join(answer.headers.values())
            assert stated.isascii()
            assert stated.isprintable()
        answer = served.client.get("/acme/small/resolve/main/README.md", headers=headers)
        assert answer.status_code == 401
        assert "/acme/small/request-access" in answer.headers["x-error-message"]
        assert "evil.example" not in answer.text + str(answer.headers)

    def test_request_ids(self, served: Served) -> None:
        """Each answer names the request; a hostile id is replaced."""
        given = served.client.get("/api/models", headers={"X-Request-Id": "abc-1"})
        assert given.headers["x-request-id"] == "abc-1"
        replaced = served.client.get("/api/models", headers={"X-Request-Id": "<script>"})
        assert replaced.headers["x-request-id"] != "<script>"
