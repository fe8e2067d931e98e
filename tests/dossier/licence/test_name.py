"""Names: every one that people use is a licence on record, a family, or an explicit unknown."""

import re

import pytest
import yaml

from openweir.dossier.licence import Standing, declared, identify, licence, named
from openweir.dossier.licence.declared import contradiction
from openweir.dossier.licence.pack import families, read_text
from shared_data import shared


def check(names):
    """Check that each name leads somewhere, and that nothing was guessed."""
    for name in names:
        meant = named(name)
        assert meant.reason != "not a name on record", name
        assert bool(meant.licences) + bool(meant.family) + bool(meant.reason) == 1, name
        for known in meant.licences:
            assert licence(known).name
        assert not meant.family or families()[meant.family].members


def test_every_identifier_of_the_hub():
    """83 of 83."""
    page = shared("licences/hf-license-identifiers.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| .*?\| `([^`]+)`", page, re.MULTILINE)
    assert len(names) == 83
    check(names)


def test_every_licence_string_of_the_openness_tool():
    """73 of 73 strings of 273 submissions, `Component not include` among them."""
    names = set()
    for path in shared("mot/models").iterdir():
        release = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)["release"]
        names |= {v["name"] for v in (release.get("license") or {}).values() if isinstance(v, dict)}
        names |= {part["license"] for part in release["components"] if "license" in part}
    names -= {""}
    assert len(names) == 73
    check(names)


def test_every_licence_string_of_the_openness_index():
    """67 of 67 strings of 193 systems, the empty one among them."""
    names = set()
    for path in shared("osai").glob("*.yaml"):
        read = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
        if "system" in read and "template" not in path.name:
            names.add(str(read["system"].get("endmodellicense") or ""))
    assert len(names) == 67
    check(names)


@pytest.mark.parametrize(
    ("name", "licences"),
    [
        ("APACHE 2.0", ("Apache-2.0",)),
        (" mit  license ", ("MIT",)),
        ("llama3.1", ("llama-3.1-license-2024",)),
        ("openrail++", ("creativeml-open-rail-plusplus-m",)),
        ("Apache-2.0 and BigScience RAIL License v1.0", ("Apache-2.0", "bigscience-rail-1.0")),
        ("Modified MIT", ()),
        ("apache-2.0-ish", ()),
        ("x" * 5_000, ()),
    ],
)
def test_a_name_is_compared_whole(name, licences):
    """Case and spaces do not matter; anything else does."""
    assert named(name).licences == licences


def test_a_declaration_alone_is_declared_only():
    """Without a text there is only the name, and a family without its version is a family."""
    assert declared("mit").standing is Standing.DECLARED_ONLY
    assert declared("gemma").in_words() == "family gemma"
    assert declared("other").standing is Standing.NONE
    assert "restrictions" in declared("commercial use restrcitions; CC-BY-NC-SA-4.0").reason


def test_what_is_declared_and_what_the_text_is():
    """They agree, or it is said where they part."""
    mit = identify(read_text("mit"))
    changed = identify(read_text("mit") + "\nNot for commercial use.\n")
    assert contradiction("mit", mit) == ""
    assert contradiction("other", mit) == ""
    assert contradiction("apache-2.0", mit) == "the text is word for word MIT"
    assert "modified" in contradiction("mit", changed)
    assert "Not for commercial use" in contradiction("mit", changed)
    assert contradiction("gemma", identify(read_text("gemma-tou-2025-03-24"))) == ""
    assert "no licence on record" in contradiction("mit", identify("something else entirely"))
