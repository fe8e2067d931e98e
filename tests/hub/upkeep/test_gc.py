"""gc lets go of what nothing names, and of nothing else, whoever uploads meanwhile."""

import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub_upkept import LARGE, ORPHAN, Upkept
from hub_world import FILES
from openweir.cli.main import main
from openweir.desk.clock import now
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.upkeep import turn

OLD = timedelta(days=30)


@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.peer)], ids=["embedded", "scale"]
)
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upkept]:
    """A hub of either size."""
    found = Upkept(tmp_path, scale=request.param)
    yield found
    found.close()


def later(days: int) -> datetime:
    """That many days from now, as files see it."""
    return now() + timedelta(days=days)


def digests(hub: Upkept) -> set[str]:
    """The blobs that are stored."""
    return set(hub.served.kept("blobs/"))


def test_only_old_and_unnamed_bytes_go(hub: Upkept) -> None:
    """The upload without a commit goes when it is old; release, draft and history stay."""
    before = digests(hub)
    assert hub.collect(later(20), older_than=OLD).blobs == ()
    assert hub.collect(later(40), older_than=OLD, dry_run=True).blobs == (
        (sha256(ORPHAN), len(ORPHAN)),
    )
    assert digests(hub) == before
    found = hub.collect(later(40), older_than=OLD)
    assert found.freed_bytes == len(ORPHAN)
    assert before - digests(hub) == {sha256(ORPHAN)}
    assert hub.examine(deep=True).faults == ()
    answer = hub.served.client.get("/acme/small/resolve/main/model.safetensors")
    assert answer.content == FILES["model.safetensors"]


def test_what_went_can_come_again(hub: Upkept) -> None:
    """A commit that counts on bytes let go is refused; sent again, they are taken."""
    hub.collect(later(40), older_than=OLD)
    refused = hub.commit({"o.bin": ORPHAN})
    assert (refused.status_code, refused.json()["code"]) == (400, "hub.not-held")
    assert hub.upload(ORPHAN)
    assert hub.commit({"o.bin": ORPHAN}).status_code == 200
    assert hub.collect(later(40), older_than=OLD).blobs == ()
    assert hub.examine(deep=True).faults == ()


def test_a_deleted_repository_leaves_its_bytes_to_go(hub: Upkept) -> None:
    """Once the repository is gone nothing names its files; the release's own stay."""
    client, headers = hub.served.client, hub.served.headers("acme")
    gone = client.request("DELETE", "/api/repos/delete", json={"name": "draft"}, headers=headers)
    assert gone.is_success
    found = {digest for digest, _ in hub.collect(later(40), older_than=OLD).blobs}
    assert {sha256(LARGE), sha256(ORPHAN)} <= found
    assert hub.examine(deep=True).faults == ()


def test_left_uploads_and_ended_tokens_go(hub: Upkept) -> None:
    """Publications, parts and half writes that were left; tokens and logins that ended."""
    served = hub.served
    signed = served.world.release("acme/other")
    served.client.post(
        "/api/openweir/publications", content=signed.manifest(), headers=served.headers("acme")
    )
    writer = served.hub.storage.writer("parts/" + "a" * 32 + "/1")
    writer.write(b"x")
    writer.keep()
    half = served.hub.storage.writer("blobs/ab/half")
    half.write(b"y" * 65 * 1024 * 1024)
    served.hub.accounts.revoke_tokens("ended", at=served.now)
    served.hub.logins.ask("client", at=served.now)
    found = hub.collect(later(40), older_than=OLD)
    assert (found.uploads, found.writes, found.tokens, found.logins) == (2, 1, 1, 1)
    half.drop()
    left = hub.examine().left
    assert (left.publications, left.parts, left.writes) == (0, 0, 0)
    assert served.client.get("/api/whoami-v2", headers=served.headers("acme")).is_success


@pytest.mark.parametrize("when", ["names", "bytes", "last"])
def test_bytes_that_come_while_gc_looks_stay(
    hub: Upkept, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent anew as gc drops the names, before the bytes, and after its last look: kept or refused.

    The upload runs in a thread, since it may have to wait until gc has let go.
    """
    room = sys.modules["openweir.hub.upkeep.collect"]
    real, delete, looks = room.named_by_any, hub.served.hub.storage.delete, []
    outcome: list[object] = []

    def upload() -> None:
        try:
            at = hub.served.now + timedelta(days=40)
            hub.served.hub.workspace.possession.record("ann", sha256(ORPHAN), len(ORPHAN), at=at)
            outcome.append("held")
        except HubError as error:
            outcome.append(error.code)

    thread = threading.Thread(target=upload)

    def meanwhile() -> None:
        thread.start()
        thread.join(timeout=0.5)

    def look_again(connection, some):
        looks.append(1)
        if len(looks) == ["names", "bytes"].index(when) + 1:
            meanwhile()
        return real(connection, some)

    def let_go(key: str) -> None:
        if key.endswith(sha256(ORPHAN)):
            meanwhile()
        delete(key)

    if when == "last":
        monkeypatch.setattr(hub.served.hub.storage, "delete", let_go)
    else:
        monkeypatch.setattr(room, "named_by_any", look_again)
    hub.collect(later(40), older_than=OLD)
    thread.join(timeout=30)
    assert outcome in (["held"], ["hub.out-of-reach"])
    held = hub.served.hub.workspace.possession.held("ann", (sha256(ORPHAN),))
    assert bool(held) == (outcome == ["held"]) == (sha256(ORPHAN) in digests(hub))
    assert hub.examine(deep=True).faults == ()


def test_uploads_and_gc_at_full_speed_leave_nothing_dangling(hub: Upkept) -> None:
    """Everything counts as old and six clients send the same bytes: nothing names lost bytes."""
    stop = threading.Event()
    contents = [bytes([number]) * 4000 for number in range(3)]
    taken, refused = [], []

    def client(number: int) -> None:
        while not stop.is_set():
            content = contents[number % 3]
            try:
                hub.upload(content)
            except AssertionError as error:
                # By this clock what is being written was left long ago, too.
                honest = "let go" in str(error) or "cannot store" in str(error)
                refused.append(503 if honest else str(error))
                continue
            answer = hub.commit({f"{number}-{len(taken)}.bin": content}, delete=())
            (taken if answer.status_code == 200 else refused).append(answer.status_code)
            hub.commit({}, delete=[f"{number}.bin"])
            if answer.status_code == 200:
                return

    def sweep() -> None:
        for _ in range(12):
            hub.collect(later(4000), older_than=timedelta(days=1))
        stop.set()

    with ThreadPoolExecutor(7) as pool:
        running = [pool.submit(client, number) for number in range(6)]
        sweep()
        for one in running:
            one.result()
    assert set(taken) <= {200}
    assert set(refused) <= {400, 503}
    assert hub.examine(deep=True).faults == ()


def test_one_at_a_time(hub: Upkept) -> None:
    """While something reads, gc is refused; those that read go side by side."""
    with turn(hub.kept, alone=False), turn(hub.kept, alone=False):
        with pytest.raises(HubError) as caught:
            hub.collect(later(40), older_than=OLD)
        assert caught.value.code == "hub.upkeep"
    hub.collect(later(40), older_than=OLD)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`openweir hub gc` says what goes; less than a day is refused."""
    hub = Upkept(tmp_path, scale=False)
    hub.close()
    words = ["hub", "gc", *hub.named]
    assert main([*words, "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["dry_run"], found["blobs"], found["freed_bytes"]) == (True, [], 0)
    assert main([*words, "--older-than", "0"]) == 2
    assert "from 1 to 3650 days" in capsys.readouterr().err
    assert main(words) == 0
    assert "next: openweir hub fsck" in capsys.readouterr().out
