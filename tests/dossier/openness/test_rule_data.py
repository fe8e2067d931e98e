"""Rule data: pinned, sourced, and equal to what the sources say."""

import json

import pytest

from openweir.digest import is_sha256
from openweir.dossier.openness import RULE_SETS, mof_rules, rule_data, rule_set
from openweir.errors import DossierError
from shared_data import shared


@pytest.mark.parametrize("name", RULE_SETS)
def test_every_rule_set_says_where_it_is_from(name):
    """Each has a source with a name and a date, and a digest that pins its data."""
    source = rule_data(rule_set(name).data).source()
    assert source["name"]
    assert source["date"] >= "2024-01-01"
    assert is_sha256(source["sha256"])


def test_licence_lists_are_those_of_mot():
    """226 of 660 licences are open, and 19, 5 and 8 suit code, data and documents."""
    licences = {}
    for name in ("licenses.json", "mof-licenses.json"):
        for row in json.loads(shared(f"mot/{name}").read_bytes())["licenses"]:
            licences[row["licenseId"]] = row
    rules = mof_rules("mof-1.0/mot")
    noted = {
        key for key, row in licences.items() if row.get("isOsiApproved") or row.get("isFsfLibre")
    }
    assert noted <= rules.open_ids
    assert (len(licences), len(rules.open_ids)) == (660, 226)
    assert {kind: len(suits) for kind, suits in rules.appropriate.items()} == {
        "code": 19,
        "data": 5,
        "document": 8,
    }


def test_components():
    """17 components, 14 required: 6, 4 and 4 new ones for class III, II and I."""
    components = mof_rules("mof-1.0/mot").components
    required = [row.first_class for row in components if row.required]
    # The paper is a component of class I that may stand in for the report of class III.
    assert (len(components), [required.count(level) for level in (3, 2, 1)]) == (17, [6, 4, 4])


def test_unknown_rule_set():
    """A name that is none is refused; the hint lists those that are."""
    with pytest.raises(DossierError, match=r"`mof-2\.0` is not a rule set") as found:
        rule_set("mof-2.0")
    assert found.value.code == "dossier.unknown-rules"
    assert "osai-12" in found.value.hint
