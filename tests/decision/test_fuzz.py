"""Hostile input: a bounded part of what `make fuzz` tries a million of."""

import pytest

import decision_cases as cases
import fuzz_dossiers
from openweir.decision import read_case
from openweir.errors import DossierError


def test_hostile_records_are_refused_or_reach_no_higher_tier():
    """NaN, infinities, look-alike names, wrong types, missing fields: 20,000 seeded ones."""
    counts = fuzz_dossiers.fuzz_records(20_000)
    assert counts["refused"] > 10_000
    assert counts["lower"] > 40


def test_hostile_cases_are_refused_or_reach_no_higher_tier():
    """Dossiers, plans and evidence with hostile values in any place: 600 seeded ones."""
    counts = fuzz_dossiers.fuzz_cases(600)
    assert counts["refused"] > 200
    assert counts["lower"] > 40


def test_a_negative_quantity_is_no_quantity():
    """Less than no compute would pass every upper limit, so it does not load."""
    files = cases.case_files(cases.case())
    text = files["dossier.json"].decode()
    changed = text.replace('"2E+25"', '"-2"').replace('"5E+25"', '"-1"')
    assert changed != text
    with pytest.raises(DossierError, match="cannot be negative"):
        read_case({**files, "dossier.json": changed.encode()})
