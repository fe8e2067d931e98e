"""Each reason an atom can have, by the case that brings it about."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

import decision_cases as cases
from openweir.decision import REASONS, Status
from openweir.decision.tree import judge_with
from openweir.desk.pack import load_pack
from openweir.dossier import Estimate
from openweir.policy import ClaimAtom, ComponentAtom, FactAtom

AS_OF = date(2026, 6, 1)
POLICY = load_pack()
COMPUTE = FactAtom(predicate="training-compute", test="below", number=Decimal("1e25"), unit="FLOP")
UPLIFT = ClaimAtom(
    claim="bio.uplift",
    sense="at-most",
    number=Decimal("0.05"),
    evaluations=("PE2",),
    rung="A2",
    independence="third-party",
    access="AL2",
    shelf_life_days=120,
    confidence=Decimal("0.95"),
)
SAFEGUARD = replace(
    UPLIFT,
    claim="misuse.safeguard",
    sense="at-least",
    number=Decimal("0.9"),
    evaluations=("SYS",),
    rung="A0",
)


def judged(atom, case):
    """Return the proof of an atom."""
    return judge_with(case, POLICY, AS_OF)(atom).proof


def compute(lower, upper, **change):
    """Return a case with one estimate of its training compute."""
    value = Estimate(lower=Decimal(lower), upper=Decimal(upper))
    return cases.case({}, (), extra_facts=(cases.fact("training-compute", value, **change),))


def uplift(**change):
    """Return a case with one trial on uplift, answered as planned."""
    return cases.case({}, [cases.evidence("t", "bio.uplift", "PE2", "A2", **change)])


def reason(atom, case):
    """Return status and code of the reason."""
    proof = judged(atom, case)
    code = proof.reason.partition(":")[0]
    assert code == "" or code in REASONS
    return proof.status.value, code


class TestFacts:
    """What the dossier states, and how surely."""

    @pytest.mark.parametrize(
        ("lower", "upper", "expected"),
        [
            ("1e24", "9.9e24", ("demonstrated", "")),
            ("9.4e24", "1.1e25", ("undetermined", "straddles")),
            ("1e25", "1e25", ("refuted", "refuted")),
            ("9.999999999999999999e24", "9.999999999999999999e24", ("demonstrated", "")),
            ("2e25", "3e25", ("refuted", "refuted")),
        ],
    )
    def test_an_interval_is_exact_at_its_threshold(self, lower, upper, expected):
        """Below means below: the whole interval, to the last digit."""
        assert reason(COMPUTE, compute(lower, upper)) == expected

    def test_nothing_stated_is_missing(self):
        """Silence shows nothing."""
        assert reason(COMPUTE, cases.case({}, ())) == ("undetermined", "missing")

    def test_an_unsure_source_does_not_count(self):
        """A number from memory is not a number."""
        case = compute("1e20", "1e20", certainty="memory")
        assert reason(COMPUTE, case) == ("undetermined", "unverified")

    def test_another_unit_is_not_converted(self):
        """petaFLOP-days are not FLOP, however small the number looks."""
        case = compute("1", "2", unit="petaFLOP-day")
        assert reason(COMPUTE, case) == ("undetermined", "unit-mismatch")

    def test_estimates_that_exclude_each_other_are_a_conflict(self):
        """Two methods that cannot both be right show nothing."""
        case = compute("1e23", "2e23")
        other = cases.fact(
            "training-compute", Estimate(lower=Decimal("1e24"), upper=Decimal("2e24"))
        )
        case = replace(case, dossier=replace(case.dossier, facts=(*case.dossier.facts, other)))
        assert reason(COMPUTE, case) == ("undetermined", "conflict")

    def test_a_loose_ceiling_does_not_undo_a_tight_estimate(self):
        """Each estimate says that the value lies within it; both together say more."""
        case = compute("7e23", "1.4e24")
        ceiling = cases.fact(
            "training-compute", Estimate(lower=Decimal(0), upper=Decimal("2e25")), "computed"
        )
        case = replace(case, dossier=replace(case.dossier, facts=(*case.dossier.facts, ceiling)))
        assert reason(COMPUTE, case) == ("demonstrated", "")

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (False, ("demonstrated", "")),
            (True, ("refuted", "refuted")),
            ("no", ("undetermined", "unit-mismatch")),
        ],
    )
    def test_a_flag_is_a_flag(self, value, expected):
        """The word `no` (which YAML makes of Norway, and of false) is no boolean."""
        atom = FactAtom(predicate="pickle-files", test="is", words=("no",))
        assert reason(atom, cases.case({"pickle-files": value}, ())) == expected

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            (("none",), ("demonstrated", "")),
            (("None ",), ("demonstrated", "")),
            (("biology",), ("refuted", "refuted")),
            (("unknown",), ("undetermined", "unknown")),
            (("",), ("undetermined", "missing")),
            (("none", "biology"), ("undetermined", "conflict")),
            (("n\u043ene",), ("refuted", "refuted")),
        ],
    )
    def test_words_are_compared_whole(self, values, expected):
        """Case and spaces do not matter; a look-alike letter does."""
        atom = FactAtom(predicate="specialised-domain", test="is", words=("none",))
        facts = tuple(cases.fact("specialised-domain", value) for value in values)
        assert reason(atom, cases.case({}, (), extra_facts=facts)) == expected

    @pytest.mark.parametrize(
        ("value", "expected"), [(("a", "b"), "demonstrated"), ((), "undetermined")]
    )
    def test_a_list_is_known_when_it_names_something(self, value, expected):
        """An empty baseline set is none."""
        atom = FactAtom(predicate="baseline-set", test="known")
        assert judged(atom, cases.case({"baseline-set": value}, ())).status == expected


class TestComponents:
    """What is released, under which licence."""

    @pytest.mark.parametrize(
        ("present", "licence", "certainty", "expected"),
        [
            ("yes", "mit", "read", ("demonstrated", "")),
            ("yes", None, "read", ("undetermined", "missing")),
            ("yes", "GPL-3.0", "read", ("refuted", "refuted")),
            ("no", "MIT", "read", ("refuted", "refuted")),
            ("unknown", "MIT", "read", ("undetermined", "unknown")),
            ("yes", "MIT", "secondary", ("undetermined", "unverified")),
        ],
    )
    def test_a_component_under_a_set_of_licences(self, present, licence, certainty, expected):
        """Presence, certainty and licence are each asked for."""
        atom = ComponentAtom(
            component="Training code", licence="permissive", licences=("MIT", "Apache-2.0")
        )
        found = replace(
            cases.component("Training code", present, licence),
            certainty=cases.Certainty(certainty),
        )
        assert reason(atom, cases.case({}, (), components=[found])) == expected

    def test_a_component_nobody_names_is_missing(self):
        """Its absence from the files proves nothing either way."""
        atom = ComponentAtom(component="Training code")
        assert reason(atom, cases.case({}, (), components=[])) == ("undetermined", "missing")


class TestClaims:
    """What evidence shows, worst case first."""

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            ({}, ("demonstrated", "")),
            ({"events": 30}, ("refuted", "refuted")),
            ({"events": 12}, ("undetermined", "straddles")),
            ({"interval": ("0", "0.05")}, ("demonstrated", "")),
            ({"interval": ("0", "0.050001")}, ("undetermined", "straddles")),
            ({"interval": ("0.05", "0.05")}, ("demonstrated", "")),
            ({"interval": ("0.050001", "1")}, ("refuted", "refuted")),
            ({"interval": ("0.05", "0.06")}, ("undetermined", "straddles")),
            ({"independence": "self"}, ("undetermined", "low-assurance")),
            ({"independence": "state"}, ("demonstrated", "")),
            ({"access": "AL1"}, ("undetermined", "low-assurance")),
            ({"produced_on": "2026-02-01"}, ("demonstrated", "")),
            ({"produced_on": "2026-01-31"}, ("undetermined", "stale")),
            ({"produced_on": "2026-06-01"}, ("demonstrated", "")),
            ({"produced_on": "2026-06-02"}, ("undetermined", "future-dated")),
            ({"subject": cases.OTHER_MODEL}, ("undetermined", "wrong-subject")),
            ({"subject": None}, ("undetermined", "unbound-subject")),
            ({"certainty": "secondary"}, ("undetermined", "unverified")),
        ],
    )
    def test_one_trial(self, change, expected):
        """One property at a time, on both sides of what is asked."""
        assert reason(UPLIFT, uplift(**change)) == expected

    @pytest.mark.parametrize(
        ("interval", "expected"),
        [
            (("0.9", "1"), ("demonstrated", "")),
            (("0.899999", "1"), ("undetermined", "straddles")),
            (("0.1", "0.9"), ("undetermined", "straddles")),
            (("0.1", "0.899999"), ("refuted", "refuted")),
        ],
    )
    def test_where_a_low_rate_is_the_risk_the_lower_end_counts(self, interval, expected):
        """The same rule, mirrored."""
        item = cases.evidence("t", "misuse.safeguard", "SYS", interval=interval)
        assert reason(SAFEGUARD, cases.case({}, [item])) == expected

    def test_a_straddling_harder_attack_shows_nothing(self):
        """Only a harder attack that clearly fails answers for an easier one."""
        item = cases.evidence("t", "bio.uplift", "PE2", "A5", interval=("0", "0.1"))
        assert reason(UPLIFT, cases.case({}, [item])) == ("undetermined", "missing")

    def test_an_answer_by_another_evaluation_is_no_answer(self):
        """A trial planned as PE3 is not answered by PE2."""
        case = uplift()
        trials = (replace(case.plan.trials[0], evaluation="PE3"),)
        found = replace(case, plan=replace(case.plan, trials=trials))
        assert reason(UPLIFT, found) == ("undetermined", "plan-incomplete")

    def test_a_claim_stays_shown_as_long_as_its_newest_good_trial(self):
        """Two trials show it: it holds until the later one is too old."""
        items = [
            cases.evidence("old", "bio.uplift", "PE2", "A2", produced_on="2026-03-01"),
            cases.evidence("new", "bio.uplift", "PE2", "A2", produced_on="2026-05-01"),
        ]
        tree = judge_with(cases.case({}, items), POLICY, AS_OF)(UPLIFT)
        assert tree.until == date(2026, 8, 29)

    def test_no_plan_shows_nothing(self):
        """Evidence without a plan could be the best of many runs."""
        case = replace(uplift(), plan=None)
        assert reason(UPLIFT, case) == ("undetermined", "not-planned")
        assert reason(UPLIFT, cases.case({}, ())) == ("undetermined", "plan-missing")

    def test_the_plan_of_another_model_shows_nothing(self):
        """A plan is registered for one model's bytes."""
        case = uplift()
        plan = replace(case.plan, subject_sha256=cases.OTHER_MODEL)
        assert reason(UPLIFT, replace(case, plan=plan)) == ("undetermined", "wrong-subject")

    def test_a_model_without_bytes_cannot_be_shown_anything(self):
        """Without files nothing ties a result to what would be released."""
        case = uplift()
        case = replace(case, dossier=replace(case.dossier, model_sha256=None))
        case = replace(case, plan=replace(case.plan, subject_sha256=None))
        assert reason(UPLIFT, case) == ("undetermined", "unbound-subject")

    def test_a_trial_left_out_is_named(self):
        """Law 3: the omission itself is the reason, with the trial's id."""
        items = [cases.evidence(t, "bio.uplift", "PE2", "A2") for t in ("good", "bad")]
        case = cases.case({}, items[:1], plan=cases.plan_for(items))
        proof = judged(UPLIFT, case)
        assert proof.reason == "plan-incomplete: trial `bad` has no answer"

    def test_an_answer_easier_than_planned_is_no_answer(self):
        """A trial planned at A5 is not answered at A2."""
        case = uplift()
        trials = (replace(case.plan.trials[0], rung=cases.parse_rung("A5")),)
        found = judged(UPLIFT, replace(case, plan=replace(case.plan, trials=trials)))
        assert found.reason.startswith("plan-incomplete: trial `t` was planned as PE2 at A5")

    def test_a_rejected_file_leaves_its_trial_unanswered(self):
        """An unreadable answer is no answer, and its reason is passed on."""
        case = uplift()
        case = replace(case, evidence=(), rejected=(("evidence/t.json", "not valid JSON"),))
        assert judged(UPLIFT, case).reason == (
            "plan-incomplete: the answer to trial `t` cannot be used: not valid JSON"
        )

    def test_the_worst_result_counts_not_the_best_or_the_latest(self):
        """A newer good result does not undo an older bad one."""
        items = [
            cases.evidence("new", "bio.uplift", "PE2", "A2"),
            cases.evidence("old", "bio.uplift", "PE2", "A2", events=40, produced_on="2025-01-01"),
        ]
        assert reason(UPLIFT, cases.case({}, items)) == ("refuted", "refuted")

    def test_a_weak_evaluators_bad_result_still_counts(self):
        """Low assurance cannot show safety; it can show danger."""
        items = [
            cases.evidence("good", "bio.uplift", "PE2", "A2"),
            cases.evidence("bad", "bio.uplift", "PE1", "A0", events=40, independence="self"),
        ]
        assert reason(UPLIFT, cases.case({}, items)) == ("refuted", "refuted")

    def test_a_harder_attack_that_fails_answers_for_an_easier_one(self):
        """A5 without uplift shows A2 as well."""
        case = cases.case({}, [cases.evidence("hard", "bio.uplift", "PE2", "A5")])
        assert reason(UPLIFT, case) == ("demonstrated", "")

    def test_a_harder_attack_that_does_harm_says_nothing_of_an_easier_one(self):
        """Testing harder than asked is not punished."""
        items = [
            cases.evidence("hard", "bio.uplift", "PE2", "A5", events=200),
            cases.evidence("easy", "bio.uplift", "PE2", "A2"),
        ]
        assert reason(UPLIFT, cases.case({}, items)) == ("demonstrated", "")
        assert reason(UPLIFT, cases.case({}, items[:1])) == ("undetermined", "missing")
        harder = replace(UPLIFT, rung="A5")
        assert reason(harder, cases.case({}, items)) == ("refuted", "refuted")

    def test_the_bare_model_says_nothing_against_the_guarded_system(self):
        """Refusals without safeguards are no measure of the safeguards."""
        items = [
            cases.evidence("sys", "misuse.safeguard", "SYS", events=297),
            cases.evidence("bare", "misuse.safeguard", "PE1", events=30),
        ]
        assert reason(SAFEGUARD, cases.case({}, items)) == ("demonstrated", "")
        items[0] = cases.evidence("sys", "misuse.safeguard", "SYS", events=30)
        assert reason(SAFEGUARD, cases.case({}, items)) == ("refuted", "refuted")

    def test_the_reason_is_that_of_the_trial_that_comes_nearest(self):
        """Of two trials that fall short, the one to repeat is named."""
        items = [
            cases.evidence("far", "bio.uplift", "PE1", "A2"),
            cases.evidence("near", "bio.uplift", "PE2", "A1"),
        ]
        found = judged(UPLIFT, cases.case({}, items))
        assert found.reason == "low-assurance: trial `near` is at rung A1, below A2"

    def test_the_proof_names_numbers_and_files(self):
        """What was asked, what was found, and the digest of each file looked at."""
        case = uplift()
        proof = judged(UPLIFT, case)
        assert proof.kind == "claim"
        assert proof.atom.found == (
            "0 of 300 (0 to 0.012221) in `t`, PE2 at A2, third-party AL3, 2026-05-01"
        )
        assert proof.evidence == (case.evidence[0][0],)
        assert proof.status is Status.DEMONSTRATED
