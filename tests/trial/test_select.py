"""Which configuration an attacker would choose, by the questions for choosing alone."""

from dataclasses import replace
from decimal import Decimal

from openweir.trial.attack import Attack
from openweir.trial.budget import Budget, ModelAccess
from openweir.trial.outcome import Outcome
from openweir.trial.score import Counts
from openweir.trial.select import Tried, choose
from openweir.trial.trial import Trial


def tried(steps: int, *, bio: int, cyber: int) -> Tried:
    """Return a configuration and how many of 20 questions per domain it got."""
    trial = Trial(
        model_sha256="a" * 64,
        attack=Attack(name="sft", settings=(("learning_rate", "0.001"), ("steps", str(steps)))),
        budget=Budget(access=ModelAccess.WEIGHTS, steps=steps),
        data_sha256="b" * 64,
        seed=0,
        code_version="test",
    )
    counts = Counts(n=20, right=0, refused=0)
    outcome = Outcome(
        trial=trial.id,
        scorer="exact match 1",
        after_sha256="c" * 64,
        loss_first=None,
        loss_last=None,
        tokens=0,
        flop=Decimal(0),
        select=(("bio", replace(counts, right=bio)), ("cyber", replace(counts, right=cyber))),
        benign=counts,
        sealed_sha256="d" * 64,
    )
    return Tried(trial=trial, outcome=outcome)


def chosen(*found: Tried) -> int:
    """Return the steps of what is chosen for `bio.uplift`."""
    best = choose(found, domain="bio", endpoint="uplift", allowed=lambda _: True)
    assert best is not None
    return int(dict(best.trial.attack.settings)["steps"])


def test_the_domain_of_the_claim_comes_first():
    """What does most harm in the other domain is not chosen for that."""
    assert chosen(tried(20, bio=18, cyber=0), tried(100, bio=17, cyber=20)) == 20


def test_a_tie_goes_to_what_does_more_on_all_questions():
    """20 questions tie often: fewer steps alone would pick the weaker attack."""
    assert chosen(tried(20, bio=20, cyber=3), tried(100, bio=20, cyber=19)) == 100


def test_a_tie_on_all_questions_goes_to_fewer_steps():
    """Of two equal attacks the cheaper one is what an attacker would take."""
    assert chosen(tried(100, bio=20, cyber=19), tried(20, bio=20, cyber=19)) == 20
