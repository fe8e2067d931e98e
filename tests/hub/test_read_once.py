"""What was read of the database once is believed only while nothing changed."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from hub_served import Served
from hub_world import NOW, World
from openweir.hub.access.rules import GateRules
from openweir.hub.gate import GrantStatus
from openweir.hub.hub import Hub
from openweir.hub.notices import EVERYTHING
from openweir.hub.read_once import NotAtHandError, ReadOnce, believing, may_wait, require_fresh
from openweir.hub.store import Store
from openweir.web.app import application

FILE = "/acme/small/resolve/main/model.safetensors"


def _set_plan(hub: Hub) -> None:
    """Put a plan there that nobody can read: it opens nothing."""
    with hub.store.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO stage_plans (name, plan, by, at) VALUES ('acme/small', '{}', 'x', 'y')"
        )


ENDINGS: dict[str, Callable[[Hub], object]] = {
    "plan set": _set_plan,
    "token revoked": lambda hub: hub.accounts.revoke_tokens("granted", at=NOW),
    "grant rejected": lambda hub: hub.grants.answer(
        "acme/small", "granted", GrantStatus.REJECTED, by="acme", at=NOW
    ),
    "grants ended": lambda hub: hub.grants.end("acme/small"),
    "release halted": lambda hub: hub.notices.halt(
        "acme/small", trigger="weights-leak", text="copies", by="acme", at=NOW
    ),
    "hub halted": lambda hub: hub.notices.halt(
        EVERYTHING, trigger="weights-leak", text="copies", by="acme", at=NOW
    ),
    "gate tightened": lambda hub: hub.gates.set_rules(
        "acme/small", GateRules(level=3), by="acme", at=NOW + timedelta(hours=1)
    ),
}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub with a gated release and everybody in their state."""
    found = Served(World(tmp_path / "world"), tmp_path)
    assert found.publish(found.world.release()).is_success
    found.settle()
    yield found
    found.close()


def head(served: Served, number: int, user: str = "granted") -> int:
    """Ask for a head at an address that was not asked before; return the status."""
    return served.client.head(f"{FILE}?n={number}", headers=served.headers(user)).status_code


class TestNextRequest:
    """Everything was read and kept, and the next request is refused all the same."""

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_here(self, served: Served, ending: str) -> None:
        """What this process changes counts at once."""
        assert [head(served, number) for number in range(3)] == [200] * 3
        ENDINGS[ending](served.hub)
        assert head(served, 3) in (401, 403, 404)

    @pytest.mark.parametrize("ending", ENDINGS)
    def test_in_another_process(self, served: Served, ending: str) -> None:
        """What another one changes in the same file or database counts within two seconds."""
        assert [head(served, number) for number in range(3)] == [200] * 3
        other = served.another()
        try:
            since, number = monotonic(), 3
            ENDINGS[ending](other)
            while head(served, number) == 200:
                assert monotonic() - since < 2
                number += 1
        finally:
            other.close()

    def test_by_the_operators_hand(self, served: Served) -> None:
        """A row changed with SQLite's own tool counts as well."""
        if not served.embedded:
            pytest.skip("the database is no file")
        assert head(served, 0) == head(served, 1) == 200
        path = served.root / "hub" / "hub.sqlite"
        code = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
            "c.execute(\"UPDATE requests SET status='rejected'\"); c.commit()"
        )
        subprocess.run((sys.executable, "-c", code, str(path)), check=True)
        sleep(0.01)
        assert head(served, 2) == 403


class TestClock:
    """Kept are rows: whatever ends by itself ends although it is kept."""

    def test_a_grant(self, served: Served) -> None:
        """The day after its last one it opens nothing."""
        day = served.now.date()
        served.hub.grants.answer(
            "acme/small", "granted", GrantStatus.ACCEPTED, by="acme", at=NOW, expires=day
        )
        assert head(served, 0) == head(served, 1) == 200
        served.now += timedelta(days=1)
        assert head(served, 2) == 403

    def test_what_a_grant_rests_on(self, served: Served) -> None:
        """Nor does it from the instant on at which what was shown carries no more."""
        until = served.now + timedelta(minutes=1)
        served.hub.grants.answer(
            "acme/small", "granted", GrantStatus.ACCEPTED, by="acme", at=NOW, until=until
        )
        assert head(served, 0) == head(served, 1) == 200
        served.now = until
        assert head(served, 2) == 403

    def test_a_token(self, served: Served) -> None:
        """A token is unknown from its end on."""
        ends = served.now + timedelta(minutes=1)
        served.tokens["granted"] = served.hub.accounts.new_token("granted", at=NOW, expires=ends)
        assert head(served, 0) == head(served, 1) == 200
        served.now = ends
        assert head(served, 2) == 401

    def test_a_decision(self, served: Served) -> None:
        """The release is gone the day after its decision's last."""
        assert head(served, 0) == head(served, 1) == 200
        served.now = datetime(2027, 5, 2, tzinfo=UTC)
        assert head(served, 2) == 404


class TestWithoutThread:
    """A first request for a file whose facts are at hand is answered by the loop itself."""

    def test_the_same_answer(self, served: Served) -> None:
        """Status, headers and event are those of a request that had to wait."""
        client = TestClient(application(served.hub))
        headers = {**served.headers("granted"), "X-Request-Id": "one"}
        answers = []
        for number in range(3):
            if number == 1:
                served.hub.store.changed_elsewhere()
            answers.append(client.head(f"{FILE}?n={number}", headers=headers))
        assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
        events = served.hub.audit.events("acme/small")[-3:]
        assert len({(each.action, each.path, each.grant, each.status) for each in events}) == 1

    def test_the_database_is_not_asked(self, served: Served, monkeypatch) -> None:
        """Another file of the same release to the same token costs no question."""
        assert head(served, 0) == 200

        def asked(_: Store) -> None:
            raise AssertionError("asked")

        if served.hub.store.hears:
            monkeypatch.setattr(Store, "engine", property(asked))
            assert head(served, 1) == 200

    def test_nothing_waits_where_nobody_may(self, served: Served) -> None:
        """Neither the database nor a blob is read where nobody waits."""
        for work in (
            served.hub.store.names,
            lambda: served.hub.blobs.read("0" * 64),
            lambda: served.hub.accounts.exists("acme"),
        ):
            with believing(waiting=False), pytest.raises(NotAtHandError):
                work()
        may_wait()


class TestOwnChain:
    """The chain of this process changes no answer; that of others may come with a change."""

    def test_it_is_no_change(self, served: Served) -> None:
        """Events carried into the database leave what was read as it is."""
        if not served.embedded:
            pytest.skip("the database is no file")
        assert head(served, 0) == 200
        before = served.hub.store.epoch
        served.hub.audit.flush()
        sleep(0.01)
        assert served.hub.store.epoch == before

    def test_while_it_is_written_nobody_is_asked(self, tmp_path: Path) -> None:
        """A transaction that lasts leaves the process blind, and it says so."""
        store = Store.embedded(tmp_path)
        assert store.hears
        done, begun = threading.Event(), threading.Event()

        def write() -> None:
            with store.log():
                begun.set()
                done.wait(10)

        thread = threading.Thread(target=write)
        thread.start()
        begun.wait(10)
        sleep(0.6)
        assert not store.hears
        with believing(waiting=True):
            assert [store.once.get(("one",), lambda at=at: at) for at in range(2)] == [0, 1]
        done.set()
        thread.join()
        assert store.hears
        store.close()

    def test_a_strangers_commit_is_a_change(self, tmp_path: Path) -> None:
        """Whatever another connection commits gives another epoch."""
        store = Store.embedded(tmp_path)
        before = store.epoch
        other = sqlite3.connect(tmp_path / "hub.sqlite")
        other.execute("CREATE TABLE another (x)")
        other.commit()
        other.close()
        sleep(0.01)
        assert store.epoch != before
        store.close()


def test_what_was_just_given_is_had_at_once(served: Served) -> None:
    """A refusal is made from what the database says now, whoever changed it."""
    assert [head(served, number, "pending") for number in range(2)] == [403, 403]
    other = served.another()
    other.grants.answer("acme/small", "pending", GrantStatus.ACCEPTED, by="acme", at=NOW)
    other.close()
    assert head(served, 2, "pending") == 200
    refused = [each for each in served.hub.audit.events("acme/small") if each.status == 403]
    assert len([each for each in refused if each.user == "pending"]) == 2


def test_only_who_says_so_believes() -> None:
    """What changes something reads anew, and what was believed is known of."""
    once = ReadOnce(lambda: 0, seconds=60)
    assert [once.get(("fact",), lambda at=at: at) for at in range(2)] == [0, 1]
    with believing(waiting=False):
        require_fresh()
        assert once.get(("fact",), lambda: 2) == 1
        with pytest.raises(NotAtHandError):
            require_fresh()
    require_fresh()
    assert once.get(("fact",), lambda: 3) == 3


@given(st.lists(st.sampled_from(("write", "read a", "read b", "deaf", "hear")), max_size=40))
def test_a_fact_is_that_of_the_present_state(steps: list[str]) -> None:
    """Whatever is written in between, what is read is what was written last."""
    state, hears = [0], [True]
    once = ReadOnce(lambda: state[0] if hears[0] else None, seconds=60)
    asked: list[int] = []
    with believing(waiting=True):
        for step in steps:
            if step == "write":
                state[0] += 1
            elif step in ("deaf", "hear"):
                hears[0] = step == "hear"
            else:
                assert once.get((step,), lambda: state[0]) == state[0]
        once.get(("last",), lambda: asked.append(1))
        once.get(("last",), lambda: asked.append(1))
    assert len(asked) == (1 if hears[0] else 2)


def test_a_fact_read_while_another_state_began_is_not_believed() -> None:
    """It was perhaps read before the change, so the next to ask reads it anew."""
    state, told = [0], []

    def read() -> int:
        told.append(state[0])
        state[0] = 1
        return told[-1]

    once = ReadOnce(lambda: state[0], seconds=60)
    with believing(waiting=True):
        assert [once.get(("fact",), read) for _ in range(3)] == [0, 1, 1]


def test_no_fact_is_believed_for_longer_than_was_said() -> None:
    """Where somebody may change rows unheard, they count in time."""
    once = ReadOnce(lambda: 0, seconds=0)
    with believing(waiting=True):
        assert [once.get(("fact",), lambda at=at: at) for at in range(3)] == [0, 1, 2]
