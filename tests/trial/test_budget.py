"""Budgets and the rungs they reach."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.errors import TrialError
from openweir.evidence import Rung
from openweir.trial import Budget, DataAccess, ModelAccess, Skill, rung_of

BUDGETS = st.builds(
    Budget,
    access=st.just(ModelAccess.WEIGHTS),
    examples=st.integers(0, 1000),
    tokens=st.integers(0, 10**9),
    steps=st.integers(0, 20_000),
    usd=st.decimals(0, 5_000_000, allow_nan=False),
    data=st.sampled_from(DataAccess),
    skill=st.sampled_from(Skill),
)


@pytest.mark.parametrize(
    ("spent", "rung"),
    [
        ({}, Rung.A0),
        ({"access": ModelAccess.WEIGHTS}, Rung.A1),
        ({"access": ModelAccess.WEIGHTS, "examples": 9, "steps": 100}, Rung.A1),
        ({"access": ModelAccess.WEIGHTS, "examples": 10, "steps": 100}, Rung.A2),
        ({"access": ModelAccess.WEIGHTS, "examples": 10, "steps": 101}, Rung.A3),
        ({"access": ModelAccess.WEIGHTS, "steps": 9_999}, Rung.A3),
        ({"access": ModelAccess.WEIGHTS, "steps": 10_000}, Rung.A4),
        ({"access": ModelAccess.WEIGHTS, "tokens": 300_000_000}, Rung.A4),
        (
            {
                "access": ModelAccess.WEIGHTS,
                "steps": 10_000,
                "usd": Decimal(1_000_000),
                "data": DataAccess.EXPERT,
                "skill": Skill.EXPERT,
            },
            Rung.A5,
        ),
    ],
)
def test_rungs(spent, rung):
    """A rung is reached when its low end was spent, not before."""
    assert rung_of(Budget(**spent)) is rung


@given(BUDGETS, BUDGETS)
def test_more_never_reaches_less(one, other):
    """Spending at least as much of everything never lowers the rung."""
    names = ("access", "examples", "tokens", "steps", "usd", "data", "skill")
    most = Budget(**{name: max(getattr(one, name), getattr(other, name)) for name in names})
    assert rung_of(most) >= max(rung_of(one), rung_of(other))


@pytest.mark.parametrize(
    "spent",
    [
        {"steps": -1},
        {"usd": Decimal("NaN")},
        {"flop": Decimal(-1)},
        {"steps": 5},
    ],
)
def test_what_nobody_can_spend_is_refused(spent):
    """Negative, unreal and contradictory budgets are refused."""
    with pytest.raises(TrialError) as caught:
        Budget(**spent)
    assert caught.value.code == "trial.budget"
