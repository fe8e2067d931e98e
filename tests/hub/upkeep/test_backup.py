"""A backup holds one state of a hub that serves, and makes the same hub again, of either size."""

import json
import os
import random
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub_scale import scale_out
from hub_upkept import LARGE, ORPHAN, Upkept
from hub_world import FILES, NOW
from openweir.cli.main import main
from openweir.desk.hub_place import Place
from openweir.desk.hub_restore import restore_hub
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.audit import signing_key
from openweir.hub.hub import Hub
from openweir.hub.upkeep import BackedUp, Kept, backup, examine, turn

SIZES = [False, pytest.param(True, marks=pytest.mark.peer)]


@pytest.fixture(params=SIZES, ids=["embedded", "scale"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upkept]:
    """A hub of either size."""
    found = Upkept(tmp_path / "old", scale=request.param)
    yield found
    found.close()


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Upkept]:
    """An embedded hub, for what is the same code for both sizes."""
    found = Upkept(tmp_path / "old", scale=False)
    yield found
    found.close()


def backed_up(hub: Upkept, to: Path, **options: bool) -> BackedUp:
    """What `openweir hub backup` does."""
    kept = hub.kept
    key = signing_key(kept.data / "audit.key" if kept.embedded else None, kept.store)
    with turn(kept, alone=False):
        return backup(kept, to, at=NOW, version="test", key=key, **options)


def opened(hub: Upkept, place: Place) -> Hub:
    """A hub that serves what was restored."""
    return Hub.open(
        place.data,
        trust=hub.served.world.trust,
        register=hub.served.world.root / "register",
        clock=lambda: hub.served.now,
        database=place.database,
        blobs=place.blobs,
    )


@pytest.mark.parametrize("scale", SIZES, ids=["to-embedded", "to-scale"])
def test_a_restored_hub_is_the_same(hub: Upkept, scale: bool, tmp_path: Path) -> None:
    """It passes fsck to the last byte, serves the same bytes, knows the same tokens, and writes."""
    done = backed_up(hub, tmp_path / "backup")
    shared = scale_out().fresh() if scale else (None, None)
    place = Place(data=tmp_path / "new", database=shared[0], blobs=shared[1])
    restored = restore_hub(tmp_path / "backup", place, manifest_sha256=done.manifest_sha256)
    assert restored.examined.faults == ()
    again = opened(hub, place)
    kept = Kept(data=again.data, store=again.store, storage=again.storage, embedded=not scale)
    key = signing_key(again.data / "audit.key" if not scale else None, again.store)
    assert str(key.verifier) == done.manifest.audit_key == str(hub.served.hub.audit.verifier)
    assert examine(kept, at=NOW, key=key, deep=True).faults == ()
    client = TestClient(Starlette(routes=again.routes()))
    before = hub.served.hub.release("acme", "small")
    assert before is not None
    for path, content in FILES.items():
        answer = client.get(f"/acme/small/resolve/main/{path}")
        assert (answer.content, answer.headers["x-repo-commit"]) == (content, before.commit)
    headers = hub.served.headers("acme")
    assert client.get("/acme/draft/resolve/main/docs/n.txt", headers=headers).content == b"two"
    made = client.post("/api/repos/create", json={"name": "another"}, headers=headers)
    assert made.is_success
    again.close()
    client.close()


def test_the_second_backup_adds_what_is_new(hub: Upkept, tmp_path: Path) -> None:
    """Files that are there are not copied again; rows are those of the newer state."""
    first = backed_up(hub, tmp_path / "backup")
    assert first.new == first.manifest.blobs
    hub.upload(b"more" * 999)
    assert hub.commit({"more.bin": b"more" * 999}).is_success
    second = backed_up(hub, tmp_path / "backup")
    assert (second.new, second.new_bytes) == (1, 3996)
    assert second.manifest.rows["commits"] == first.manifest.rows["commits"] + 1
    place = Place(data=tmp_path / "new")
    assert restore_hub(tmp_path / "backup", place, manifest_sha256=None).examined.commits == 4
    with pytest.raises(HubError, match="not the one stated"):
        restore_hub(
            tmp_path / "backup",
            Place(data=tmp_path / "newer"),
            manifest_sha256=first.manifest_sha256,
        )


def test_no_secret_is_in_the_open(embedded: Upkept, tmp_path: Path) -> None:
    """Tokens are digests; the folder and its keys are its owner's; no key of links is in it."""
    import zstandard

    backed_up(embedded, tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o700
    (keys,) = (tmp_path / "backup").glob("keys-*.json")
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    (database,) = (tmp_path / "backup").glob("database-*.jsonl.zst")
    rows = zstandard.ZstdDecompressor().stream_reader(database.read_bytes()).read()
    for token in embedded.served.tokens.values():
        assert token.encode() not in rows
        assert sha256(token.encode()).encode() in rows
    assert b"link-key" not in rows
    assert b"PRIVATE" not in rows


def test_while_it_serves(hub: Upkept, tmp_path: Path) -> None:
    """Backups during uploads and commits are each whole: every restored one passes fsck."""
    stop, chance = threading.Event(), random.Random(3)

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            content = chance.randbytes(3000)
            hub.upload(content)
            hub.commit({f"{number}.bin": content}, text={f"{number}.txt": str(number)})

    thread = threading.Thread(target=write)
    thread.start()
    seen = []
    try:
        for number in range(2):
            backed_up(hub, tmp_path / "backup")
            place = Place(data=tmp_path / f"new-{number}")
            found = restore_hub(tmp_path / "backup", place, manifest_sha256=None).examined
            assert found.faults == ()
            seen.append(found.commits)
    finally:
        stop.set()
        thread.join()
    assert seen == sorted(seen)


@pytest.mark.parametrize("what", ["blob", "database", "manifest", "lost", "pipe"])
def test_a_damaged_backup_makes_no_hub(embedded: Upkept, what: str, tmp_path: Path) -> None:
    """One altered byte, a lost file, or one without end, is refused, and nothing is left where the hub would be."""
    folder = tmp_path / "backup"
    done = backed_up(embedded, folder)
    path = {
        "blob": folder / "blobs" / sha256(LARGE)[:2] / sha256(LARGE),
        "lost": folder / "blobs" / sha256(ORPHAN)[:2] / sha256(ORPHAN),
        "database": folder / done.manifest.database.file,
        "pipe": folder / done.manifest.plans.file,
        "manifest": folder / "openweir-backup.json",
    }[what]
    path.chmod(0o600)
    if what in ("lost", "pipe"):
        path.unlink()
        if what == "pipe":
            os.mkfifo(path)
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(HubError) as caught:
        restore_hub(folder, Place(data=tmp_path / "new"), manifest_sha256=done.manifest_sha256)
    assert caught.value.code in ("hub.backup", "hub.digest")
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".new.*"))


def test_only_into_an_empty_place(hub: Upkept, tmp_path: Path) -> None:
    """A folder with anything in it, or a hub's own database, is left alone."""
    done = backed_up(hub, tmp_path / "backup")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note").write_text("mine")
    place = Place(data=tmp_path / "full")
    if not hub.served.embedded:
        place = Place(
            data=tmp_path / "new", database=hub.served.shared[0], blobs=hub.served.shared[1]
        )
    with pytest.raises(HubError, match="empty place only"):
        restore_hub(tmp_path / "backup", place, manifest_sha256=done.manifest_sha256)
    assert (tmp_path / "full" / "note").read_text() == "mine"
    assert hub.examine().faults == ()


def test_what_the_hub_lost_is_said(embedded: Upkept, tmp_path: Path) -> None:
    """A file lost before the backup is named in it, and by fsck of the restored hub."""
    embedded.served.lose(sha256(LARGE))
    done = backed_up(embedded, tmp_path / "backup")
    assert done.manifest.missing == (sha256(LARGE),)
    place = Place(data=tmp_path / "new")
    found = restore_hub(tmp_path / "backup", place, manifest_sha256=None).examined
    assert {fault.sha256 for fault in found.faults} == {sha256(LARGE)}


def test_a_backup_of_an_earlier_revision_comes_forward(tmp_path: Path) -> None:
    """Its rows go into the tables they came from, and those are brought forward."""
    hub = Upkept(tmp_path / "old", scale=False)
    backed_up(hub, tmp_path / "backup")
    hub.close()
    path = tmp_path / "backup" / "openweir-backup.json"
    manifest = json.loads(path.read_text())
    for revision, good in (("0001", True), ("9999", False)):
        path.write_text(json.dumps(manifest | {"revision": revision}))
        place = Place(data=tmp_path / revision)
        if good:
            assert restore_hub(tmp_path / "backup", place, manifest_sha256=None).examined.ok
        else:
            with pytest.raises(HubError, match="a later version"):
                restore_hub(tmp_path / "backup", place, manifest_sha256=None)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Back up with links, lose the hub, restore, examine: four commands."""
    hub = Upkept(tmp_path / "old", scale=False)
    hub.close()
    if not hub.served.embedded:
        pytest.skip("links files of an embedded hub")
    data, to = str(tmp_path / "old" / "hub"), str(tmp_path / "backup")
    assert main(["hub", "backup", "--to", to, "--link", "--data", data, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["new"], told["missing"]) == (told["blobs"], [])
    blob = tmp_path / "backup" / "blobs" / sha256(LARGE)[:2] / sha256(LARGE)
    assert blob.stat().st_nlink == 2
    shutil.rmtree(data)
    assert blob.read_bytes() == LARGE
    words = ["hub", "restore", to, "--data", data]
    assert main([*words, "--manifest-sha256", "0" * 64]) == 2
    assert main([*words, "--manifest-sha256", told["manifest_sha256"]]) == 0
    assert "next: openweir serve --data" in capsys.readouterr().out
    assert main(["hub", "fsck", "--deep", "--data", data]) == 0
    assert main(["hub", "backup", "--to", data, "--data", data]) == 2
    assert "a hub's own folder" in capsys.readouterr().err


def test_a_backup_that_is_killed_leaves_the_one_before(tmp_path: Path) -> None:
    """Killed before the manifest: the folder restores to the state it held before."""
    hub = Upkept(tmp_path / "old", scale=False)
    done = backed_up(hub, tmp_path / "backup")
    hub.upload(b"more" * 999)
    hub.commit({"more.bin": b"more" * 999})
    hub.close()
    code = (
        "import os, signal, sys\n"
        "from openweir.hub.upkeep import backup as _, bundle\n"
        "room = sys.modules['openweir.hub.upkeep.backup']\n"
        "room.BackupManifest = lambda **_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from openweir.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    words = ["hub", "backup", "--to", str(tmp_path / "backup"), *hub.named]
    killed = subprocess.run((sys.executable, "-c", code, *words), check=False)
    assert killed.returncode == -9
    place = Place(data=tmp_path / "new")
    found = restore_hub(tmp_path / "backup", place, manifest_sha256=done.manifest_sha256)
    assert found.examined.ok
    assert found.examined.commits == 3
