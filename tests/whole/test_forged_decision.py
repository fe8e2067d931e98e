"""A signature does not make a decision right: whoever relies on one decides again."""

import json
import shutil

import pytest

from openweir.cli.main import main
from openweir.desk import clock
from openweir.desk.demo import build_model
from openweir.desk.home import Home
from openweir.desk.pack import pack_files
from openweir.desk.register import append
from openweir.desk.sign import sign


@pytest.fixture
def case(tmp_path, monkeypatch, capsys):
    """Return a decided case of the demonstration's model: sealed, since nothing was shown."""
    monkeypatch.setenv("OPENWEIR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    build_model(tmp_path / "model")
    assert main(["init", "model", "--case", "case", "--contact", "a@velmar.example"]) == 0
    assert main(["inspect", "case"]) == 0
    assert main(["decide", "case"]) == 0
    assert main(["keys", "new", "ada"]) == 0
    capsys.readouterr()
    return tmp_path / "case"


def forge(case, **changes):
    """Rewrite decision.json by hand."""
    path = case / "decision.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **changes}), encoding="utf-8")


def open_weights(case):
    """Return what makes the decision say that everything is open."""
    found = json.loads((case / "decision.json").read_bytes())
    components = [{**part, "tier": "open-weights"} for part in found["components"]]
    return {"tier": "open-weights", "effective_tier": "open-weights", "components": components}


def test_a_forged_tier_is_not_signed(case, capsys):
    """`sign` decides again and refuses what the case does not say."""
    forge(case, **open_weights(case))
    assert main(["sign", "case", "--key", "ada"]) == 2
    assert "its files give sealed, not open-weights" in capsys.readouterr().err


def test_a_forged_dossier_is_not_signed(case, capsys):
    """A fact written into dossier.json by hand is not what the files say."""
    path = case / "dossier.json"
    forged = path.read_text(encoding="utf-8").replace('"value": "biology"', '"value": "none"')
    assert forged != path.read_text(encoding="utf-8")
    path.write_text(forged, encoding="utf-8")
    assert main(["decide", "case"]) == 0
    assert main(["sign", "case", "--key", "ada"]) == 2
    assert "dossier.json is not what `openweir inspect` reads" in capsys.readouterr().err


@pytest.mark.parametrize("fewer", [True, False])
def test_a_forged_decision_is_not_verified(case, capsys, monkeypatch, fewer):
    """Signed and logged by another tool, it still fails the check `policy`."""
    approvals = {"signatures": 1, "roles": ["developer"]}
    forge(case, **open_weights(case), **({"approvals": approvals} if fewer else {}))
    home = Home.find()
    # Another tool need not refuse what ours does.
    monkeypatch.setattr("openweir.desk.sign._require_decided", lambda *_: None)
    sign(case, "ada", home=home, at=clock.now())
    append(case, register=home.register, home=home, at=clock.now())
    capsys.readouterr()
    assert main(["verify", "case", "--json"]) == 1
    checks = {item["name"]: item for item in json.loads(capsys.readouterr().out)["checks"]}
    assert not checks["policy"]["ok"]
    assert "its files give sealed, not open-weights" in checks["policy"]["detail"]


def test_a_pack_that_borrows_a_name_is_another_policy(case, tmp_path, capsys):
    """A private pack with the baseline's id and version is known by its digest."""
    for name, data in pack_files("openweir-baseline").items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_bytes(data)
    pack = tmp_path / "pack" / "policy.toml"
    lines = pack.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if '{ fact = "specialised-domain"' not in line]
    assert len(kept) < len(lines)
    pack.write_text("\n".join(kept) + "\n", encoding="utf-8")
    assert main(["decide", "case", "--policy", "pack"]) == 0
    assert "open-weights" in capsys.readouterr().out.splitlines()[0]
    assert main(["sign", "case", "--key", "ada"]) == 2
    assert "is not among the accepted policies" in capsys.readouterr().err
    assert main(["sign", "case", "--key", "ada", "--policy", "pack"]) == 0
    assert main(["register", "append", "case"]) == 0
    capsys.readouterr()
    assert main(["verify", "case"]) == 1
    assert "is not among the accepted policies" in capsys.readouterr().out
    assert main(["verify", "case", "--policy", "pack"]) == 0
    shutil.rmtree(tmp_path / "pack")
