"""Training compute: an exact interval, its method, and how surely it is known."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.dossier import Certainty, Estimate, Fact, Source
from openweir.dossier.compute import estimate_compute, weakest


def fact(predicate, lower, upper=None, certainty=Certainty.READ):
    """Return a numeric fact."""
    units = {"training-tokens": "token", "training-compute": "FLOP"}
    return Fact(
        predicate=predicate,
        value=Estimate(lower=Decimal(lower), upper=Decimal(lower if upper is None else upper)),
        unit=units.get(predicate, "parameter"),
        source=Source(kind="statement", ref="case.toml"),
        method="stated",
        certainty=certainty,
    )


def one(*facts, whole_model=True):
    """Return the one computed fact."""
    [found] = estimate_compute(facts, whole_model=whole_model)
    return found


def test_tokens_and_active_parameters_give_6nd():
    """DeepSeek-V3: 37e9 active of 671e9, 14.8e12 tokens: 3.3e24 within the band."""
    found = one(
        fact("parameters", "671e9"), fact("active-parameters", "37e9"),
        fact("training-tokens", "14.8e12"),
    )  # fmt: skip
    assert found.method == "6ND"
    middle = 6 * Decimal("37e9") * Decimal("14.8e12")
    assert found.value == Estimate(lower=middle * Decimal("0.7"), upper=middle * Decimal("1.3"))
    assert found.unit == "FLOP"


def test_unknown_tokens_give_the_ceiling():
    """Without tokens the interval runs from zero to ten to the fourteenth tokens."""
    found = one(fact("parameters", "100e6"))
    assert found.method == "ceiling"
    assert found.value == Estimate(lower=Decimal(0), upper=Decimal("6e22"))


def test_the_ceiling_covers_every_published_training_set():
    """The assumption behind the ceiling is more than twice the largest published count."""
    found = one(fact("parameters", 1))
    assert isinstance(found.value, Estimate)
    assert found.value.upper / 6 > 2 * Decimal("4.5e13")


def test_several_answers_are_taken_together():
    """Two parameter counts and two token counts give the widest interval."""
    found = one(
        fact("parameters", 10), fact("parameters", 20),
        fact("training-tokens", 100), fact("training-tokens", 200, 300),
    )  # fmt: skip
    assert found.value == Estimate(
        lower=6 * 10 * 100 * Decimal("0.7"), upper=6 * 20 * 300 * Decimal("1.3")
    )


def test_declared_compute_takes_the_place_of_the_ceiling_only():
    """With declared compute there is no ceiling; 6ND is kept beside it."""
    declared = fact("training-compute", "1e24", certainty=Certainty.DECLARED)
    assert estimate_compute((fact("parameters", 10), declared), whole_model=True) == ()
    both = one(fact("parameters", 10), fact("training-tokens", 10), declared)
    assert both.method == "6ND"


def test_an_adapter_says_nothing_of_compute():
    """The size of an adapter is not that of the model it changes."""
    facts = (fact("parameters", 10), fact("training-tokens", 10))
    assert estimate_compute(facts, whole_model=False) == ()
    assert estimate_compute((), whole_model=True) == ()


@pytest.mark.parametrize(
    ("certainties", "expected"),
    [
        (("read", "declared"), "computed"),
        (("verified", "quoted"), "computed"),
        (("read", "secondary"), "secondary"),
        (("memory", "secondary"), "memory"),
    ],
)
def test_a_computed_fact_is_as_sure_as_its_weakest_input(certainties, expected):
    """Hearsay stays hearsay through arithmetic."""
    facts = tuple(fact("parameters", 1, certainty=Certainty(word)) for word in certainties)
    assert weakest(facts) == Certainty(expected)


@given(
    st.integers(1, 10**14), st.integers(0, 10**14), st.integers(1, 10**15), st.integers(0, 10**15)
)
def test_law_the_interval_holds_six_n_d(n, more_n, d, more_d):
    """For every N and D in their intervals, 6ND lies inside; bounds only ever widen."""
    found = one(fact("parameters", n, n + more_n), fact("training-tokens", d, d + more_d)).value
    assert isinstance(found, Estimate)
    assert found.lower <= 6 * n * d <= 6 * (n + more_n) * (d + more_d) <= found.upper


@given(st.integers(1, 10**14), st.integers(0, 10**14))
def test_law_more_parameters_never_give_less_compute(n, more):
    """Both ends of the ceiling are monotone in the parameters."""
    small, large = one(fact("parameters", n)).value, one(fact("parameters", n + more)).value
    assert isinstance(small, Estimate)
    assert isinstance(large, Estimate)
    assert small.upper <= large.upper
