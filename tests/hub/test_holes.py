"""Ways around the gate that were found open once: each stays shut."""

import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from hub_live import listening
from hub_served import Served
from hub_world import FILES, NOW, World, weights
from openweir.canonical import parse
from openweir.desk.clock import NeverBack
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.audit.journal import orphans
from openweir.hub.release import git_pointer
from openweir.hub.xet import chunk_name, to_hex, xorb_name
from openweir.hub.xet.xorb import plain_header

WEIGHTS = "/acme/small/resolve/main/model.safetensors"


@pytest.fixture
def served(tmp_path) -> Iterator[Served]:
    """A hub with the gated release `acme/small` and everybody settled."""
    found = Served(World(tmp_path / "world"), tmp_path)
    assert found.publish(found.world.release()).status_code == 200
    found.settle()
    yield found
    found.close()


def ask(url: str, method: str, path: str, *headers: str) -> tuple[int, bytes]:
    """Send a request as it stands, whatever a client library would say to it."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        lines = (f"{method} {path} HTTP/1.1", *headers, "Connection: close", "", "")
        line.sendall("\r\n".join(lines).encode())
        answer = b""
        while piece := line.recv(1 << 20):
            answer += piece
    return int(answer.split(b" ", 2)[1]), answer.partition(b"\r\n\r\n")[2]


def small_xorb() -> tuple[str, bytes]:
    """A xorb of one chunk, and its name."""
    content = b"one chunk " * 900
    name = xorb_name([(chunk_name(content), len(content))])
    return to_hex(name), plain_header(len(content)) + content


class TestHeadersThatStandTwice:
    """RFC 9110, 5.3: what may stand once and stands twice is refused, never chosen from."""

    def test_a_granted_token_opens_nothing_to_others(self, served: Served) -> None:
        """An answer kept under the last of two tokens was given to whoever had that, or none."""
        own = f"Authorization: Bearer {served.tokens['granted']}"
        for other in ("Authorization:", f"Authorization: Bearer {served.tokens['ann']}"):
            with listening(served.hub) as url:
                assert ask(url, "GET", WEIGHTS, "Host: h", own)[0] == 200
                for _ in range(2):
                    assert ask(url, "GET", WEIGHTS, "Host: h", own, other)[0] == 400
                status, body = ask(url, "GET", WEIGHTS, "Host: h", other)
                assert status in (401, 403)
                assert FILES["model.safetensors"][:64] not in body
                assert ask(url, "GET", WEIGHTS, "Host: h")[0] == 401

    @pytest.mark.parametrize(
        "twice",
        [
            ("Host: h", "Host: evil.example"),
            ("Host: h", "Range: bytes=0-0", "Range: bytes=0-99"),
            ("Host: h", "Range: bytes=0-9", 'If-Range: "a"', 'If-Range: "b"'),
            ("Host: h", "X-Request-Id: a", "X-Request-Id: b"),
        ],
    )
    def test_no_other_one_is_chosen_from(self, served: Served, twice: tuple[str, ...]) -> None:
        """Nor may an address be kept for others, or a range be sent that the log does not say."""
        own = f"Authorization: Bearer {served.tokens['granted']}"
        with listening(served.hub) as url:
            assert ask(url, "GET", WEIGHTS, "Host: h", own)[0] == 200
            for method in ("GET", "HEAD"):
                assert ask(url, method, WEIGHTS, own, *twice)[0] == 400


class TestWhatTakesLong:
    """A right that ended while an answer was made ready is no right."""

    def test_nothing_goes_out_on_a_right_of_before(self, served: Served, monkeypatch) -> None:
        """The digest of a large file takes minutes: who is turned down meanwhile gets no byte."""
        for hub in served.hubs:

            def slowly(digest: str, size: int, whole=hub.blobs.checked) -> object:
                served.hub.grants.reset("acme/small", "granted")
                time.sleep(0.6)
                return whole(digest, size)

            monkeypatch.setattr(hub.blobs, "checked", slowly)
        answer = served.client.get(WEIGHTS, headers=served.headers("granted"))
        assert (answer.status_code, answer.json()["code"]) == (403, "hub.not-yours")
        assert "ended meanwhile" in answer.headers["x-error-message"]
        last = served.events("acme/small")[-1]
        assert (last.action, last.status, last.sent_bytes, last.cut) == ("get", 403, 0, True)

    def test_a_client_that_went_away_is_not_read_for(self, tmp_path) -> None:
        """The log says what was handed over, at least what came and a few pieces more."""
        served = Served(World(tmp_path / "world"), tmp_path)
        files = {"model.safetensors": weights(os.urandom(1024) * (96 * 1024))}
        assert served.publish(served.world.release(files=files)).is_success
        served.settle()
        came = 0
        with listening(served.hub) as url:
            host, _, port = url.removeprefix("http://").partition(":")
            with socket.socket() as line:
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
                line.connect((host, int(port)))
                own = f"Authorization: Bearer {served.tokens['granted']}"
                line.sendall(f"GET {WEIGHTS} HTTP/1.1\r\nHost: h\r\n{own}\r\n\r\n".encode())
                while came < 2_000_000:
                    came += len(line.recv(65536))
            until = time.monotonic() + 10
            while time.monotonic() < until:
                last = served.hub.audit.events("acme/small")[-1]
                if last.phase == "end":
                    break
                time.sleep(0.05)
        assert last.phase == "end"
        assert came - 2000 <= last.sent_bytes < 24 * 1024 * 1024
        served.close()


class TestTheJournal:
    """No byte without an event, also after the disk was full."""

    def test_an_event_after_a_torn_line_is_found_again(self, served: Served, monkeypatch) -> None:
        """A line the disk had no room for is refused and takes no other one with it."""
        recorder, write = served.hub.audit, os.write
        monkeypatch.setattr(recorder.chain, "extend", lambda *_args, **_named: None)

        def full(handle: int, data: bytes) -> int:
            return write(handle, data[: len(data) // 2])

        monkeypatch.setattr(os, "write", full)
        refused = served.client.get(WEIGHTS, headers=served.headers("granted"))
        assert (refused.status_code, refused.json()["code"]) == (507, "hub.no-room")
        monkeypatch.setattr(os, "write", write)
        answer = served.client.get(WEIGHTS, headers=served.headers("granted"))
        assert answer.status_code == 200
        (journal,) = (served.hub.data / "journal").glob("*.jsonl")
        copy = served.root / "copy"
        copy.mkdir()
        (copy / journal.name).write_bytes(journal.read_bytes())
        ((_, lines),) = orphans(copy)
        numbers = [line.number for line in lines]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert parse(lines[-1].event)["path"] == "model.safetensors"


class TestPublishing:
    """The right to publish is asked for at each step, not only at the first."""

    def steps(self, served: Served, token: str, opened: dict) -> list[int]:
        """What a token may do with a publication under way: send, commit, drop."""
        headers, ours = {"Authorization": f"Bearer {token}"}, "/api/openweir/publications"
        first = opened["files"][0]["path"]
        one = f"{ours}/{opened['id']}"
        client = served.client
        return [
            client.put(f"{one}/files/{first}", content=FILES[first], headers=headers).status_code,
            client.post(f"{one}/commit", headers=headers).status_code,
            client.delete(one, headers=headers).status_code,
        ]

    def test_a_token_that_only_reads_carries_none_of_it(self, served: Served) -> None:
        """`read` changes nothing, also not what its user opened with another token."""
        signed = served.world.release("acme/two")
        opened = served.client.post(
            "/api/openweir/publications", content=signed.manifest(), headers=served.headers("acme")
        ).json()
        reads = served.hub.accounts.new_token("acme", at=NOW, role="read")
        assert self.steps(served, reads, opened) == [403, 403, 403]

    def test_who_left_the_organisation_publishes_nothing_more(self, served: Served) -> None:
        """What an administrator opened, nobody commits who is none any more."""
        accounts = served.hub.accounts
        accounts.add_organisation("lab", at=NOW)
        accounts.set_member("lab", "ann", "admin")
        signed = served.world.release("lab/model")
        opened = served.client.post(
            "/api/openweir/publications", content=signed.manifest(), headers=served.headers("ann")
        )
        assert opened.status_code == 200
        accounts.set_member("lab", "ann", "write")
        assert self.steps(served, served.tokens["ann"], opened.json()) == [403, 403, 403]
        assert served.hub.known("lab/model") is None


class TestTokens:
    """Taking all tokens of a user back leaves no way to a new one."""

    def test_no_login_is_renewed_or_finished(self, served: Served) -> None:
        """Neither a refresh token nor a login that was agreed to and waits gives a token."""
        logins, accounts = served.hub.logins, served.hub.accounts
        ann = accounts.principal(served.tokens["ann"])
        done, waiting = (logins.ask("cli", at=served.now) for _ in range(2))
        for asked in (done, waiting):
            logins.answer(asked.user_code, ann, agreed=True, at=served.now)
        renewable = logins.redeem(done.device_code, at=served.now)
        accounts.revoke_tokens("ann", at=served.now)
        with pytest.raises(HubError, match="invalid_grant"):
            logins.refresh(renewable.refresh_token, at=served.now)
        with pytest.raises(HubError, match="expired_token"):
            logins.redeem(waiting.device_code, at=served.now)


class TestInputs:
    """Hostile input is refused with a sentence, never a failure of the hub."""

    @pytest.mark.parametrize(
        "card",
        ["a: !!timestamp x", "a: !!bool x", "a: !!int ''", "a: !!float ''", "a: !!int '-'"],
    )
    def test_a_card_whose_tags_lie(self, served: Served, card: str) -> None:
        """It is no valid card, and a repository that holds it is listed all the same."""
        text, headers = f"---\n{card}\n---\n", served.headers("ann")
        answer = served.client.post("/api/validate-yaml", json={"content": text}, headers=headers)
        assert answer.status_code == 400
        served.client.post("/api/repos/create", json={"name": "m"}, headers=headers)
        lines = [
            {"key": "header", "value": {"summary": "s"}},
            {"key": "file", "value": {"path": "README.md", "content": text}},
        ]
        served.client.post(
            "/api/models/ann/m/commit/main",
            content="\n".join(map(json.dumps, lines)),
            headers=headers,
        )
        for path in ("/api/models/ann/m", "/api/models?author=ann"):
            assert served.client.get(path, headers=headers).status_code == 200

    def test_a_form_of_too_many_fields(self, served: Served) -> None:
        """Refused for releases and for drafts."""
        served.client.post("/api/repos/create", json={"name": "m"}, headers=served.headers("ann"))
        for name in ("acme/small", "ann/m"):
            answer = served.client.post(
                f"/api/models/{name}/paths-info/main",
                content="&".join(["paths=a"] * 10_001),
                headers={
                    **served.headers("ann"),
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            )
            assert answer.status_code == 400
            assert "at most 10000 fields" in answer.json()["error"]


class TestUploads:
    """Whoever may upload no more, or holds no bytes, gets nothing in."""

    BATCH = "/lab/m.git/info/lfs/objects/batch"

    def lab(self, served: Served) -> None:
        """An organisation in which `ann` writes, with a repository."""
        accounts = served.hub.accounts
        accounts.add_organisation("lab", at=NOW)
        accounts.set_member("lab", "ann", "write")
        made = {"name": "m", "organization": "lab"}
        assert served.client.post(
            "/api/repos/create", json=made, headers=served.headers("ann")
        ).is_success

    def ask(self, served: Served, content: bytes) -> dict:
        """Ask where to send a file."""
        body = {
            "operation": "upload",
            "objects": [{"oid": sha256(content), "size": len(content)}],
        }
        answer = served.client.post(self.BATCH, json=body, headers=served.headers("ann"))
        return answer.json()["objects"][0].get("actions", {})

    @pytest.mark.parametrize("ended", ["role", "token"])
    def test_an_address_for_an_upload_ends_with_its_users_right(
        self, served: Served, ended: str
    ) -> None:
        """For six hours it let in whoever had left, and made the organisation hold the bytes."""
        self.lab(served)
        content = b"weights " * 50
        actions = self.ask(served, content)
        if ended == "role":
            served.hub.accounts.set_member("lab", "ann", "read")
        else:
            served.hub.accounts.revoke_tokens("ann", at=served.now)
        answer = served.client.put(actions["upload"]["href"], content=content)
        assert (answer.status_code, answer.json()["code"]) == (403, "hub.link")
        assert not served.hub.workspace.possession.held("lab", (sha256(content),))
        checked = {"oid": sha256(content), "size": len(content)}
        assert served.client.post(actions["verify"]["href"], json=checked).status_code == 403

    def commit(self, served: Served, key: str, value: dict) -> int:
        """Commit one operation."""
        lines = ({"key": "header", "value": {"summary": "s"}}, {"key": key, "value": value})
        return served.client.post(
            "/api/models/lab/m/commit/main",
            content="\n".join(map(json.dumps, lines)),
            headers=served.headers("ann"),
        ).status_code

    def test_a_pointer_sent_as_text_is_the_claim_that_it_is(self, served: Served) -> None:
        """Its id in git is that of the large file: one is not to be taken for the other."""
        self.lab(served)
        gated = FILES["model.safetensors"]
        pointer = git_pointer(sha256(gated), len(gated)).decode()
        assert self.commit(served, "file", {"path": "w.bin", "content": pointer}) == 400
        content = b"own weights " * 50
        actions = self.ask(served, content)
        assert served.client.put(actions["upload"]["href"], content=content).is_success
        pointer = git_pointer(sha256(content), len(content)).decode()
        assert self.commit(served, "file", {"path": "w.bin", "content": pointer}) == 200
        got = served.client.get("/lab/m/resolve/main/w.bin", headers=served.headers("ann"))
        assert got.content == content


class TestNames:
    """A name is one name, whatever its letters, and what it was given for."""

    def test_no_namespace_differs_by_case_only(self, served: Served) -> None:
        """Nobody passes for another, and no two share a folder where disks know no case."""
        accounts = served.hub.accounts
        accounts.add_organisation("Lab", at=NOW)
        for name in ("lab", "LAB", "Acme"):
            with pytest.raises(HubError):
                accounts.add(name, publisher=False, at=NOW)
            with pytest.raises(HubError):
                accounts.add_organisation(name, at=NOW)

    def test_a_repository_made_anew_has_no_old_grants(self, served: Served) -> None:
        """Deleting one ends its grants; rejections stay, so nobody asks around them."""
        client, owner = served.client, served.headers("acme")
        assert client.get(WEIGHTS, headers=served.headers("granted")).status_code == 200
        client.post("/api/repos/create", json={"name": "small"}, headers=owner)
        assert client.request(
            "DELETE", "/api/repos/delete", json={"name": "small"}, headers=owner
        ).is_success
        client.post("/api/repos/create", json={"name": "small"}, headers=owner)
        assert served.publish(served.world.release(files={**FILES, "new.txt": b"new"})).is_success
        for user in ("granted", "pending", "rejected", "ann"):
            assert client.get(WEIGHTS, headers=served.headers(user)).status_code == 403
        again = client.post(
            "/acme/small/ask-access", json={"purpose": "x"}, headers=served.headers("rejected")
        )
        assert again.status_code == 403


class TestFullDisk:
    """Wherever the disk is full, a plain answer and no half thing."""

    def test_every_way_in_says_so(self, served: Served, monkeypatch) -> None:
        """Publications, xorbs and inline files: 507, and all goes on once there is room."""

        def full(*_args: object) -> None:
            raise OSError(28, "No space left on device")

        client, headers = served.client, served.headers("acme")
        client.post("/api/repos/create", json={"name": "m"}, headers=headers)
        signed = served.world.release("acme/two")
        store = client.get("/api/models/acme/m/xet-write-token/main", headers=headers).json()
        lines = (
            {"key": "header", "value": {"summary": "s"}},
            {"key": "file", "value": {"path": "a.txt", "content": "new"}},
        )
        commit = "\n".join(map(json.dumps, lines))
        name, xorb = small_xorb()

        def ways() -> list[int]:
            ours, base = "/api/openweir/publications", "/api/models/acme/m/commit/main"
            bearer = {"Authorization": f"Bearer {store['accessToken']}"}
            place = urlsplit(store["casUrl"]).path + f"/v1/xorbs/default/{name}"
            return [
                client.post(ours, content=signed.manifest(), headers=headers).status_code,
                client.post(base, content=commit, headers=headers).status_code,
                client.post(place, content=xorb, headers=bearer).status_code,
            ]

        with monkeypatch.context() as during:
            during.setattr(served.hub.storage, "writer", full)
            assert ways() == [507, 507, 507]
            refs = client.get("/api/models/acme/m/commits/main", headers=headers).json()
            assert len(refs) == 1
        assert ways() == [200, 200, 200]
        assert len(served.kept("xet/acme/xorbs/")) == 2


class TestClock:
    """What has expired does not come back."""

    def test_a_clock_set_back_stands_still(self) -> None:
        """Until the machine's own has caught up with what was told."""
        told = iter((NOW, NOW + timedelta(days=1), NOW, NOW + timedelta(days=2)))
        clock = NeverBack(lambda: next(told))
        day = timedelta(days=1)
        assert [clock(), clock(), clock()] == [NOW + day, NOW + day, NOW + 2 * day]


class TestCopies:
    """A copy made by the hub is a way out of a release like any other."""

    def test_it_is_an_event_with_grant_and_decision(self, served: Served) -> None:
        """Who made it, by which right, of which file, and where to."""
        headers = served.headers("granted")
        served.client.post("/api/repos/create", json={"name": "mine"}, headers=headers)
        digest = sha256(FILES["model.safetensors"])
        body = {
            "target": {"type": "model", "name": "granted/mine"},
            "files": [{"sha256": digest}, {"sha256": "0" * 64}],
        }
        path = "/api/models/acme/small/lfs-files/duplicate"
        answer = served.client.post(path, json=body, headers=headers)
        assert answer.json()["success"] == [{"sha256": digest}]
        event = served.events("acme/small")[-1]
        assert (event.action, event.user, event.path) == ("copy", "granted", "model.safetensors")
        assert event.grant
        assert event.decision
        assert event.detail == "to granted/mine"
