"""The evidence record: one spelling, and no hand-edited number gets through."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_values import evidence, pieces, result
from openweir.errors import CanonicalError, EvidenceError
from openweir.evidence import Evidence


def edited(**changes):
    """Return an evidence file with keys changed: `result__upper="0.01"`."""
    document = json.loads(evidence().to_bytes())
    for path, value in changes.items():
        *parents, last = path.split("__")
        inner = document
        for parent in parents:
            inner = inner[parent]
        inner[last] = value
    return json.dumps(document).encode()


class TestRoundTrip:
    """A record is its file."""

    @given(pieces)
    @settings(deadline=None)
    def test_reads_back_what_it_wrote(self, item):
        """Bytes to value to bytes is the same bytes."""
        read = Evidence.from_bytes(item.to_bytes(), where="e.json")
        assert item.to_bytes() == read.to_bytes()
        assert item == read

    def test_wider_interval_is_accepted(self):
        """An interval wider than the counts ask for is no lie."""
        read = Evidence.from_bytes(edited(result__upper="0.5", result__lower="0"), where="e.json")
        assert str(read.result.bound.upper) == "0.5"


class TestHostile:
    """Law 1: what is edited by hand must not raise a tier."""

    @pytest.mark.parametrize(
        ("changes", "code", "text"),
        [
            ({"result__upper": "0.05"}, "narrow-interval", "narrower than 2 of 100"),
            ({"result__lower": "0.01"}, "narrow-interval", "narrower than"),
            ({"result__n": 1000}, "narrow-interval", "narrower than"),
            ({"result__unscored": 50}, "narrow-interval", "narrower than"),
            ({"result__events": 101}, "counts", "101 events of 100"),
            ({"result__n": 0, "result__events": 0}, "counts", "0 events of 0"),
            ({"result__n": 10**9}, "counts", "are more than"),
            ({"result__unscored": -1}, "counts", "cannot be"),
            ({"result__lower": "0.9", "result__upper": "0.1"}, "interval", "no interval"),
            ({"result__upper": "1.5"}, "interval", "no interval"),
            ({"result__upper": "0.0703840000001"}, "interval", "more than 6 decimal places"),
            ({"result__lower": "1E-99999999"}, "interval", "more than 6 decimal places"),
            ({"result__confidence": "0.5"}, "confidence", "too weak"),
            ({"result__confidence": "1"}, "confidence", "too weak"),
            ({"result__method": "wald"}, "bound-method", "`wald`"),
            ({"trial": "../x"}, "trial-id", "cannot be a trial's id"),
            ({"trial": "bio-1\u0430"}, "trial-id", "cannot be a trial's id"),
            ({"trial": "a..b"}, "trial-id", "cannot be a trial's id"),
            ({"trial": ""}, "trial-id", "cannot be a trial's id"),
            ({"claim": "bio"}, "claim", "`bio` is not a claim"),
            ({"claim": "bio.harmless"}, "claim", "not a claim"),
            ({"claim": "other."}, "claim", "not a claim"),
            ({"evaluation": "PE9"}, "evaluation", "not a kind of evaluation"),
            ({"attack__rung": "A7"}, "rung", "not an attack rung"),
            ({"attack__budget": {"steps": "3\n4"}}, "text", "control characters"),
            ({"conduct__evaluator": "\u001b[31mlab"}, "text", "control characters"),
            ({"conduct__evaluator": "x" * 2000}, "text", "too long"),
            ({"conduct__independence": "friend"}, "independence", "not a degree"),
            ({"conduct__access": "AL9"}, "access", "not an access level"),
            ({"method__source": "dream"}, "source", "`dream` is not a source"),
            ({"method__certainty": "sure"}, "certainty", "`sure` is not a certainty"),
            ({"method__log_sha256": "xyz"}, "digest", "not a SHA-256"),
            ({"method__log_sha256": None}, "origin", "names the log's digest"),
            ({"method__source": "publication"}, "origin", "a publication has a reference"),
            ({"subject__sha256": None}, "origin", "needs a subject digest"),
            ({"subject__binding": "none"}, "origin", "needs a binding"),
            ({"subject__binding": "sworn"}, "binding", "not a binding"),
            ({"produced_on": "2026-13-40"}, "day", "not a day"),
            ({"produced_on": "yesterday"}, "day", "not a day"),
            ({"schema": "openweir/evidence/9"}, "schema", "not the schema"),
        ],
    )
    def test_refused(self, changes, code, text):
        """Each edit is refused by name, with the file it was found in."""
        with pytest.raises(EvidenceError, match=text) as caught:
            Evidence.from_bytes(edited(**changes), where="e.json")
        assert f"evidence.{code}" == caught.value.code
        assert "e.json" in caught.value.where

    @pytest.mark.parametrize("value", ["NaN", "Infinity", "-1e999999999", "", "half"])
    def test_no_number(self, value):
        """What is no finite decimal is refused."""
        with pytest.raises((CanonicalError, EvidenceError), match=r"number|interval"):
            Evidence.from_bytes(edited(result__upper=value), where="e.json")

    def test_publication_counts_are_checked_too(self):
        """A publication with counts cannot state a narrower interval either."""
        changes = {
            "method__source": "publication",
            "method__reference": "arXiv 0000.00000",
            "method__log_sha256": None,
        }
        assert Evidence.from_bytes(edited(**changes), where="e.json").method.log_sha256 is None
        with pytest.raises(EvidenceError, match="narrower"):
            Evidence.from_bytes(edited(**changes, result__upper="0.03"), where="e.json")

    @given(st.data())
    @settings(max_examples=200, deadline=None)
    def test_mutated_bytes_never_narrow_the_interval(self, data):
        """Whatever bytes are changed: refused by name, or the interval still covers its counts."""
        original = bytearray(evidence(result=result(3, 60)).to_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            place = data.draw(st.integers(0, len(original) - 1))
            original[place] = data.draw(st.integers(0, 255))
        try:
            read = Evidence.from_bytes(bytes(original), where="e.json")
        except (EvidenceError, CanonicalError):
            return
        fair = result(read.result.events, read.result.n, read.result.unscored).bound
        assert read.result.bound.lower <= fair.lower
        assert fair.upper <= read.result.bound.upper
