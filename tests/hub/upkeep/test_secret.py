"""A hub whose keys come from the operator's secret is looked after with that secret, by all verbs."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub_scale import scale_out
from hub_world import NOW, World
from openweir.cli.main import main
from openweir.hub.hub import Hub

SECRET = b"s" * 32
SIZES = [False, pytest.param(True, marks=pytest.mark.peer)]


@dataclass
class Site:
    """A hub that has a secret and an audit chain, closed; with what names its place to commands."""

    root: Path
    named: list[str]
    scale: bool

    def told(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
        """Run `openweir hub ...` on it."""
        capsys.readouterr()
        code = main(["hub", *words, *self.named, "--home", str(self.root / "home")])
        said = capsys.readouterr()
        return code, said.out, said.err


@pytest.fixture(params=SIZES, ids=["embedded", "scale"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A hub of either size that was used under its secret."""
    database, bucket = scale_out().fresh() if request.param else (None, None)
    (tmp_path / "hub.key").write_bytes(SECRET)
    monkeypatch.setenv("OPENWEIR_HUB_KEY", str(tmp_path / "hub.key"))
    world = World(tmp_path / "world")
    hub = Hub.open(
        tmp_path / "hub",
        trust=lambda: world.trust,
        register=world.root / "register",
        clock=lambda: NOW,
        database=database,
        blobs=bucket,
        secret=SECRET,
    )
    hub.accounts.add("acme", publisher=True, at=NOW)
    who = {"Authorization": f"Bearer {hub.accounts.new_token('acme', at=NOW)}"}
    with TestClient(Starlette(routes=hub.routes())) as client:
        made = client.post("/api/repos/create", json={"name": "draft"}, headers=who)
        assert made.is_success
        assert client.get("/api/models/acme/draft", headers=who).is_success
    hub.audit.flush()
    hub.close()
    named = ["--data", str(tmp_path / "hub")]
    if database is not None and bucket is not None:
        named += ["--database", database, "--blobs", bucket]
    return Site(tmp_path, named, request.param)


def test_fsck_verifies_the_chain_under_it(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """The key of the checkpoints is the one that the secret makes, and no other is made."""
    code, said, error = site.told(capsys, "fsck", "--deep", "--json")
    assert (code, json.loads(said)["faults"]) == (0, []), error
    assert not (site.root / "hub" / "audit.key").exists()


def test_nothing_is_opened_without_it(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgotten, or another one: a sentence and the way on, instead of keys of a second kind."""
    other = site.root / "other.key"
    other.write_bytes(b"o" * 32)
    for key, what in ((None, "now there is none"), (other, "another secret before")):
        monkeypatch.delenv("OPENWEIR_HUB_KEY")
        monkeypatch.setenv("OPENWEIR_HUB_KEY", "" if key is None else str(key))
        for words in (("fsck",), ("backup", "--to", str(site.root / "backup"))):
            code, _, error = site.told(capsys, *words)
            assert (code, what in error, "OPENWEIR_HUB_KEY" in error) == (2, True, True), error
    assert not (site.root / "backup" / "manifest.json").exists()


def test_a_backup_does_not_hold_it(
    site: Site, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the copy can sign nothing; who has the secret too makes the same hub of it."""
    backup = site.root / "backup"
    code, _, error = site.told(capsys, "backup", "--to", str(backup))
    assert code == 0, error
    (keys,) = backup.glob("keys-*.json")
    assert json.loads(keys.read_text()) == {"audit": ""}
    place = ["--data", str(site.root / "new"), "--home", str(site.root / "home")]
    if site.scale:
        database, bucket = scale_out().fresh()
        place += ["--database", database, "--blobs", bucket]
    monkeypatch.delenv("OPENWEIR_HUB_KEY")
    assert main(["hub", "restore", str(backup), *place]) == 2
    assert "a hub with a secret, and here is none" in capsys.readouterr().err
    assert not (site.root / "new").exists()
    monkeypatch.setenv("OPENWEIR_HUB_KEY", str(site.root / "hub.key"))
    assert main(["hub", "restore", str(backup), *place]) == 0
    assert main(["hub", "fsck", "--deep", *place]) == 0
    assert not (site.root / "new" / "audit.key").exists()
