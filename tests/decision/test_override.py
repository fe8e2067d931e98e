"""Law 6: who may lift, how far, past what, for how long; orders and holds only lower."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import decision_cases as cases
import decision_strategies as given_by
from openweir.attest import Envelope, Key, Trust, TrustedKey
from openweir.decision import Decision, checker, decide, decide_together
from openweir.decision.instruction import instruction_statement, read_instruction
from openweir.desk.pack import load_pack
from openweir.errors import DecisionError, OpenweirError
from openweir.policy import OverrideAuthority
from openweir.tier import Tier

AS_OF = date(2026, 6, 1)
POLICY = load_pack()
ROLES = ("director", "reviewer", "developer", "evaluator", "regulator", "hub")
KEYS = {name: Key.generate() for name in (*ROLES, "second-director")}
TRUST = Trust(
    keys=tuple(
        TrustedKey(name=name, role=name.removeprefix("second-"), key=key.public)
        for name, key in KEYS.items()
    )
)
# Enough for hosted access and no more: nobody has tried to undo the safeguards.
HOSTED = cases.case(
    {name: value for name, value in cases.FACTS.items() if name != "licence"},
    [item for item in cases.EVIDENCE if item.evaluation in ("PE1", "SYS")],
)


def instruction(case=HOSTED, kind="override", by=("director", "reviewer"), policy=POLICY, **change):
    """Return an instruction on a case that holds in every respect unless changed."""
    stated = {
        "release": case.dossier.name,
        "release_sha256": case.dossier.release_sha256,
        "to": Tier.GATED_WEIGHTS,
        "computed": decide(case, policy, AS_OF).tier,
        "policy_sha256": policy.sha256,
        "made_on": AS_OF,
        "until": date(2026, 7, 1),
        "reason": "hospitals wait for it",
        "dissent": "the safety lead would wait for PE2",
        **change,
    }
    statement = instruction_statement(kind=kind, **stated)
    envelope = Envelope.sign(statement, KEYS[by[0]])
    for name in by[1:]:
        envelope = envelope.with_signature(KEYS[name])
    return read_instruction(envelope, TRUST, file=f"{kind}s/one.dsse.json")


def decided(*instructions, case=HOSTED, policy=POLICY, as_of=AS_OF):
    """Return the decision with these instructions; the checker always agrees."""
    found = decide(replace(case, instructions=instructions), policy, as_of)
    assert checker.read(found.to_bytes()) == found.tier.word
    assert Decision.from_bytes(found.to_bytes()) == found
    return found


def test_two_people_lift_by_one_tier_and_the_computed_one_stays_in_sight():
    """The effective tier rises, dissent is attached, the lift's last day bounds the decision."""
    assert decided().tier is Tier.PUBLIC_HOSTED
    found = decided(instruction())
    assert (found.tier, found.effective_tier) == (Tier.PUBLIC_HOSTED, Tier.GATED_WEIGHTS)
    assert found.valid_until == date(2026, 7, 1)
    assert found.adjustments[0].dissent == "the safety lead would wait for PE2"
    assert found.adjustments[0].signers == (("director", "director"), ("reviewer", "reviewer"))
    assert found.approvals.signatures == 2
    envelope = Envelope.from_bytes(found.adjustments[0].envelope.encode())
    assert len(envelope.verify(TRUST.public_keys)[1]) == 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"by": ("director",)}, "it takes 2 people"),
        ({"by": ("director", "second-director")}, "it takes 2 people"),
        ({"by": ("director", "developer")}, "neither author nor evaluator"),
        ({"by": ("director", "evaluator")}, "neither author nor evaluator"),
        ({"by": ("hub", "regulator")}, "it takes 2 people"),
        ({"to": Tier.OPEN_WEIGHTS}, "more than one tier"),
        ({"to": Tier.FULLY_OPEN}, "more than one tier"),
        ({"dissent": ""}, "who dissents"),
        ({"dissent": " \n"}, "who dissents"),
        ({"reason": ""}, "no reason"),
        ({"until": date(2026, 5, 31)}, "holds from"),
        ({"until": date(2027, 6, 1)}, "90 days at most"),
        ({"until": date.max}, "90 days at most"),
        ({"made_on": date(2026, 6, 2)}, "holds from"),
        ({"release": "example/other"}, "another release"),
        ({"release_sha256": "0" * 64}, "another release"),
        ({"release_sha256": None}, "another release"),
        ({"policy_sha256": "0" * 64}, "another policy"),
    ],
)
def test_what_the_law_does_not_allow_changes_nothing(change, why):
    """Each fault alone refuses the lift, with its reason in the decision."""
    found = decided(instruction(**change))
    assert found.effective_tier is found.tier is Tier.PUBLIC_HOSTED
    assert why in found.adjustments[0].refused


def test_an_evaluator_of_the_release_does_not_lift_it_in_another_role():
    """Who measured does not also decide against the measure."""
    items = [
        replace(item, conduct=replace(item.conduct, evaluator="reviewer"))
        for item in cases.EVIDENCE
        if item.evaluation in ("PE1", "SYS")
    ]
    case = cases.case(items=items)
    found = decided(instruction(case), case=case)
    assert "neither author nor evaluator" in found.adjustments[0].refused


def test_nobody_lifts_past_a_hard_stop():
    """A release whose files were refused stays where it is, whoever signs."""
    case = cases.case({**cases.FACTS, "refused-files": True})
    assert decide(case, POLICY, AS_OF).tier is Tier.SEALED
    authority = OverrideAuthority(tier=Tier.FULLY_OPEN, signatures=2, roles=ROLES[:2], days=90)
    policy = replace(POLICY, overrides=(authority,))
    found = decided(instruction(case, to=Tier.TRUSTED_HOSTED), case=case, policy=policy)
    assert found.effective_tier is Tier.SEALED
    assert "FIL1@trusted-hosted is a hard stop" in found.adjustments[0].refused


def test_a_lift_does_not_outlive_what_it_was_built_on():
    """When the computed tier drops, two tiers would be lifted: refused from that day on."""
    late = date(2026, 8, 28)
    item = instruction(made_on=late, until=date(2026, 11, 25))
    assert decided(item, as_of=late).effective_tier is Tier.GATED_WEIGHTS
    found = decided(item, as_of=date(2026, 11, 1))
    assert found.tier is Tier.SEALED
    assert found.effective_tier is Tier.SEALED


def test_a_policy_without_authority_lets_nobody_lift():
    """What the policy does not say nobody may do."""
    policy = replace(POLICY, overrides=())
    found = decided(instruction(), policy=policy)
    assert "lets nobody lift" in found.adjustments[0].refused


def test_one_person_lowers_and_a_machine_does_not():
    """Lowering needs one person; a hub's key is none."""
    low = {"to": Tier.TRUSTED_HOSTED, "dissent": ""}
    assert decided(instruction(by=("developer",), **low)).effective_tier is Tier.TRUSTED_HOSTED
    assert decided(instruction(by=("hub",), **low)).effective_tier is Tier.PUBLIC_HOSTED


def test_an_order_lowers_for_its_time_and_never_lifts():
    """A regulator's order holds for every version of the release that it names."""
    order = instruction(kind="order", by=("regulator",), to=Tier.SEALED, release_sha256=None)
    assert decided(order).effective_tier is Tier.SEALED
    assert decided(order, as_of=date(2026, 7, 2)).effective_tier is Tier.PUBLIC_HOSTED
    up = instruction(kind="order", by=("regulator",), to=Tier.FULLY_OPEN)
    assert decided(up).effective_tier is Tier.PUBLIC_HOSTED
    private = instruction(kind="order", by=("director", "reviewer"), to=Tier.SEALED)
    assert "signed by a regulator" in decided(private).adjustments[0].refused


def test_an_order_binds_a_lift_too():
    """The least of all limits counts."""
    lift = replace(instruction(), file="overrides/a")
    order = instruction(kind="order", by=("regulator",), to=Tier.TRUSTED_HOSTED)
    assert decided(lift, order).effective_tier is Tier.TRUSTED_HOSTED


def test_a_changed_envelope_is_no_instruction():
    """Neither another payload nor another statement is read."""
    statement = instruction_statement(
        kind="order",
        release="a/b",
        release_sha256=None,
        to=Tier.SEALED,
        computed=Tier.SEALED,
        policy_sha256="",
        made_on=AS_OF,
        until=AS_OF,
        reason="",
        dissent="",
    )
    envelope = Envelope.sign(statement, KEYS["regulator"])
    other = replace(envelope, payload=envelope.payload.replace(b"sealed", b"public", 1))
    with pytest.raises(OpenweirError):
        read_instruction(other, TRUST, file="x")
    odd = Envelope.sign(replace(statement, predicate_type="https://other"), KEYS["regulator"])
    with pytest.raises(DecisionError, match="neither an override nor an order"):
        read_instruction(odd, TRUST, file="x")


tiers = st.sampled_from(list(Tier))


@settings(max_examples=60, deadline=None)
@given(given_by.generated_cases(), given_by.policies(), tiers, tiers, st.booleans())
def test_no_instruction_ever_lifts_by_two_or_past_a_hold(case, policy, to, limit, order):
    """Law 6 over generated cases, policies, overrides, orders and holds."""
    authority = OverrideAuthority(tier=Tier.FULLY_OPEN, signatures=2, roles=ROLES[:2], days=90)
    policy = replace(policy, overrides=(authority,))
    item = instruction(case, to=to, policy=policy)
    if order:
        item = replace(item, kind="order", signers=(("r", "regulator"),))
    case = replace(case, instructions=(item,), hold=limit)
    found = decide(case, policy, AS_OF)
    assert found.effective_tier <= min(found.tier + 1, limit)
    if order:
        assert found.effective_tier <= min(found.tier, to)
    assert checker.read(found.to_bytes()) == found.tier.word


class TestSeveralPolicies:
    """The least over jurisdictions, each shown apart."""

    @settings(max_examples=60, deadline=None)
    @given(given_by.generated_cases(), given_by.policies(), given_by.policies())
    def test_the_tier_is_the_least_and_adding_one_never_raises(self, case, one, other):
        """I10: the minimum of what each says alone, and one proof that holds them all."""
        other = replace(other, id="other", sha256="1" * 64, accepted=("read",), review_days=90)
        found = decide_together(case, (one, other), AS_OF)
        alone = [decide(case, item, AS_OF) for item in (one, other)]
        assert found.tier is min(item.tier for item in alone)
        assert [item.tier for item in found.policies] == [item.tier for item in alone]
        assert found.valid_until <= max(item.valid_until for item in alone)
        assert checker.read(found.to_bytes()) == found.tier.word
        assert Decision.from_bytes(found.to_bytes()) == found

    def test_requirements_carry_their_policys_id(self):
        """Two packs may use the same rule id."""
        other = replace(POLICY, id="other", sha256="1" * 64, jurisdiction="elsewhere")
        found = decide_together(HOSTED, (POLICY, other), AS_OF)
        ids = [item.id for item in found.requirements]
        assert len(set(ids)) == len(ids)
        assert "openweir-baseline:PE2@gated-weights" in ids
        assert found.policies[1].jurisdiction == "elsewhere"

    def test_no_policy_or_one_twice_is_refused(self):
        """A policy named twice is a slip; none opens everything."""
        for policies in ((), (POLICY, POLICY)):
            with pytest.raises(DecisionError) as caught:
                decide_together(HOSTED, policies, AS_OF)
            assert caught.value.code == "decision.policies"
