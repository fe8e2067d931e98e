"""MOT's form in and out: the schema is met, the class survives, hostile YAML is refused."""

import json

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openweir.dossier import Certainty, Component, Dossier
from openweir.dossier.openness import class_release, mof_rules, mot_yaml, subject_from_dossier
from openweir.dossier.openness import read_yaml as reader
from openweir.dossier.openness.from_mot import release_from_mot, release_from_mot_yaml
from openweir.dossier.openness.read_yaml import MAX_BYTES, read_yaml
from openweir.errors import DossierError
from shared_data import shared

MOT = mof_rules("mof-1.0/mot")


def valid(data):
    """Check bytes against MOT's schema; return the document."""
    document = read_yaml(data)
    jsonschema.validate(document, json.loads(shared("mot/mof_schema.json").read_bytes()))
    return document


def test_every_model_goes_out_and_comes_back():
    """273 of 273 pass the schema on the way out and class the same when read again."""
    count = 0
    for path in sorted(shared("mot/models").glob("*.yml")):
        release = release_from_mot_yaml(path.read_bytes())
        data = mot_yaml(release)
        valid(data)
        again = release_from_mot_yaml(data)
        assert class_release(again, MOT) == class_release(release, MOT), path.name
        assert mot_yaml(again) == data
        count += 1
    assert count == 273


def test_dossier_goes_out():
    """A dossier's components with their licences pass the schema and class the same."""
    dossier = Dossier(
        name="acme/tiny",
        release_sha256=None,
        model_sha256=None,
        components=(
            Component(name="Model parameters (Final)", present="yes", licence="Apache-2.0"),
            Component(name="Model card", present="yes", licence=None),
            Component(name="Datasets", present="no", licence="MIT", certainty=Certainty.DECLARED),
            Component(name="Tokenizer", present="yes", licence="MIT"),
        ),
    )
    release = subject_from_dossier(dossier).release
    document = valid(mot_yaml(release))
    assert document["release"]["producer"] == "acme"
    assert [row["name"] for row in document["release"]["components"]] == [
        "Model parameters (Final)",
        "Model card",
    ]
    found = class_release(release, MOT)
    assert class_release(release_from_mot(document), MOT) == found
    statuses = {row.component.name: row.status for row in found.standings}
    assert (statuses["Model card"], statuses["Datasets"]) == ("unlicensed", "missing")


def test_words_outside_the_schema_are_left_out():
    """A type, architecture or date the schema does not take is not written."""
    release = release_from_mot(
        {"name": "a/b", "type": "hologram", "date": "soon", "producer": "NO", "components": []}
    )
    document = valid(mot_yaml(release))
    assert document["release"] == {
        "name": "a/b",
        "producer": "NO",
        "license": {},
        "components": [],
    }


def test_nameless_release():
    """MOT asks for a name."""
    with pytest.raises(DossierError, match="asks for the release's name") as found:
        mot_yaml(release_from_mot({"components": []}))
    assert found.value.code == "dossier.mot-name"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40))
def test_text_survives(words):
    """Any words written out are read back as they were."""
    release = release_from_mot({"name": words, "version": words, "components": []})
    assert release_from_mot_yaml(mot_yaml(release)) == release_from_mot(
        {"name": words, "version": words, "producer": words.partition("/")[0], "components": []}
    )


@pytest.fixture(params=["CBaseLoader", "BaseLoader"])
def loader(request, monkeypatch):
    """Read with libyaml, and without it, as on a machine whose PyYAML lacks it."""
    if not hasattr(yaml, request.param):
        pytest.skip(f"PyYAML has no {request.param} here")
    monkeypatch.setattr(reader, "_Loader", getattr(yaml, request.param))


@pytest.mark.usefixtures("loader")
def test_nothing_is_resolved():
    """Text stays text; only an empty or null plain scalar is nothing."""
    text = b"a: NO\nb: 1e25\nc: 2025-01-01\nd: 0x10\ne: true\nf:\ng: ~\nh: ''\ni: 'null'\nj: null\n"
    assert read_yaml(text) == {
        "a": "NO",
        "b": "1e25",
        "c": "2025-01-01",
        "d": "0x10",
        "e": "true",
        "f": None,
        "g": None,
        "h": "",
        "i": "null",
        "j": None,
    }


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"a: &x [1]\nb: *x\n", "line 2 holds an alias"),
        (b"a: !!python/object/apply:os.system ['true']\n", "line 1 holds the tag"),
        (b"a: 1\na: 2\n", "holds the key `a` twice"),
        (b"---\na\n---\nb\n", "a second document"),
        (b"{[1]: 2}", "a key that is not text"),
        (b"[" * 2000, "nesting over"),
        (b"- 1\n" * 60000, "over 50000 nodes"),
        (b"a: [", "not valid YAML in line"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"a: \x01", "not valid YAML"),
        (b"\t- a", "not valid YAML"),
        (b"a" * (MAX_BYTES + 1), "more than the"),
    ],
)
def test_hostile_yaml(data, text):
    """Each trick is refused in one sentence, with its line where there is one."""
    with pytest.raises(DossierError, match=text) as found:
        read_yaml(data, where="x.yml")
    assert found.value.code.startswith("dossier.yaml")
    assert "\n" not in str(found.value)


@given(st.binary(max_size=200))
def test_any_bytes(data):
    """No bytes lead to anything but a value or a DossierError."""
    try:
        read_yaml(data)
    except DossierError:
        pass
