"""`openweir watch`: what is due, told in words and JSON, with exit codes."""

import json

import pytest

from decisions import decision, dossier, fact
from openweir.cli.main import main
from openweir.digest import sha256
from openweir.watch import Advisory, Affected


@pytest.fixture
def case(tmp_path):
    """A decided case."""
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.toml").write_text('[release]\nname = "acme/tiny"\n')
    about = dossier(fact("base-model", ("acme/base",))).to_bytes()
    (folder / "dossier.json").write_bytes(about)
    made = decision(inputs=(("dossier.json", sha256(about)),))
    (folder / "decision.json").write_bytes(made.to_bytes())
    return folder


def write_advisory(folder, **affected):
    """One advisory in a folder."""
    folder.mkdir(exist_ok=True)
    advisory = Advisory(
        id="x_OPENWEIR-1",
        modified="2026-12-01T00:00:00Z",
        summary="The filter comes off.",
        affected=(Affected(**affected),),
    )
    (folder / "one.json").write_bytes(advisory.to_bytes())
    return folder


def test_nothing_due(case, capsys):
    """A fresh decision exits 0 and says until when."""
    assert main(["watch", str(case), "--as-of", "2026-12-01"]) == 0
    assert capsys.readouterr().out == (
        "acme/tiny: gated-weights, as of 2026-12-01\n  nothing is due before 2027-03-01\n"
    )


def test_expired(case, capsys):
    """An expired decision exits 1 with the next step."""
    assert main(["watch", str(case), "--as-of", "2027-03-02"]) == 1
    assert capsys.readouterr().out == (
        "acme/tiny: gated-weights, as of 2027-03-02\n"
        "  expired: the decision ended on 2027-03-01: hubs serve nothing under it\n"
        "    next: openweir decide CASE\n"
    )


def test_changed(case, capsys):
    """Evidence put in after the decision is a reason to decide again."""
    (case / "plan.json").write_text("{}")
    assert main(["watch", str(case), "--as-of", "2026-12-01", "--json"]) == 1
    (due,) = json.loads(capsys.readouterr().out)["due"]
    assert due["kind"] == "changed"
    assert "plan.json" in due["sentence"]


def test_advisory_of_a_parent(case, tmp_path, capsys):
    """A flaw of the parent reaches the child, and the levers of its tier are told."""
    folder = write_advisory(
        tmp_path / "advisories", repository="https://hub.example/acme/base", introduced=("0",)
    )
    words = ["watch", str(case), "--as-of", "2026-12-01", "--advisories", str(folder)]
    assert main(words) == 1
    text = capsys.readouterr().out
    assert "advisory x_OPENWEIR-1: possibly affected" in text
    assert "stop new grants" in text
    assert "recall" not in text
    assert main([*words, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["advisories"][0]["by"] == "parent"
    assert found["levers"]


def test_advisory_about_others(case, tmp_path, capsys):
    """An advisory about another model is read and changes nothing."""
    folder = write_advisory(
        tmp_path / "advisories", repository="https://hub.example/acme/other", introduced=("0",)
    )
    words = ["watch", str(case), "--as-of", "2026-12-01", "--advisories", str(folder)]
    assert main(words) == 0
    assert "1 advisories read" in capsys.readouterr().out


@pytest.mark.parametrize("data", [b"{", b'{"id": 1}', b"\xff"])
def test_a_malformed_advisory_is_one_line(case, tmp_path, capsys, data):
    """Nothing is passed over in silence: a file that cannot be read is an error."""
    folder = write_advisory(tmp_path / "advisories", files=("b" * 64,))
    (folder / "bad.json").write_bytes(data)
    assert main(["watch", str(case), "--advisories", str(folder)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "bad.json" in error


def test_no_decision_yet(case, capsys):
    """A case that was not decided names the command that decides it."""
    (case / "decision.json").unlink()
    assert main(["watch", str(case)]) == 2
    assert "openweir decide" in capsys.readouterr().err


def test_no_folder_of_advisories(case, capsys):
    """A folder that is not there is an error, not an empty answer."""
    assert main(["watch", str(case), "--advisories", str(case / "none")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_broken_evidence_hides_no_expiry(case, capsys):
    """A file nobody can read is told as a change; the expiry is told all the same."""
    (case / "evidence").mkdir()
    (case / "evidence" / "one.json").write_bytes(b"\xff")
    assert main(["watch", str(case), "--as-of", "2027-03-02", "--json"]) == 1
    kinds = [item["kind"] for item in json.loads(capsys.readouterr().out)["due"]]
    assert kinds == ["expired", "changed"]
