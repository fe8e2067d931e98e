"""An explanation leads from rule and quote to number and file."""

from dataclasses import replace
from datetime import date

import pytest

import decision_cases as cases
from openweir import digest
from openweir.decision import decide, explain, read_case
from openweir.desk.pack import load_pack
from openweir.errors import DecisionError

DECISION = decide(read_case(cases.case_files(cases.case())), load_pack(), date(2026, 6, 1))


def test_every_requirement_cites_its_rule_quote_and_evidence():
    """Law 9: rule id, quoted source with digest, numbers, name and digest of each file."""
    found = explain(DECISION, "PE2@open-weights")
    text = "\n".join(line.text for line in found.lines)
    sha256 = digest.sha256(cases.EVIDENCE[1].to_bytes())
    assert text.startswith("PE2@open-weights  After an attempt to undo")
    assert 'rule: "tested after somebody has tried to undo its safeguards (PE2)"' in text
    assert "asked: bio.uplift at most 0.05 by PE2 at rung A3 or harder" in text
    assert "found: 2 of 300" in text
    assert f"evidence/bio-pe2.json sha256:{sha256}" in text
    assert "because refuted: training-compute is not below the limit" in text


def test_a_rules_id_explains_it_at_every_tier():
    """Without a tier the rule is shown wherever it is asked."""
    assert [item.id for item in explain(DECISION, "PE1").requirements] == [
        "PE1@trusted-hosted",
        "PE1@public-hosted",
        "PE1@gated-weights",
        "PE1@open-weights",
        "PE1@fully-open",
    ]
    assert explain(DECISION).requirements == DECISION.requirements


def test_an_unknown_requirement_is_refused_with_the_known_ones():
    """The next step is in the message."""
    with pytest.raises(DecisionError, match="PE2@gated-weights") as caught:
        explain(DECISION, "PE9")
    assert caught.value.code == "decision.no-requirement"


def test_the_json_is_the_explained_part_of_the_decision():
    """Nothing is said in another form than the decision's own."""
    found = explain(DECISION, "DOS1").to_json(DECISION)
    whole = DECISION.to_json()
    assert found["requirements"] == [whole["requirements"][0]]
    assert found["policy"] == whole["policy"]


def test_a_decision_without_requirements_explains_nothing():
    """An empty decision is not an error."""
    assert explain(replace(DECISION, requirements=())).lines == ()
