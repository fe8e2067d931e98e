"""`openweir document`: a summary in a file, in text and in JSON."""

import json

import pytest

from decisions import decision, dossier
from openweir.cli.main import main


@pytest.fixture
def case(tmp_path):
    """A decided case."""
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.toml").write_text('[release]\nname = "acme/tiny"\n')
    (folder / "dossier.json").write_bytes(dossier().to_bytes())
    (folder / "decision.json").write_bytes(decision().to_bytes())
    return folder


def test_prints_markdown(case, capsys):
    """Without a file the summary goes to standard output."""
    assert main(["document", str(case)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("# acme/tiny: release summary\n")
    assert "Tier: gated-weights." in text


def test_writes_a_file(case, tmp_path, capsys):
    """With a file the same bytes go there, twice the same."""
    target = tmp_path / "SUMMARY.md"
    words = ["document", str(case), "--form", "release-summary", "--output", str(target)]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith(f"wrote {target}\n")
    first = target.read_bytes()
    assert main(words) == 0
    assert target.read_bytes() == first


def test_json_names_every_source(case, capsys):
    """Each sentence points to what it rests on."""
    assert main(["document", str(case), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    numbers = range(len(found["sources"]))
    for section in found["sections"]:
        for sentence in section["sentences"]:
            assert sentence["sources"]
            assert set(sentence["sources"]) <= set(numbers)


def test_unknown_form(case, capsys):
    """A form nobody wrote is an error that names those there are."""
    assert main(["document", str(case), "--form", "poem"]) == 2
    assert "`poem` is not a form (hint: one of release-summary)" in capsys.readouterr().err


def test_undecided_case(case, capsys):
    """A case that was not decided names the command that decides it."""
    (case / "decision.json").unlink()
    assert main(["document", str(case)]) == 2
    assert "openweir decide" in capsys.readouterr().err
