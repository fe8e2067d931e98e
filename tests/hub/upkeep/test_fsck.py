"""fsck names each fault of a hub, and none of a whole one."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from hub_upkept import LARGE, ORPHAN, Upkept
from hub_world import FILES
from openweir.cli.main import main
from openweir.digest import sha256
from openweir.hub import schema


@pytest.fixture(
    params=[False, pytest.param(True, marks=pytest.mark.peer)], ids=["embedded", "scale"]
)
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upkept]:
    """A hub of either size."""
    found = Upkept(tmp_path, scale=request.param)
    yield found
    found.close()


def change(hub: Upkept, statement) -> None:
    """Alter the database behind the hub's back."""
    with hub.served.hub.store.engine.begin() as connection:
        assert connection.execute(statement).rowcount


def test_a_whole_hub_has_no_fault(hub: Upkept) -> None:
    """Everything is counted, every byte read; an upload without a commit is no fault."""
    found = hub.examine(deep=True)
    assert found.faults == ()
    assert (found.repositories, found.commits, found.releases) == (1, 3, 1)
    assert found.hashed == found.blobs
    assert found.events >= 1
    assert (found.left.unnamed, found.left.publications, found.left.writes) == (0, 0, 0)


def test_missing_bytes_are_named_by_the_file(hub: Upkept) -> None:
    """A lost blob is named by repository and file, for draft, history, release and upload."""
    for content in (LARGE, ORPHAN, FILES["model.safetensors"]):
        hub.served.lose(sha256(content))
    found = hub.examine()
    assert {fault.code for fault in found.faults} == {"blob"}
    assert {fault.where.partition("@")[0] for fault in found.faults} == {
        "acme/draft: w.bin",
        "uploads of acme",
        "acme/small",
    }
    assert all(fault.hint for fault in found.faults)


def test_altered_bytes_show_when_they_are_read(hub: Upkept) -> None:
    """One flipped byte of the same size passes the quick look and not the deep one."""
    hub.served.flip(sha256(LARGE), 77)
    assert hub.examine().ok
    (fault,) = hub.examine(deep=True).faults
    assert (fault.code, fault.sha256) == ("altered", sha256(LARGE))


def test_broken_rows_are_named(hub: Upkept) -> None:
    """A reference to nothing, a lost commit, an altered folder, an altered event."""
    commits, trees, events = schema.commits, schema.trees, schema.events
    with hub.served.hub.store.engine.connect() as connection:
        first = connection.execute(select(commits.c.oid).where(commits.c.parent.is_(None))).scalar()
    change(hub, update(schema.refs).values(commit_id="0" * 40))
    change(hub, delete(commits).where(commits.c.oid == first))
    change(hub, update(trees).where(trees.c.name == "w.bin").values(name="v.bin"))
    change(hub, update(events).where(events.c.seq == 1).values(body="{}"))
    codes = [fault.code for fault in hub.examine().faults]
    assert set(codes) == {"reference", "commit", "folder", "audit"}


def test_what_is_left_is_listed(hub: Upkept) -> None:
    """Publications under way, parts and half writes are counted and are no faults."""
    served = hub.served
    signed = served.world.release("acme/other")
    path = "/api/openweir/publications"
    opened = served.client.post(path, content=signed.manifest(), headers=served.headers("acme"))
    assert opened.status_code == 200
    writer = served.hub.storage.writer("parts/" + "a" * 32 + "/1")
    writer.write(b"x")
    writer.keep()
    found = hub.examine()
    assert found.ok
    assert (found.left.publications, found.left.parts) == (1, 1)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 0 for a whole hub; exit 1 with each fault and the next step for another."""
    hub = Upkept(tmp_path, scale=False)
    hub.close()
    words = ["hub", "fsck", "--deep", *hub.named]
    assert main(words) == 0
    assert "the hub is whole" in capsys.readouterr().out
    hub.served.hub.storage.delete(hub.served.hub.blobs.key(sha256(LARGE)))
    assert main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["faults"][0]["code"]) == (False, "blob")
    assert main(words) == 1
    shown = capsys.readouterr().out
    assert "acme/draft: w.bin" in shown
    assert "next: have a member upload the file again" in shown
    assert main(["hub", "fsck", "--data", str(tmp_path / "none")]) == 2
    assert "there is no hub" in capsys.readouterr().err
