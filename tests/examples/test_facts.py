"""The examples' facts: each has a source that can be found, and says how surely it is known."""

import csv
import re
import sys
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from openweir.desk.case import CaseFolder
from openweir.digest import sha256
from openweir.dossier import COMPONENTS, PREDICATES, Certainty, Dossier, Estimate
from openweir.evidence import Evidence
from shared_data import shared

ROOT = Path(__file__).resolve().parents[2]
RELEASES = ROOT / "examples" / "releases"
NAMES = sorted(path.parent.name for path in RELEASES.glob("*/case.toml"))
SOURCES = {
    item["title"]: item for item in tomllib.loads((RELEASES / "sources.toml").read_text())["source"]
}
EPOCH = "Epoch AI, notable AI models, January 2026 snapshot"
_ROW = re.compile(r"row Model = (?P<model>.+?), column (?P<column>[A-Z][^:,]*)")


def declaration(name):
    """What an example's case.toml states."""
    return CaseFolder.open(RELEASES / name).declaration()


def test_all_ten_are_here():
    """The releases the project set out to describe."""
    assert NAMES == [
        "deepseek-r1",
        "esm3-1.4b",
        "esm3-98b",
        "gemma-3-27b",
        "gpt-oss-120b",
        "kimi-k2",
        "llama-3.1-405b",
        "olmo-3-32b",
        "phi-4",
        "qwen3-235b",
    ]


@pytest.mark.parametrize("name", NAMES)
class TestFacts:
    """What holds of every fact of every example."""

    def test_words_are_known(self, name):
        """Predicates and components are of the vocabulary."""
        stated = declaration(name)
        assert {fact.predicate for fact in stated.facts} <= set(PREDICATES)
        assert {part.name for part in stated.components} <= set(COMPONENTS)

    def test_every_fact_has_a_listed_source(self, name):
        """A source is listed with the digest of the bytes that were read, and a place in it."""
        for fact in declaration(name).facts:
            assert fact.source.ref in SOURCES
            assert fact.source.sha256 == SOURCES[fact.source.ref]["sha256"]
            assert fact.source.locator
            assert fact.observed_on == "2026-11-20"

    def test_nobody_declared_anything(self, name):
        """These cases are not their makers': nothing is marked as stated by them or read."""
        stated = declaration(name)
        marks = {fact.certainty for fact in stated.facts}
        marks |= {part.certainty for part in stated.components}
        assert not marks & {Certainty.DECLARED, Certainty.READ}

    def test_estimates_are_no_points(self, name):
        """A rounded or estimated number carries its interval."""
        for fact in declaration(name).facts:
            if isinstance(fact.value, Estimate):
                assert 0 < fact.value.lower < fact.value.upper

    def test_components_say_where(self, name):
        """Presence and absence of a component name where that was found."""
        for part in declaration(name).components:
            assert part.reference
            assert part.present in ("yes", "no", "unknown")

    def test_says_how_it_was_released(self, name):
        """The table needs what was done beside what the policy says."""
        assert [fact.predicate for fact in declaration(name).facts].count("released-as") == 1

    def test_dossier_follows(self, name):
        """dossier.json is what inspect makes of case.toml."""
        data = (RELEASES / name / "dossier.json").read_bytes()
        assert Dossier.from_bytes(data).to_bytes() == data
        assert examples_tool().dossier_of(name).to_bytes() == data


def examples_tool():
    """Return tools/examples.py as a module."""
    import importlib.util

    found = importlib.util.spec_from_file_location("tools_examples", ROOT / "tools/examples.py")
    module = importlib.util.module_from_spec(found)
    sys.modules.setdefault("tools_examples", module)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("title", sorted(SOURCES))
def test_sources_are_the_bytes_that_were_read(title):
    """Where the public test data is at hand its digest is the listed one."""
    source = SOURCES[title]
    assert source["licence"]
    assert source["publisher"]
    if "data" not in source:
        pytest.skip("not part of the public test data")
    assert sha256(shared(source["data"]).read_bytes()) == source["sha256"]


def test_every_listed_source_is_used():
    """The list holds no source that nothing rests on."""
    used = {fact.source.ref for name in NAMES for fact in declaration(name).facts}
    mentioned = {part.reference for name in NAMES for part in declaration(name).components}
    assert set(SOURCES) <= used | mentioned


def test_epoch_rows_say_what_is_claimed():
    """Every fact credited to Epoch AI names a row and column, and agrees with the row."""
    with shared("epoch/notable_ai_models_2026-01.csv").open(encoding="utf-8-sig") as stream:
        rows = {row["Model"]: row for row in csv.DictReader(stream)}
    columns = {
        "parameters": "Parameters",
        "training-compute": "Training compute (FLOP)",
        "training-tokens": "Training dataset size (gradients)",
        "release-date": "Publication date",
    }
    checked = 0
    for name in NAMES:
        for fact in declaration(name).facts:
            if fact.source.ref != EPOCH:
                continue
            found = _ROW.match(fact.source.locator)
            row = rows[found["model"]]
            assert found["column"].strip() in row or found["column"].split(" (")[0] in str(row)
            value = row.get(columns.get(fact.predicate, ""))
            if not value:
                continue
            checked += 1
            if isinstance(fact.value, Estimate):
                assert fact.value.lower <= Decimal(value) <= fact.value.upper
            else:
                assert fact.value == value
    assert checked >= 15


def test_published_evidence_is_bound_to_nothing():
    """A result about a sibling names the sibling and carries no digest of this release."""
    for name in NAMES:
        case = CaseFolder.open(RELEASES / name)
        plan = case.plan()
        for item in case.evidence():
            assert plan.trial(item.trial).retrospective
            assert item.subject_sha256 is None
            assert item.binding == "none"
            assert item.method.model != declaration(name).name
            assert item.method.certainty == "verified"


def test_evidence_is_canonical():
    """Evidence files are spelled as the tool spells them."""
    for path in RELEASES.glob("*/evidence/*.json"):
        data = path.read_bytes()
        assert Evidence.from_bytes(data, where=str(path)).to_bytes() == data


def test_readmes_are_current():
    """The tables in the READMEs follow from case.toml."""
    stale = [path for path, data in examples_tool().outputs().items() if path.read_bytes() != data]
    assert not stale, "run `python tools/examples.py`"
