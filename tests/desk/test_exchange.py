"""A case goes out in five forms and takes four in; its own words are never touched."""

import json
import tomllib

import pytest

from model_folder import CARD, small, write
from openweir.canonical import text
from openweir.cli.main import main
from openweir.desk.case import CaseFolder
from openweir.desk.declare import append
from openweir.desk.export import FORMS, export
from openweir.desk.import_ import import_file
from openweir.desk.init import init
from openweir.desk.inspect import inspect
from openweir.dossier import Certainty, Component, Estimate, Fact, Source
from openweir.errors import CaseError, UsageError

MOT = """\
framework: {name: Model Openness Framework, version: '1.0', date: '2024-12-15'}
release:
  name: Tiny
  producer: Acme
  huggingface: https://huggingface.co/acme/tiny
  license: {distribution: {name: Apache-2.0, path: ''}}
  components:
  - name: Model parameters (Final)
  - name: Datasets
    license: NO
"""
COMPONENTS = [
    ("Model parameters (Final)", "yes", "Apache-2.0"),
    ("Datasets", "yes", "NO"),
]


@pytest.fixture
def case(tmp_path):
    """Return an inspected case of a small model."""
    small(tmp_path / "model")
    init(tmp_path / "model", tmp_path / "case", name="acme/tiny", contact="a@acme.example")
    inspect(tmp_path / "case")
    return tmp_path / "case"


@pytest.fixture
def mot(tmp_path):
    """Return a MOT YAML."""
    write(tmp_path, {"Tiny.yml": MOT})
    return tmp_path / "Tiny.yml"


@pytest.mark.parametrize("form", sorted(FORMS))
def test_each_form_is_written_and_reads_the_same_twice(case, form):
    """The same case and day give the same bytes, in a file and by hand."""
    target = case.parent / f"out.{form}"
    written = export(case, form=form, output=target, as_of="2026-11-20")
    assert target.read_bytes() == written.data
    assert export(case, form=form, as_of="2026-11-20").data == written.data


def test_exports_ask_for_what_they_need(case, tmp_path):
    """An unknown form, a missing day, a bad day and a folder that is no case are errors."""
    with pytest.raises(UsageError, match="`word` is not a form") as caught:
        export(case, form="word")
    assert caught.value.code == "usage.form"
    with pytest.raises(UsageError, match="states the day") as caught:
        export(case, form="spdx3")
    assert caught.value.code == "usage.as-of"
    with pytest.raises(UsageError, match="today"):
        export(case, form="cyclonedx", as_of="today")
    with pytest.raises(CaseError, match="is not a case"):
        export(tmp_path, form="mot")


def test_a_case_begins_with_a_file(mot, tmp_path):
    """No case yet: one is begun under the name the file links; nothing is added twice."""
    first = import_file(mot, tmp_path / "new")
    assert (first.begun, first.name, first.form) == (True, "acme/tiny", "mot")
    assert [(c.name, c.present, c.licence) for c in first.components] == COMPONENTS
    stated = CaseFolder.open(tmp_path / "new").declaration()
    assert stated.facts == first.facts
    assert stated.components == first.components
    before = (tmp_path / "new" / "case.toml").read_bytes()
    second = import_file(mot, tmp_path / "new")
    assert (second.begun, second.facts, second.components, second.already) == (False, (), (), 3)
    assert (tmp_path / "new" / "case.toml").read_bytes() == before
    dossier = inspect(tmp_path / "new").dossier
    assert dossier.component("Datasets").licence == "NO"


def test_what_people_stated_stays(case, mot):
    """The old text is a prefix of the new one; a component that is stated already is named."""
    own = Component(name="Datasets", present="no", certainty=Certainty.DECLARED)
    append(case, (), (own,))
    before = (case / "case.toml").read_bytes()
    found = import_file(mot, case)
    assert (case / "case.toml").read_bytes().startswith(before)
    assert [(item.what, item.why) for item in found.left_out if item.what == "Datasets"] == [
        ("Datasets", "case.toml states it already")
    ]
    assert own in CaseFolder.open(case).declaration().components


def test_another_release_is_noticed(tmp_path, mot):
    """A file that links another release than the case is taken, and said."""
    found = import_file(mot, tmp_path / "new", name="acme/other")
    assert any("the file links `acme/tiny`" in item.why for item in found.left_out)


def test_a_new_case_needs_a_name(tmp_path):
    """A card links nothing, so the user has to say what it is of; a case keeps its name."""
    write(tmp_path, {"README.md": CARD})
    with pytest.raises(UsageError, match="names no release on a hub") as caught:
        import_file(tmp_path / "README.md", tmp_path / "new")
    assert "--name" in caught.value.hint
    assert not (tmp_path / "new").exists()
    import_file(tmp_path / "README.md", tmp_path / "new", name="acme/tiny")
    with pytest.raises(UsageError, match="a case has its name already"):
        import_file(tmp_path / "README.md", tmp_path / "new", name="acme/b")


def test_what_cannot_be_read_is_refused(tmp_path, case):
    """A missing file and a folder are errors in words."""
    for name in ("none.yml", "case"):
        with pytest.raises(UsageError) as caught:
            import_file(tmp_path / name, case)
        assert caught.value.code == "usage.unreadable"


def test_a_case_that_cannot_take_more_is_left_as_it_was(tmp_path, mot):
    """Facts as one inline list cannot be added to: an error, and the file is untouched."""
    body = b'fact = []\n[release]\nname = "acme/tiny"\n'
    write(tmp_path, {"c/case.toml": body})
    with pytest.raises(CaseError, match="not valid TOML"):
        import_file(mot, tmp_path / "c")
    assert (tmp_path / "c" / "case.toml").read_bytes() == body


@pytest.mark.parametrize(
    "value",
    [
        "a \"b\" \\ ''' \n]]\n[release]\u202e",
        ("", "x\x7f\x00"),
        True,
        Estimate.exactly(10**25),
    ],
)
def test_any_value_comes_back_as_it_went(case, value):
    """What is written into case.toml reads back the same and breaks out of nothing."""
    fact = Fact(
        predicate="licence",
        value=value,
        unit="FLOP" if isinstance(value, Estimate) else None,
        source=Source(kind="publication", ref='x"\n[hold]', sha256="0" * 64, locator="#1"),
        method="stated",
        certainty=Certainty.SECONDARY,
        observed_on="2026-11-20",
    )
    before = CaseFolder.open(case).declaration()
    after = append(case, (fact,), ())
    # Facts of the [[fact]] tables come first, then what [release] states.
    assert fact in after.facts
    assert len(after.facts) == len(before.facts) + 1
    assert set(tomllib.loads((case / "case.toml").read_text())) == {"release", "fact"}


def test_the_commands_speak_json(case, mot, tmp_path, capsysbinary):
    """`import` and `export` answer with one canonical object and exit code 0."""
    assert main(["import", str(mot), "--case", str(tmp_path / "n"), "--json"]) == 0
    printed = capsysbinary.readouterr().out
    found = json.loads(printed)
    assert text(found) == printed
    assert found["next"] == f"openweir inspect {tmp_path / 'n'}"
    assert [row["name"] for row in found["components"]] == [name for name, _, _ in COMPONENTS]
    assert main(["export", str(case), "--to", "hf-card", "--json"]) == 0
    found = json.loads(capsysbinary.readouterr().out)
    assert found["text"].startswith('---\nlicense: "apache-2.0"\n')
    assert {item["what"] for item in found["left_out"]} == {"language", "library_name"}


def test_the_commands_speak_plainly(case, mot, tmp_path, capsysbinary):
    """The document goes to standard output, what is not in it to standard error."""
    assert main(["export", str(case), "--to", "mot"]) == 0
    out, err = capsysbinary.readouterr()
    assert out.startswith(b"framework:\n")
    assert b"left out Tokenizer: no component of the framework" in err
    assert main(["export", str(case), "--to", "osai", "--output", str(tmp_path / "o.yaml")]) == 0
    out, _ = capsysbinary.readouterr()
    assert b"weights_endmodel.class: a person has to judge it" in out
    assert main(["import", str(mot), "--case", str(tmp_path / "n")]) == 0
    out, _ = capsysbinary.readouterr()
    assert out.splitlines()[0].endswith(b"(acme/tiny): mot, Tiny")
    assert b"  Datasets: yes, NO  (secondary)" in out
    assert main(["export", str(case), "--to", "spdx3"]) == 2
