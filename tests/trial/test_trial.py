"""A trial's id: one bit changed, another trial."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.errors import OpenweirError
from openweir.evidence import Rung
from openweir.trial import Attack, Budget, ModelAccess, Trial, prune, quantise

TRIAL = Trial(
    model_sha256="aa" * 32,
    attack=prune(Decimal("0.3")),
    budget=Budget(access=ModelAccess.WEIGHTS),
    data_sha256="bb" * 32,
    seed=7,
    code_version="0.1.0",
)


def test_the_id_is_known():
    """The id is a promise over versions: this one must never change."""
    assert TRIAL.id == "729410132d956d51"
    assert replace(TRIAL).id == TRIAL.id


@given(st.integers(0, 255), st.sampled_from(["model_sha256", "data_sha256"]))
def test_one_bit_of_a_digest_is_another_trial(bit, name):
    """Another model or other data is another trial, by a single bit."""
    flipped = int(getattr(TRIAL, name), 16) ^ (1 << bit)
    assert replace(TRIAL, **{name: f"{flipped:064x}"}).id != TRIAL.id


@given(
    st.one_of(
        st.builds(lambda seed: {"seed": seed}, st.integers(min_value=0, max_value=2**64)),
        st.builds(lambda word: {"code_version": word}, st.text("0123456789.", min_size=1)),
        st.builds(
            lambda steps: {"budget": Budget(access=ModelAccess.WEIGHTS, steps=steps)},
            st.integers(0, 10**6),
        ),
        st.builds(lambda part: {"attack": prune(Decimal(part) / 100)}, st.integers(1, 99)),
        st.builds(lambda bits: {"attack": quantise(bits)}, st.integers(2, 8)),
        st.just({"data_sha256": None}),
    )
)
def test_the_id_follows_the_value(change):
    """Two trials have the same id exactly when they are the same."""
    other = replace(TRIAL, **change)
    assert (other.id == TRIAL.id) == (other == TRIAL)


def test_handed_over_in_the_words_of_evidence():
    """An evidence file tells the rung and the budget in words."""
    attack = TRIAL.as_attack()
    assert attack.rung is Rung.A1
    assert dict(attack.budget)["attack"] == "prune"
    assert dict(attack.budget)["trial"] == TRIAL.id
    assert list(attack.budget) == sorted(attack.budget)


@pytest.mark.parametrize(
    "change",
    [{"model_sha256": "AA" * 32}, {"data_sha256": "1"}, {"seed": -1}, {"code_version": ""}],
)
def test_incomplete_is_refused(change):
    """A trial that could be confused with another is none."""
    with pytest.raises(OpenweirError):
        replace(TRIAL, **change)


@pytest.mark.parametrize("fraction", ["0", "1", "NaN", "-0.1"])
def test_pruning_nothing_or_all_is_no_attack(fraction):
    """A fraction lies strictly between."""
    with pytest.raises(OpenweirError) as caught:
        prune(Decimal(fraction))
    assert caught.value.code == "trial.fraction"


def test_attacks_are_plain_values():
    """An attack is told by its name and settings alone."""
    assert quantise(4) == Attack(name="quantise", settings=(("bits", "4"),))
