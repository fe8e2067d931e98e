"""Deciding under the shipped baseline: tiers, days, signers, components, refusals."""

from dataclasses import replace
from datetime import date

import pytest

import decision_cases as cases
from openweir.decision import Case, decide, read_case
from openweir.desk.pack import load_pack
from openweir.errors import DecisionError, OpenweirError
from openweir.tier import Tier

AS_OF = date(2026, 6, 1)
POLICY = load_pack()
SMALL = {
    **{name: value for name, value in cases.FACTS.items() if "baseline" not in name},
    "training-compute": cases.Estimate(lower=cases.Decimal(0), upper=cases.Decimal("6e22")),
}


def test_a_decision_holds_until_the_first_evidence_it_rests_on_expires():
    """Evidence of 1 May keeps 90 days at open weights: until 30 July."""
    decision = decide(cases.case(), POLICY, AS_OF)
    assert decision.tier is Tier.FULLY_OPEN
    assert decision.valid_until == date(2026, 7, 30)
    assert decision.review_by == date(2026, 11, 28)


def test_a_decision_without_evidence_holds_until_its_review():
    """A dossier does not age; half a year is the limit all the same."""
    decision = decide(cases.case(SMALL, ()), POLICY, AS_OF)
    assert decision.tier is Tier.FULLY_OPEN
    assert decision.valid_until == decision.review_by == date(2026, 11, 28)


def test_two_people_sign_where_weights_leave_and_one_on_the_light_track():
    """Law 5 and 12: distinct roles from gated weights on; the developer alone on LT0."""
    large = decide(cases.case(), POLICY, AS_OF).approvals
    assert (large.signatures, large.roles) == (2, ("developer", "reviewer"))
    small = decide(cases.case(SMALL, ()), POLICY, AS_OF).approvals
    assert (small.signatures, small.roles) == (1, ("developer",))
    hosted = decide(cases.case(hold=Tier.PUBLIC_HOSTED), POLICY, AS_OF).approvals
    assert hosted.signatures == 1


def test_a_component_can_be_held_back_further_than_the_release():
    """A decision binds components; the file of a held one has its own tier."""
    hold = (("Model parameters (Final)", Tier.PUBLIC_HOSTED),)
    decision = decide(cases.case(component_holds=hold), POLICY, AS_OF)
    assert decision.effective_tier is Tier.FULLY_OPEN
    assert decision.tier_of("model.safetensors") is Tier.PUBLIC_HOSTED
    assert decision.tier_of("README.md") is Tier.FULLY_OPEN
    assert decision.tier_of("other") is Tier.SEALED


def test_a_component_is_never_more_open_than_its_release():
    """A component's own limit lowers; it does not lift."""
    hold = (("Model parameters (Final)", Tier.OPEN_WEIGHTS),)
    case = cases.case(hold=Tier.PUBLIC_HOSTED, component_holds=hold)
    decision = decide(case, POLICY, AS_OF)
    assert decision.tier_of("model.safetensors") is Tier.PUBLIC_HOSTED


def test_a_misspelt_hold_is_refused():
    """Otherwise the component it was meant for would go out."""
    with pytest.raises(DecisionError, match="holds back `Model parameters`") as caught:
        decide(cases.case(component_holds=(("Model parameters", Tier.SEALED),)), POLICY, AS_OF)
    assert caught.value.code == "decision.hold"


@pytest.mark.parametrize("day", [date(2025, 12, 31), date.min])
def test_a_policy_decides_only_while_it_is_in_force(day):
    """The day before it takes effect is refused with the day it does."""
    with pytest.raises(DecisionError, match="from 2026-01-01") as caught:
        decide(cases.case(), POLICY, day)
    assert caught.value.code == "decision.not-in-force"


def test_the_last_day_of_the_calendar_does_not_overflow():
    """Hostile dates give a decision or an error, never a traceback."""
    decision = decide(cases.case(SMALL, ()), POLICY, date.max)
    assert decision.valid_until == date.max


def test_an_empty_case_is_sealed_and_says_what_is_missing():
    """Law 4: never a bare no."""
    decision = decide(cases.case({}, (), components=[]), POLICY, AS_OF)
    assert decision.tier is Tier.SEALED
    assert [lack.tier for lack in decision.whynot] == list(Tier)[1:]
    for lack in decision.whynot:
        assert lack.blocking
        assert lack.sets
        assert lack.alternative


def test_two_answers_to_one_trial_are_refused():
    """Leaving out the worse of two would otherwise help."""
    item = cases.EVIDENCE[0]
    with pytest.raises(DecisionError) as caught:
        Case(dossier=cases.case().dossier, evidence=(("a" * 64, item), ("b" * 64, item)))
    assert caught.value.code == "decision.two-answers"


class TestReading:
    """From files to a case: fail closed, without a traceback."""

    def test_files_become_a_case_with_their_digests(self):
        """What is written is what is read, and every file is an input."""
        whole = cases.case()
        found = read_case(cases.case_files(whole))
        assert found.dossier == whole.dossier
        assert found.evidence == whole.evidence
        assert [name for name, _ in found.inputs] == sorted(cases.case_files(whole))

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"[]",
            b"\xff",
            b"[" * 100_000,
            b'{"schema": "openweir/evidence/1"}',
            b'{"schema": "other"}',
            b'{"a": NaN}',
            b'{"a": 1, "a": 2}',
        ],
    )
    def test_an_unreadable_evidence_file_is_set_aside(self, data):
        """Its trial is unanswered; the tier is never higher than with a good answer."""
        files = {**cases.case_files(cases.case()), "evidence/bio-pe1.json": data}
        found = read_case(files)
        assert [name for name, _ in found.rejected] == ["evidence/bio-pe1.json"]
        decision = decide(found, POLICY, AS_OF)
        assert decision.tier is Tier.SEALED
        assert "cannot be used" in decision.requirements[4].reason

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b'"0.012221"', b'"NaN"'),
            (b'"0.012221"', b'"-1"'),
            (b'"0.012221"', b'"1e400"'),
            (b'"lower": "0"', b'"lower": "0.9"'),
            (b'"rung": "A3"', b'"rung": "A9"'),
            (b'"source": "log"', b'"source": "hearsay"'),
            (b'"produced_on": "2026-05-01"', b'"produced_on": "01.05.2026"'),
            (b'"trial": "zero"', b'"trial": "z\xd0\xb5ro"'),
            (b'"trial": "zero"', b'"trial": "other"'),
        ],
    )
    def test_a_hostile_value_never_helps(self, old, new):
        """Malformed numbers, words, days and look-alike ids are set aside."""
        items = [cases.evidence("zero", "bio.uplift", "PE2", "A3")]
        files = cases.case_files(cases.case(items=items))
        data = files["evidence/zero.json"]
        assert old in data
        files["evidence/zero.json"] = data.replace(old, new)
        found = read_case(files)
        assert found.rejected
        assert not found.evidence

    @pytest.mark.parametrize("name", ["dossier.json", "plan.json"])
    @pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 100_000])
    def test_a_broken_dossier_or_plan_is_an_error(self, name, data):
        """Without them there is nothing to decide on; one line says so."""
        with pytest.raises(OpenweirError) as caught:
            read_case({**cases.case_files(cases.case()), name: data})
        assert "\n" not in str(caught.value)

    def test_a_word_of_no_known_kind_in_the_dossier_is_an_error(self):
        """An unknown certainty is not taken for a good one."""
        files = cases.case_files(cases.case())
        files["dossier.json"] = files["dossier.json"].replace(b'"verified"', b'"certain"')
        with pytest.raises(OpenweirError, match="certain"):
            read_case(files)


def test_the_owner_may_not_hide_why_by_holding():
    """The computed tier stays in sight beside the effective one."""
    decision = decide(replace(cases.case(), hold=Tier.SEALED), POLICY, AS_OF)
    assert (decision.tier, decision.effective_tier) == (Tier.FULLY_OPEN, Tier.SEALED)
