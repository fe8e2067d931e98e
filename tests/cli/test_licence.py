"""`openweir licence` as a command."""

import json

import pytest

from model_folder import small, write
from openweir.cli.main import main
from openweir.dossier.licence import PREDICATES
from openweir.dossier.licence.pack import read_text


@pytest.fixture
def mit(tmp_path):
    """Return a LICENSE file that is MIT, word for word."""
    path = tmp_path / "LICENSE"
    path.write_text(
        "MIT License\n\nCopyright (c) 2026 Acme\n\n" + read_text("mit"), encoding="utf-8"
    )
    return path


def said(capfd, *words):
    """Run the command with --json and return (exit code, what it says)."""
    code = main(["licence", *map(str, words), "--json"])
    return code, json.loads(capfd.readouterr().out)


def test_an_exact_text(mit, capfd):
    """Verdict, identifier, every question with its clause."""
    code, found = said(capfd, mit, "--expect", "MIT")
    assert code == 0
    assert (found["verdict"], found["id"], found["text"], found["kind"]) == (
        "exact",
        "MIT",
        "mit",
        "text",
    )
    assert set(found["terms"]["MIT"]) == set(PREDICATES)
    assert found["terms"]["MIT"]["modify"]["clause"] == "first paragraph"
    assert found["terms_hold"] is True
    assert found["conditions"] == []
    assert len(found["pack_sha256"]) == 64


def test_a_changed_text(mit, capfd):
    """The residue is shown, and the terms of the original are said not to hold."""
    mit.write_text(mit.read_text(encoding="utf-8") + "Not for companies.\n", encoding="utf-8")
    code, found = said(capfd, mit, "--expect", "MIT")
    assert code == 1
    assert (found["verdict"], found["terms_hold"]) == ("modified", False)
    assert found["parts"][0]["residue"][0]["added"] == "Not for companies"
    assert main(["licence", str(mit)]) == 0
    shown = capfd.readouterr().out
    for words in (
        "MIT, modified",
        "+ Not for companies",
        "which this text is not",
        "next: read what",
    ):
        assert words in shown


def test_a_folder(tmp_path, capfd):
    """What the card declares, what each text is, and where they part."""
    folder = write(small(tmp_path / "m"), {"LICENSE": read_text("cc-by-nc-4.0")})
    code, found = said(capfd, folder)
    assert (code, found["declared"], found["verdict"]) == (0, "apache-2.0", "exact")
    assert [file["path"] for file in found["files"]] == ["LICENSE"]
    assert "word for word CC-BY-NC-4.0" in found["contradictions"][0]
    assert found["coverage"][0]["licence"] == "exact CC-BY-NC-4.0"
    assert said(capfd, folder, "--expect", "CC-BY-NC-4.0")[0] == 1
    assert main(["licence", str(folder)]) == 0
    assert "contradiction: README.md says `apache-2.0`" in capfd.readouterr().out


def test_a_name(capfd):
    """A name has terms and no text; a family has neither."""
    code, found = said(capfd, "llama3.1")
    assert (code, found["verdict"], found["id"]) == (0, "declared-only", "llama-3.1-license-2024")
    code, found = said(capfd, "gemma")
    assert (found["verdict"], found["family"], found["id"]) == ("family", "gemma", None)
    assert main(["licence", "llama3.1"]) == 0
    assert "above 700 million monthly active users" in capfd.readouterr().out


def test_parents(mit, capfd):
    """A conflict is exit code 1, with the parent's clause; none is 0."""
    code, found = said(capfd, mit, "--parent", "CC-BY-NC-4.0")
    assert code == 1
    assert found["conflicts"][0]["kind"] == "conflict"
    assert found["conflicts"][0]["clause"] == "2(a)(1)"
    assert said(capfd, mit, "--parent", "apache-2.0")[0] == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["Apachee-2.0"], "usage.no-licence"),
        (["{mit}", "--parent", "gemma"], "dossier.parent-licence"),
        (["gemma", "--parent", "mit"], "dossier.licence-unknown"),
    ],
)
def test_what_is_not_known_is_an_error_with_a_next_step(words, code, mit, capfd):
    """Exit code 2, a code, and a sentence without a traceback."""
    assert main(["licence", *(word.format(mit=mit) for word in words), "--json"]) == 2
    streams = capfd.readouterr()
    assert json.loads(streams.out)["error"]["code"] == code
    assert "Traceback" not in streams.err


def test_a_huge_file_is_refused(tmp_path, capfd):
    """No licence is longer than a mebibyte."""
    path = tmp_path / "LICENSE"
    path.write_bytes(b"a " * 600_000)
    assert main(["licence", str(path), "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "usage.too-long"
