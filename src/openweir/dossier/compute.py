"""Training compute as an exact interval with its method; every method's answer is kept.

Methods::

    6ND       six operations per active parameter and token, plus or minus 30 %
    ceiling   nothing is known of the tokens: at most six operations per stored parameter
              and 10^14 tokens
    (words)   as the case declares it, with the method the case names

10^14 tokens are more than twice the largest published training set (4.5 x 10^13 in
2026), so that a small model is shown to be below a threshold with no question asked
of anyone, and a large one is not. Not computed yet: from accelerator-hours.

Source: European Commission guidelines C(2025) 5045, Annex (architecture-based and
hardware-based estimation); reference models of that annex lie within the band.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from openweir.dossier.fact import Certainty, Estimate, Fact, Source

__all__ = ["estimate_compute", "weakest"]

_OPERATIONS = Decimal(6)
_BAND_LOWER, _BAND_UPPER = Decimal("0.7"), Decimal("1.3")
_MOST_TOKENS = Decimal(10) ** 14
# Exact up to 28 digits; beyond, the interval only ever widens.
_DOWN, _UP = Context(prec=28, rounding=ROUND_FLOOR), Context(prec=28, rounding=ROUND_CEILING)


def estimate_compute(facts: tuple[Fact, ...], *, whole_model: bool) -> tuple[Fact, ...]:
    """Compute training compute from the facts at hand.

    Args:
        facts: of the release; several answers to one question are taken together, from
            the least to the most.
        whole_model: False when only an adapter is in the folder, whose size says nothing
            about the compute of the model it changes.

    Returns:
        One fact, or none when nothing follows.
    """
    if not whole_model:
        return ()
    stored, active = _of(facts, "parameters"), _of(facts, "active-parameters")
    tokens = _of(facts, "training-tokens")
    parameters = active or stored
    if parameters and tokens:
        least, most = _hull(parameters), _hull(tokens)
        lower = _DOWN.multiply(_OPERATIONS * _BAND_LOWER, _DOWN.multiply(least.lower, most.lower))
        upper = _UP.multiply(_OPERATIONS * _BAND_UPPER, _UP.multiply(least.upper, most.upper))
        used = parameters + tokens
        method, ref = "6ND", "6 x active parameters x tokens, +-30 %"
    elif stored and not _of(facts, "training-compute"):
        lower, upper = Decimal(0), _UP.multiply(_OPERATIONS * _MOST_TOKENS, _hull(stored).upper)
        used, method, ref = stored, "ceiling", "6 x parameters x 10^14 tokens at the most"
    else:
        return ()
    return (
        Fact(
            predicate="training-compute",
            value=Estimate(lower=lower, upper=upper),
            unit="FLOP",
            source=Source(kind="computation", ref=ref),
            method=method,
            certainty=weakest(used),
        ),
    )


def weakest(facts: tuple[Fact, ...]) -> Certainty:
    """Return how surely something computed from these facts is known."""
    found = {fact.certainty for fact in facts}
    for weak in (Certainty.MEMORY, Certainty.SECONDARY):
        if weak in found:
            return weak
    return Certainty.COMPUTED


def _of(facts: tuple[Fact, ...], predicate: str) -> tuple[Fact, ...]:
    return tuple(
        fact
        for fact in facts
        if fact.predicate == predicate
        and fact.subject == "release"
        and isinstance(fact.value, Estimate)
    )


def _hull(facts: tuple[Fact, ...]) -> Estimate:
    values = [fact.value for fact in facts if isinstance(fact.value, Estimate)]
    return Estimate(
        lower=min(value.lower for value in values), upper=max(value.upper for value in values)
    )
