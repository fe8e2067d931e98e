"""The strict reading's report against MOT names what it changes and why."""

from collections import Counter

import pytest

from openweir.dossier.openness import class_release, mof_rules, release_from_mot
from openweir.dossier.openness.difference import differences
from openweir.dossier.openness.from_mot import release_from_mot_yaml
from shared_data import shared

MOT, STRICT = mof_rules("mof-1.0/mot"), mof_rules("mof-1.0/strict")


def found(*components):
    """The differences for a release with these (name, licence)."""
    held = release_from_mot(
        {"components": [{"name": name, "license": licence} for name, licence in components]}
    )
    return differences(class_release(held, MOT), class_release(held, STRICT))


def test_mot_models():
    """Aliases change exactly 48 components of 25 models, and no class."""
    changed = {}
    for path in shared("mot/models").glob("*.yml"):
        held = release_from_mot_yaml(path.read_bytes())
        tool, strict = class_release(held, MOT), class_release(held, STRICT)
        assert tool.number == strict.number
        rows = [row for row in differences(tool, strict) if row.effect == "status"]
        if rows:
            changed[path.name] = rows
    every = [row for rows in changed.values() for row in rows]
    assert (len(changed), len(every)) == (25, 48)
    assert {(row.repair, row.was, row.now) for row in every} == {("alias", "invalid", "included")}
    assert Counter(row.detail for row in every) == {
        "`BSD-3` is `BSD-3-Clause`": 20,
        "`Apache 2.0` is `Apache-2.0`": 15,
        "`MIT license` is `MIT`": 6,
        "`MIT License` is `MIT`": 2,
        "`Apache license 2.0` is `Apache-2.0`": 2,
        "`CC BY-SA 4.0` is `CC-BY-SA-4.0`": 2,
        "`apache-2.0` is `Apache-2.0`": 1,
    }


@pytest.mark.parametrize("licence", ["CC-PDDC", "FreeBSD-DOC", "MulanPSL-1.0", "PDDL-1.0"])
def test_open_list(licence):
    """Licences the framework lists for a kind count as open."""
    (row,) = [row for row in found(("Datasets", licence)) if row.effect == "status"]
    assert (row.was, row.now, row.repair) == ("invalid", "included", "open-list")


def test_computational_use_only_stays_out():
    """C-UDA limits use, so it is not open though the framework lists it for data."""
    assert found(("Datasets", "C-UDA-1.0")) == ()


def test_type_lists():
    """Data under CC0 is no longer warned about; software licences on weights still are."""
    (row,) = [row for row in found(("Datasets", "CC0-1.0")) if row.effect == "warning"]
    assert (row.subject, row.repair) == ("Datasets", "type-lists")
    assert not [row for row in found(("Datasets", "MIT")) if row.effect == "warning"]


@pytest.mark.parametrize("licence", ["MIT", "gemma", ""])
def test_unknown_component(licence):
    """What MOT files under Datasets is named as the stranger it is."""
    (row,) = [row for row in found(("Training dataset", licence)) if row.effect == "status"]
    assert (row.subject, row.now, row.repair) == ("Datasets", "missing", "unknown-component")
    assert row.detail == "`Training dataset`"


def test_additive_progress():
    """The share that MOT reports as 0 is told with its reason."""
    rows = [row for row in found(("Training code", "MIT")) if row.effect == "progress"]
    assert [(row.subject, row.was, row.now) for row in rows] == [
        ("class I", "0 %", "7 %"),
        ("class II", "0 %", "10 %"),
    ]
    assert all(row.reason for row in rows)


@pytest.mark.parametrize("words", ["BSD", "GPL", "Creative Commons", "Modified MIT", "MIT-ish"])
def test_families_are_no_alias(words):
    """Words that name no one licence stay as they are, and invalid."""
    assert not [row for row in found(("Training code", words)) if row.effect == "status"]
