"""The audit chain: complete, in order, and every change to it found."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub_live import listening
from hub_scale import opened
from hub_served import Served
from hub_world import FILES, NOW, World, weights
from openweir.canonical import compact, parse
from openweir.desk.hub_secret import hub_secret
from openweir.errors import HubError, UsageError
from openweir.hub import schema
from openweir.hub.audit import AccessEvent, Recorder, signing_key, verify_export
from openweir.hub.audit import journal as journal_room
from openweir.hub.audit import recorder as recorder_room
from openweir.hub.audit.event import START, Link, Repeated, chained
from openweir.hub.audit.journal import Journal
from openweir.hub.audit.verify import export
from openweir.hub.own_keys import own_keys
from openweir.hub.store import Store
from openweir.register import SignerKey
from openweir.register.note import sign_note
from openweir.tier import Tier

KEY = SignerKey.generate("openweir/audit/test")


def event(number: int = 0, **fields: object) -> AccessEvent:
    """An event that says nothing in particular."""
    return AccessEvent(at=NOW, action="get", name="acme/small", sent_bytes=number, **fields)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty database."""
    found = opened(tmp_path / "hub")
    yield found
    found.close()


def recorder(store: Store, folder: Path) -> Recorder:
    """A writer of its own journal."""
    return Recorder(store, folder, key=KEY, clock=lambda: NOW)


def exported(store: Store, folder: Path) -> list[bytes]:
    """Forty events of two writers, exported."""
    writers = [recorder(store, folder) for _ in range(2)]
    for number in range(40):
        writers[number % 2].record(event(number, user=f"user-{number % 3}"))
    for writer in writers:
        writer.close()
    return list(export(writers[0].chain))


class TestChain:
    """Events of any number of writers make one line without gaps."""

    def test_whole(self, store: Store, tmp_path: Path) -> None:
        """Numbered from 1, vouched for to the last, with the sums of every user."""
        lines = exported(store, tmp_path / "journal")
        report = verify_export(lines, key=KEY.verifier)
        assert report.ok
        assert (report.events, report.checkpoint) == (40, 40)
        assert report.sent_bytes == sum(range(40))
        assert [(who, sent) for who, _, _, sent in report.sums] == [
            ("user-0", sum(range(0, 40, 3))),
            ("user-1", sum(range(1, 40, 3))),
            ("user-2", sum(range(2, 40, 3))),
        ]

    def test_many_writers_at_once(self, store: Store, tmp_path: Path) -> None:
        """Four writers, two threads each: no event lost, none twice, order kept per writer."""
        writers = [recorder(store, tmp_path / "journal") for _ in range(4)]

        def work(writer: Recorder) -> None:
            for number in range(100):
                writer.record(event(number))

        threads = [threading.Thread(target=work, args=(one,)) for one in writers * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for writer in writers:
            writer.close()
        report = verify_export(export(writers[0].chain), key=KEY.verifier)
        assert report.ok
        assert report.events == 800
        places: dict[str, list[int]] = {}
        for body, _ in writers[0].chain.rows():
            link = Link.from_body(body.encode())
            places.setdefault(link.writer, []).append(link.number)
        assert all(numbers == list(range(1, 201)) for numbers in places.values())
        assert list((tmp_path / "journal").iterdir()) == []

    @settings(max_examples=150)
    @given(st.data())
    def test_one_flipped_bit_is_found(self, data: st.DataObject) -> None:
        """Whichever bit of an export changes, the check fails."""
        lines = list(CHAIN)
        at = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[at]) - 2))
        changed = bytearray(lines[at])
        changed[place] ^= 1 << data.draw(st.integers(0, 7))
        lines[at] = bytes(changed)
        assert not verify_export(lines, key=KEY.verifier).ok

    @settings(max_examples=60)
    @given(st.data())
    def test_a_dropped_doubled_or_moved_event_is_found(self, data: st.DataObject) -> None:
        """So is every other line but the event's own place."""
        lines = list(CHAIN)
        at = data.draw(st.integers(0, 19))
        kind = data.draw(st.sampled_from(("drop", "double", "move")))
        line = lines.pop(at)
        if kind != "drop":
            lines[at:at] = [line, line] if kind == "double" else []
        if kind == "move":
            lines.insert(at + 1 if at < 19 else 0, line)
        assert not verify_export(lines, key=KEY.verifier).ok

    def test_a_chain_made_anew_is_not_vouched_for(self) -> None:
        """Whoever computes every hash again still lacks the key."""
        lines, last = [], START
        for seq in range(1, 4):
            body = Link(seq=seq, writer="w", number=seq, event=event(seq)).body()
            last = chained(last, body)
            lines.append(compact({"event": body.decode(), "hash": last}) + b"\n")
        assert verify_export(lines, key=None).ok
        assert verify_export(lines, key=KEY.verifier).faults == (
            "no checkpoint vouches for these events",
        )

    def test_a_chain_cut_short_is_found_by_an_earlier_checkpoint(self) -> None:
        """Without its last events the rest still holds; a checkpoint kept elsewhere tells."""
        note = json.loads(CHAIN[-1])["checkpoint"].encode()
        shorter = CHAIN[:10]
        found = verify_export(shorter, key=KEY.verifier, earlier=note)
        assert "the earlier checkpoint vouches for other events than these" in found.faults
        assert verify_export(CHAIN, key=KEY.verifier, earlier=note).ok

    def test_what_is_checkpointed_is_the_head(self) -> None:
        """The note is a C2SP signed note: origin, size, hash of the last event."""
        note = json.loads(CHAIN[-1])["checkpoint"]
        origin, size, root = note.split("\n")[:3]
        assert (origin, size) == (KEY.name, "20")
        assert base64.b64decode(root).hex() == json.loads(CHAIN[19])["hash"]

    @pytest.mark.parametrize(
        "line", [b"", b"{}", b"[1]", b'{"event": 1, "hash": "x"}', b'{"event": "{}", "hash": ""}']
    )
    def test_hostile_lines_are_faults(self, line: bytes) -> None:
        """Whatever an export holds, the answer is a report."""
        assert not verify_export([line], key=None).ok


def _made() -> tuple[bytes, ...]:
    lines, last = [], START
    for seq in range(1, 21):
        body = Link(seq=seq, writer="w", number=seq, event=event(seq, user="é")).body()
        last = chained(last, body)
        lines.append(compact({"event": body.decode(), "hash": last}) + b"\n")
    text = f"{KEY.name}\n20\n{base64.b64encode(bytes.fromhex(last)).decode()}\n"
    lines.append(compact({"checkpoint": sign_note(text, KEY).decode()}) + b"\n")
    return tuple(lines)


CHAIN = _made()


TEXTS = ("action", "phase", "user", "token", "grant", "decision", "name", "commit", "path")
TEXTS += ("range", "detail", "request_id")
EVENTS = st.builds(
    AccessEvent,
    at=st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    **{name: st.text(st.characters(codec=None), max_size=250) for name in TEXTS},
    **{name: st.integers(0, 2**53 - 1) for name in ("status", "sent_bytes", "of")},
    cut=st.booleans(),
)


class TestWritten:
    """An event has one spelling, whichever way it was written."""

    @settings(max_examples=300)
    @given(EVENTS, st.integers(1, 2**53 - 1))
    def test_it_is_the_canonical_form(self, found: AccessEvent, seq: int) -> None:
        """What is hashed is RFC 8785, though it is spelt out for speed."""
        body = Link(seq=seq, writer='w"', number=7, event=found).body()
        assert body == compact(parse(body))
        read = Link.from_body(body)
        assert (read.seq, read.writer, read.number) == (seq, 'w"', 7)
        assert read.body() == body
        assert read.event.sent_bytes == found.sent_bytes
        assert read.event.cut == found.cut
        shown = found.path.encode("utf-8", "backslashreplace").decode()
        assert read.event.path == shown

    @given(EVENTS, EVENTS)
    def test_an_event_that_happens_again(self, first: AccessEvent, then: AccessEvent) -> None:
        """Only its instant, range and request differ; the bytes are those of a new one."""
        again = replace(first, at=then.at, range=then.range, request_id=then.request_id)
        written = Repeated(first).again(then.at, then.range, then.request_id)
        assert written == again.written()


class TestJournal:
    """What was recorded survives the process."""

    def test_killed_before_the_chain_had_it(self, store: Store, tmp_path: Path) -> None:
        """The next process takes the journal over, once."""
        code = (
            "import sys, os\n"
            "from pathlib import Path\n"
            "from audit_writer import write\n"
            "write(Path(sys.argv[1]), int(sys.argv[2]))\n"
        )
        for count in (1, 50, 700):
            written = subprocess.run(
                (sys.executable, "-c", code, str(tmp_path), str(count)),
                capture_output=True,
                timeout=60,
                check=False,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            assert written.returncode == -signal.SIGKILL, written.stderr
        heir = recorder(store, tmp_path / "journal")
        report = verify_export(export(heir.chain), key=None)
        assert report.ok
        assert report.events == 751
        assert recorder(store, tmp_path / "journal").recover() == 0
        heir.close()

    def test_it_stays_small_under_a_load_without_pause(
        self, store: Store, tmp_path: Path, monkeypatch
    ) -> None:
        """Files go with their last event, though newer ones wait; what is left is recovered."""
        monkeypatch.setattr(journal_room, "_MOST_BYTES", 10_000)
        folder = tmp_path / "journal"
        written = Journal(folder)
        lines = [written.append("acme/small", event(number).written()) for number in range(200)]
        assert len(list(folder.iterdir())) > 5
        chain = recorder(store, tmp_path / "other").chain
        chain.extend(lines[:150], at=NOW)
        written.forget(150)
        left = sorted(folder.iterdir())
        assert 1 < len(left) < 5
        # As after a kill: the locks are gone, the files are not.
        for file in written._files:
            os.close(file.handle)
        heir = recorder(store, folder)
        assert list(folder.iterdir()) == []
        assert heir.chain.head()[0] == 200
        bodies = [Link.from_body(body.encode()).event.sent_bytes for body, _ in heir.chain.rows()]
        assert bodies == list(range(200))

    def test_a_torn_line_is_taken_back(self, store: Store, tmp_path: Path, monkeypatch) -> None:
        """A line that a full disk cut short is refused and does not spoil the next."""
        written, real = Journal(tmp_path / "journal"), os.write
        written.append("acme/small", event(1).written())
        monkeypatch.setattr(os, "write", lambda handle, line: real(handle, line[:30]))
        with pytest.raises(HubError, match="cannot keep its audit journal") as error:
            written.append("acme/small", event(2).written())
        assert error.value.code == "hub.no-room"
        monkeypatch.undo()
        assert written.append("acme/small", event(3).written()).number == 2
        for file in written._files:
            os.close(file.handle)
        heir = recorder(store, tmp_path / "journal")
        assert heir.chain.head()[0] == 2

    def test_a_database_that_is_behind_stops_the_hub(
        self, store: Store, tmp_path: Path, monkeypatch
    ) -> None:
        """What waits for the chain is bounded: past it nothing is recorded, so nothing served."""
        monkeypatch.setattr(recorder_room, "_MOST_WAITING_BYTES", 5_000)
        writer = recorder(store, tmp_path / "journal")
        with writer._carrying:
            for number in range(22):  # of some 230 bytes each
                writer.record(event(number))
            with pytest.raises(HubError, match="the audit chain is behind") as error:
                writer.record(event(22))
        assert error.value.code == "hub.no-room"
        writer.flush()
        assert writer.record(event()) > 10
        writer.close()

    def test_a_line_cut_short_was_refused(self, store: Store, tmp_path: Path) -> None:
        """A torn last line is passed over: its event never happened."""
        folder = tmp_path / "journal"
        folder.mkdir()
        body = Link(seq=0, writer="dead", number=1, event=event(1)).body()
        (folder / "dead.jsonl").write_bytes(body + b"\n" + body[:-9])
        heir = recorder(store, folder)
        assert heir.chain.head()[0] == 1
        heir.close()

    def test_no_room_means_no_bytes(self, store: Store, tmp_path: Path, monkeypatch) -> None:
        """Where the journal cannot be written, recording raises."""
        writer = recorder(store, tmp_path / "journal")
        writer.record(event())

        def full(_handle: int, _line: bytes) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "write", full)
        with pytest.raises(HubError, match="No space left on device") as error:
            writer.record(event())
        assert error.value.code == "hub.no-room"
        monkeypatch.undo()
        writer.close()

    def test_a_damaged_key_is_said(self, store: Store, tmp_path: Path) -> None:
        """A key file that holds none stops the hub instead of starting a new chain."""
        (tmp_path / "audit.key").write_text("nonsense")
        with pytest.raises(HubError, match="audit key is damaged") as error:
            signing_key(tmp_path / "audit.key", store)
        assert error.value.code == "hub.data"


class TestOwnKeys:
    """What makes links and signs checkpoints lies outside of a database that replicas share."""

    SECRET = b"0123456789abcdef" * 2

    def test_nothing_of_them_is_in_the_database(self, store: Store, tmp_path: Path) -> None:
        """Replicas with one secret have one key each for links and checkpoints."""
        links, key = own_keys(tmp_path / "a", store, shared=True, secret=self.SECRET)
        others, same = own_keys(tmp_path / "b", store, shared=True, secret=self.SECRET)
        assert key.verifier == same.verifier
        made = links.make("xet-read", {"name": "a/b"}, expires=NOW + timedelta(days=1))
        assert others.read(made, "xet-read", at=NOW).text("name") == "a/b"
        with store.begin() as connection:
            rows = connection.execute(select(schema.settings)).all()
        assert [row.name for row in rows] == ["hub-key"]
        assert len(rows[0].value) == 16

    @pytest.mark.parametrize("other", [b"f" * 32, b"short"])
    def test_another_secret_is_refused(self, store: Store, tmp_path: Path, other: bytes) -> None:
        """A replica with its own secret would make links that no other replica takes."""
        own_keys(tmp_path, store, shared=True, secret=self.SECRET)
        with pytest.raises(HubError, match="secret") as error:
            own_keys(tmp_path, store, shared=True, secret=other)
        assert error.value.code == "hub.data"

    def test_keys_in_the_database_are_said(self, store: Store, tmp_path: Path, caplog) -> None:
        """Without a secret replicas still agree, and the operator is told what that costs."""
        _, first = own_keys(tmp_path / "a", store, shared=True, secret=None)
        _, second = own_keys(tmp_path / "b", store, shared=True, secret=None)
        assert first.verifier == second.verifier
        assert "OPENWEIR_HUB_KEY" in caplog.text

    def test_the_file_is_read(self, tmp_path: Path, monkeypatch) -> None:
        """`OPENWEIR_HUB_KEY` names it; a missing one is an error, not another hub."""
        monkeypatch.delenv("OPENWEIR_HUB_KEY", raising=False)
        assert hub_secret() is None
        monkeypatch.setenv("OPENWEIR_HUB_KEY", str(tmp_path / "hub.key"))
        with pytest.raises(UsageError, match="cannot read the hub's secret"):
            hub_secret()
        (tmp_path / "hub.key").write_bytes(self.SECRET + b"\n")
        assert hub_secret() == self.SECRET


def ended(served: Served) -> list[AccessEvent]:
    """The ends of downloads so far."""
    found = served.hub.audit.events("acme/small")
    return [item for item in found if item.phase == "end"]


class TestReplay:
    """Acceptance test 10: the chain says what real clients received."""

    def test_sums_equal_the_bytes_received(self, tmp_path: Path) -> None:
        """Whole files, ranges, refusals and a client that went away, by user and path."""
        import httpx

        served = Served(World(tmp_path / "world"), tmp_path)
        large = {**FILES, "model.safetensors": weights(os.urandom(4_000_000))}
        served.publish(served.world.release(tier=Tier.GATED_WEIGHTS, files=large))
        served.settle()
        received: dict[tuple[str, str], int] = {}
        with listening(served.hub) as url:
            for user in ("granted", "ann", None):
                for path in large:
                    for stated in ({}, {"Range": "bytes=10-2000"}, {"Range": "bytes=-5"}):
                        answer = httpx.get(
                            f"{url}/acme/small/resolve/main/{path}",
                            headers=served.headers(user) | stated,
                            trust_env=False,
                        )
                        if answer.is_success:
                            key = (user or "", path)
                            received[key] = received.get(key, 0) + len(answer.content)
        served.carry()
        served.hub.audit.checkpoint()
        report = verify_export(export(served.hub.audit.chain), key=served.hub.audit.verifier)
        assert report.ok
        assert report.unfinished == 0
        assert {(user, path): sent for user, _, path, sent in report.sums} == received
        grants = {item.grant for item in served.hub.audit.events("acme/small") if item.sent_bytes}
        decisions = {
            item.decision for item in served.hub.audit.events("acme/small") if item.sent_bytes
        }
        found = served.hub.grants.of("acme/small", "granted")
        assert found is not None
        assert grants == {found.id}
        assert len(decisions) == 1
        served.close()

    def test_a_client_that_went_away(self, tmp_path: Path) -> None:
        """The rest is neither read nor counted: only what was handed to the connection."""
        served = Served(World(tmp_path / "world"), tmp_path)
        size = 64 * 1024 * 1024
        large = {**FILES, "model.safetensors": weights(bytes(size))}
        served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS, files=large))
        with listening(served.hub) as url:
            host, _, port = url.removeprefix("http://").partition(":")
            path = "/acme/small/resolve/main/model.safetensors"
            for number in range(2):  # the second is answered as the first was a moment ago
                with socket.create_connection((host, int(port))) as client:
                    client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                    received = len(client.recv(100_000))
                began = time.monotonic()
                while len(ends := ended(served)) <= number and time.monotonic() - began < 10:
                    time.sleep(0.05)
                assert received - 2000 <= ends[number].sent_bytes < size / 2
                assert not ends[number].cut
        served.close()

    def test_recording_is_no_bottleneck(self, store: Store, tmp_path: Path) -> None:
        """Ten thousand events are taken in less time than that many requests could take."""
        writer = recorder(store, tmp_path / "journal")
        began = time.process_time()
        for number in range(10_000):
            writer.record(event(number, user="u", path="model.safetensors"))
        spent = time.process_time() - began
        writer.close()
        assert writer.chain.head()[0] == 10_000
        assert spent < 10, "a millisecond of CPU each would be ten times the aim"
