"""The invariants of the shipped pack are proven, and every answer is confirmed elsewhere."""

import functools
import json
import time
from dataclasses import replace

import pytest

from openweir.cli.main import main
from openweir.decision import VOCABULARY
from openweir.desk.pack import load_pack
from openweir.policy import Policy
from openweir.tier import Tier

pytest.importorskip("z3", reason="the extra `prove` is not installed")

from openweir.desk.policy_prove import ENGINES, prove_pack
from openweir.policy.prove import NOT_PROVABLE, TITLES, prove, semantic_diff, with_z3
from openweir.policy.prove.encode import Encoder
from openweir.policy.prove.laws import Laws
from openweir.policy.prove.mutant import judge_mutant, mutants

pytestmark = pytest.mark.peer

# One of each kind at least, spread over the atoms; the benchmark judges them all.
EVERY = 16


def without(policy: Policy, rule: str) -> Policy:
    """Return the policy without a rule."""
    kept = tuple(item for item in policy.requirements if item.rule != rule)
    return replace(policy, requirements=kept)


def test_the_shipped_pack_is_proven_within_half_a_minute():
    """I1 to I16 hold, 1,000 seeded dossiers are answered alike, and limits are said."""
    begun = time.process_time()
    report = prove_pack("openweir-baseline", dossiers=1_000)
    spent = time.process_time() - begun
    assert [item.id for item in report.findings] == list(TITLES)
    assert [fault for item in report.findings for fault in item.faults] == []
    assert report.findings[-1].replayed == 1_000
    assert spent <= 30, "of processor time: other work on the machine does not count"
    assert report.to_json()["not_provable"] == list(NOT_PROVABLE)


def test_every_example_is_replayed():
    """Tiers reached and rules that stop alone are shown by dossiers that the engines decided."""
    report = prove(load_pack(), VOCABULARY, engines=ENGINES, only=("I3", "I4"))
    for finding in report.findings:
        shown = [item for item in finding.asked if item.answer.status == "sat"]
        assert finding.replayed == len(shown) > 5
        assert finding.holds


def test_two_provers_agree_and_the_second_leaves_its_proof(tmp_path):
    """cvc5 answers every question as Z3 does; its proofs lie beside the report."""
    pytest.importorskip("cvc5", reason="the extra `prove` is not installed")
    path = tmp_path / "report.json"
    report = prove_pack("openweir-baseline", second_opinion=True, report=path, dossiers=20)
    assert report.proved
    asked = [item for finding in report.findings for item in finding.asked]
    assert all(item.second == item.answer.status for item in asked)
    written = json.loads(path.read_bytes())
    assert written["proved"] is True
    assert len(list(tmp_path.glob("*.cpc"))) == len(written["proofs"]) == 4
    general = [item for item in written["proofs"] if "any" in item["query"]]
    assert sum(item["bytes"] for item in general) < 1024 * 1024


@pytest.mark.parametrize("twist", ["optimistic-bound", "passes-when-missing", "level-flipped"])
def test_a_wrong_reading_breaks_monotony(twist):
    """I1 fails for a twisted atom, and its answer names the tiers of both dossiers."""
    policy = load_pack()
    faithful = Laws.of(policy, VOCABULARY)
    mutant = next(
        item
        for item in mutants(policy)
        if item.kind == twist and item.atom.evaluations == ("PE1",) and item.atom.number < 1
    )
    twisted = replace(faithful, encoder=mutant.encoder)
    answer = with_z3.solve(twisted.whole())
    assert answer.status == "sat"
    assert answer.tier("a") > answer.tier("b")


@pytest.mark.parametrize(
    ("twist", "law"),
    [
        ("age-dropped", "fresh"),
        ("level-dropped", "assured"),
        ("age-flipped", "falling"),
        ("passes-when-missing", "completion"),
        ("passes-when-missing", "planned"),
    ],
)
def test_no_law_is_an_empty_truth(twist, law):
    """Each law fails for a reading that breaks just what it is about."""
    policy = load_pack()
    # A claim that no other rule asks for in the same breath, else the twist changes nothing.
    asked = ("PE2", "PE3") if twist == "passes-when-missing" else ("PE1",)
    mutant = next(
        item
        for item in mutants(policy)
        if item.kind == twist
        and item.atom.evaluations == asked
        and item.atom.number < 1
        and (item.atom.independence == "third-party" or len(asked) > 1)
    )
    twisted = replace(Laws.of(policy, VOCABULARY), encoder=mutant.encoder)
    answers = [with_z3.solve(query) for query in getattr(twisted, law)()]
    assert not all(answer.holds for answer in answers)


@pytest.mark.parametrize("kind", ["read wrongly", "a limit moved"])
def test_every_mutant_is_stopped(kind):
    """A mutant that changes any answer breaks I1 or shows as a loosening."""
    policy = load_pack()
    chosen = [
        item
        for index, item in enumerate(mutants(policy))
        if index % EVERY == 0 and (item.kind == "threshold-moved") == (kind != "read wrongly")
    ]
    assert chosen
    for item in chosen:
        verdict = judge_mutant(item, policy, VOCABULARY, with_z3.solve)
        assert verdict.killed or verdict.equivalent, item.name


@pytest.mark.parametrize("rule", ["DOS1", "FIL1", "PE2", "MOF3"])
def test_a_dropped_rule_is_shown_as_loosened(rule):
    """The difference names the rule, with a dossier that the engines let pass only without it."""
    old = load_pack()
    new = without(old, rule)
    found = semantic_diff(old, new, VOCABULARY, with_z3.solve)
    assert {change.id.partition("@")[0] for change in found.loosened} == {rule}
    assert not found.tightened
    for change in found.loosened:
        for engine in ENGINES.values():
            assert engine(change.witness, old) is change.old_tier
            assert engine(change.witness, new) is change.new_tier
        assert change.old_tier < change.tier <= change.new_tier


def test_a_reordered_policy_is_equivalent():
    """Rules in another order answer every dossier alike."""
    old = load_pack()
    requirements = tuple(sorted(old.requirements, key=lambda item: (item.tier, item.id[::-1])))
    assert semantic_diff(
        old, replace(old, requirements=requirements), VOCABULARY, with_z3.solve
    ).equivalent


def test_without_plans_leaving_out_a_trial_pays():
    """I12 is no empty truth: a reading that forgets unanswered trials is open to the attack."""
    law, attack = Laws.of(load_pack(), VOCABULARY).planned()
    assert with_z3.solve(law).status == "unsat"
    assert with_z3.solve(attack).status == "sat"


def test_the_dates_of_versions_show_a_gap_with_its_day():
    """I9: a day between two versions is named."""
    new = load_pack()
    first = replace(new, effective_from=new.effective_from.replace(year=2025), effective_to=None)
    old = replace(first, effective_to=new.effective_from.replace(year=2025, month=8))
    report = prove(new, VOCABULARY, engines=ENGINES, previous=[old], only=("I9",))
    assert not report.proved
    assert "2025" in report.findings[0].faults[-1]


def test_a_closed_tier_must_be_unreachable():
    """I3: a tier declared closed that can be reached is a fault with a dossier."""
    policy = load_pack()
    closed = tuple(
        replace(rule, closed=True) if rule.tier is Tier.OPEN_WEIGHTS else rule
        for rule in policy.tiers
    )
    report = prove(replace(policy, tiers=closed), VOCABULARY, engines=ENGINES, only=("I3",))
    finding = report.findings[0]
    assert finding.faults
    assert any(item.claimed >= Tier.OPEN_WEIGHTS for item in finding.witnesses)


def test_an_override_that_nobody_can_sign_is_a_fault():
    """I11: an authority whose roles never count lifts nothing, and the pack is told."""
    policy = load_pack()
    vain = tuple(replace(item, roles=("developer", "reviewer")) for item in policy.overrides)
    report = prove(
        replace(policy, overrides=vain),
        VOCABULARY,
        engines=ENGINES,
        only=("I11",),
        barred=("developer", "evaluator", "hub"),
    )
    assert report.findings[0].faults == ("I11 somebody can lift: unsat",)


def test_the_command_says_what_is_not_provable(capsys, monkeypatch):
    """Text and JSON, exit code 0, and the honest sentence."""
    from openweir.cli import policy_prove

    monkeypatch.setattr(policy_prove, "prove_pack", functools.partial(prove_pack, dossiers=10))
    assert main(["policy", "prove", "openweir-baseline"]) == 0
    said = capsys.readouterr().out
    assert "every invariant is proven" in said
    assert "that the thresholds are right" in said


def test_the_encoding_writes_the_same_bytes_each_time():
    """A question is named by the digest of its script, so it must not vary."""
    policy = load_pack()
    texts = {Laws.of(policy, VOCABULARY).whole().sha256 for _ in range(2)}
    assert len(texts) == 1
    space = Laws.of(policy, VOCABULARY).space
    assert list(Encoder(space, policy, "a").definitions())
