"""The plan and what it asks of evidence (law 3, no omission)."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_values import evidence, pieces, plan, plans, trial
from openweir.errors import EvidenceError
from openweir.evidence import Attack, Plan, Rung, conflicts, missing


class TestPlanFile:
    """A plan is its file, and only ever added to."""

    @given(plans)
    def test_reads_back_what_it_wrote(self, drawn):
        """Bytes to value to bytes is the same bytes."""
        assert drawn == Plan.from_bytes(drawn.to_bytes())

    def test_id_twice_is_refused(self):
        """A second trial of the same id is refused, in memory and in the file."""
        with pytest.raises(EvidenceError, match="already in the plan") as caught:
            plan(trial()).with_trial(trial())
        assert caught.value.code == "evidence.plan-duplicate"
        document = json.loads(plan(trial()).to_bytes())
        document["trials"] *= 2
        with pytest.raises(EvidenceError, match="stands twice"):
            Plan.from_bytes(json.dumps(document).encode())

    @pytest.mark.parametrize(
        ("key", "value", "code"),
        [
            ("id", "../../etc", "trial-id"),
            ("claim", "bio.", "claim"),
            ("evaluation", "PE0", "evaluation"),
            ("rung", "B1", "rung"),
            ("registered_on", "soon", "day"),
        ],
    )
    def test_malformed_trial_is_refused(self, key, value, code):
        """A trial that means nothing is refused at its place."""
        document = json.loads(plan(trial()).to_bytes())
        document["trials"][0][key] = value
        with pytest.raises(EvidenceError, match=r"plan\.json") as caught:
            Plan.from_bytes(json.dumps(document).encode())
        assert f"evidence.{code}" == caught.value.code


class TestMissing:
    """A planned trial without an answer of its own kind is missing."""

    def test_answered(self):
        """Matching evidence answers its trial and no other."""
        both = plan(trial(), trial("bio-2"))
        assert missing(both, [evidence()]) == ("bio-2",)
        assert missing(both, [evidence()], claim="cyber.capability") == ()
        assert missing(plan(trial()), [evidence()]) == ()

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"claim": "bio.uplift"}, "wrong-claim"),
            ({"evaluation": "PE2"}, "wrong-evaluation"),
            ({"attack": Attack(rung=Rung.A1)}, "wrong-rung"),
            ({"subject_sha256": "c" * 64}, "wrong-subject"),
            ({"subject_sha256": None, "binding": "none"}, "wrong-subject"),
        ],
    )
    def test_other_kind_does_not_answer(self, changes, code):
        """Evidence that differs from its plan entry is reported and answers nothing."""
        item = evidence(**changes)
        assert missing(plan(trial()), [item]) == ("bio-1",)
        assert [("bio-1", code)] == [
            (found.trial, found.code) for found in conflicts(plan(trial()), [item])
        ]

    def test_two_answers_are_none(self):
        """Two answers to one trial are a choice somebody made: neither counts."""
        twice = [evidence(), evidence(produced_on="2026-11-21")]
        assert missing(plan(trial()), twice) == ("bio-1",)
        assert [found.code for found in conflicts(plan(trial()), twice)] == ["doubled"]

    def test_unplanned_is_reported(self):
        """Evidence for a trial nobody named is reported."""
        assert [found.code for found in conflicts(plan(), [evidence()])] == ["not-planned"]

    @given(plans, st.lists(pieces, max_size=5), st.data())
    @settings(deadline=None)
    def test_deleting_evidence_never_answers_more(self, drawn, items, data):
        """Law 2: with a piece of evidence less, nothing becomes answered unless it was doubled."""
        items = [
            replace(item, trial=data.draw(st.sampled_from(drawn.trials)).id)
            if drawn.trials
            else item
            for item in items
        ]
        unique = list({item.trial: item for item in items}.values())
        for gone in range(len(unique)):
            rest = unique[:gone] + unique[gone + 1 :]
            assert set(missing(drawn, unique)) <= set(missing(drawn, rest))
