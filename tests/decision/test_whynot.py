"""Why-not by example: what is spared, what is merged, what is capped."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

import decision_cases as cases
from decision_strategies import QUOTE
from openweir.decision import decide
from openweir.decision.whynot import _shows
from openweir.desk.pack import load_pack
from openweir.policy import All, Any, AtLeast, ClaimAtom, FactAtom, Requirement
from openweir.tier import Tier

AS_OF = date(2026, 6, 1)
NAMES = (
    "architecture",
    "baseline-anchor",
    "baseline-set",
    "context-length",
    "datasets",
    "dtypes",
    "licence",
    "parameters",
    "release-date",
    "released-as",
    "safety-evaluation",
    "tamper-evaluation",
    "tokenizer",
    "training-tokens",
)
BASE = load_pack()
STRONG = ClaimAtom(
    claim="bio.uplift",
    sense="at-most",
    number=Decimal("0.05"),
    evaluations=("PE2",),
    rung="A3",
    independence="third-party",
    access="AL3",
    shelf_life_days=90,
    confidence=Decimal("0.95"),
)


def known(name):
    """Return an atom that an empty dossier does not show."""
    return FactAtom(predicate=name, test="known")


def lack(*formulas):
    """Return what an empty case lacks for a policy of these formulas."""
    requirements = tuple(
        Requirement(
            id=f"R{index}@open-weights", tier=Tier.OPEN_WEIGHTS, text="t", source=QUOTE, formula=f
        )
        for index, f in enumerate(formulas)
    )
    policy = replace(BASE, requirements=requirements)
    decision = decide(cases.case({}, (), components=[]), policy, AS_OF)
    return next(item for item in decision.whynot if item.tier is Tier.OPEN_WEIGHTS)


def labels(found):
    """Return the sets as lists of labels."""
    return [[need.label for need in needs] for needs in found.sets]


def test_the_same_question_is_asked_once():
    """Two requirements with the same atom need one answer."""
    found = lack(All(children=(known("contact"),)), Any(children=(known("contact"),)))
    assert labels(found) == [["contact is known"]]
    assert found.blocking == ("R0@open-weights", "R1@open-weights")


def test_a_set_that_holds_another_is_not_minimal_and_does_not_use_up_the_room():
    """Eight choices with one common way: two minimal sets, not two to the eighth."""
    names = NAMES[:8]
    found = lack(*(Any(children=(known("contact"), known(name))) for name in names))
    assert found.complete
    assert labels(found) == [["contact is known"], [f"{name} is known" for name in names]]


def test_at_least_k_gives_every_choice_of_k():
    """Two of three: three sets of two."""
    found = lack(AtLeast(k=2, children=tuple(map(known, ("contact", "licence", "card")))))
    assert labels(found) == [
        ["card is known", "contact is known"],
        ["card is known", "licence is known"],
        ["contact is known", "licence is known"],
    ]


def test_very_many_sets_are_cut_and_it_is_said():
    """The smallest are kept, and the answer does not claim to be all of them."""
    names = NAMES
    pairs = [Any(children=(known(names[i]), known(names[i + 1]))) for i in range(0, len(names), 2)]
    found = lack(*pairs)
    assert not found.complete
    assert len(found.sets) == 48
    assert all(len(needs) == 7 for needs in found.sets)


def test_the_stricter_question_answers_the_weaker_one():
    """A set does not ask for gated numbers where it asks for open ones."""
    found = lack(STRONG, replace(STRONG, rung="A2", access="AL2", shelf_life_days=120))
    (need,) = found.sets[0]
    assert "PE2 at rung A3 or harder" in need.asked
    assert "access AL3 or deeper, at most 90 days old" in need.asked


@pytest.mark.parametrize(
    "change",
    [
        {"number": Decimal("0.06")},
        {"evaluations": ("PE2", "PE3")},
        {"rung": "A2"},
        {"independence": "self"},
        {"access": "AL1"},
        {"shelf_life_days": 91},
        {"confidence": Decimal("0.9")},
    ],
)
def test_one_answer_shows_another_only_from_strict_to_weak(change):
    """Every demand counts, each in its own direction."""
    weak = replace(STRONG, **change)
    assert _shows(STRONG, weak)
    assert not _shows(weak, STRONG)


def test_one_answer_never_shows_another_claim_or_the_bare_model():
    """Another claim is another question; a guarded system is not the bare model."""
    assert not _shows(STRONG, replace(STRONG, claim="cyber.uplift"))
    system = replace(STRONG, claim="misuse.safeguard", sense="at-least", evaluations=("SYS",))
    assert not _shows(system, replace(system, evaluations=("PE1", "SYS")))
    assert _shows(system, replace(system, number=Decimal("0.01")))
    assert not _shows(replace(system, number=Decimal("0.01")), system)
