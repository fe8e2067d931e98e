"""Training compute as exact intervals, one per method; every method's answer is kept.

Methods::

    6ND        six operations per active parameter and token (data set x epochs where the
               tokens seen are not stated), plus or minus 30 %
    hardware   accelerator-hours x peak x utilisation; a stated utilisation has plus or
               minus 30 %, an unstated one is taken as 20 % to 65 % of the peak
    ceiling    nothing else is known: at most six operations per stored parameter and
               10^14 tokens
    (words)    as the case declares it, with the method the case names

10^14 tokens are more than twice the largest published training set (4.5 x 10^13 in
2026), so that a small model is shown to be below a threshold with no question asked
of anyone, and a large one is not.

Source: European Commission guidelines C(2025) 5045, annex A.2 (architecture-based and
hardware-based estimation) and paragraph 123 (a margin of 30 %).
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from openweir.dossier.accelerator import peak_of
from openweir.dossier.fact import Certainty, Estimate, Fact, Source

__all__ = ["BAND_LOWER", "BAND_UPPER", "METHODS", "estimate_compute", "hull", "weakest", "widen"]

METHODS: tuple[str, ...] = ("6ND", "hardware", "ceiling")
"""Methods computed here; any other is the case's own."""

BAND_LOWER: Decimal = Decimal("0.7")
"""Least share of an estimate that the truth may be."""

BAND_UPPER: Decimal = Decimal("1.3")
"""Largest share of an estimate that the truth may be."""

_OPERATIONS = Decimal(6)
_MOST_TOKENS = Decimal(10) ** 14
_SECONDS = Decimal(3600)
# Published runs lie between these shares of the peak; mixtures at the low end.
_LEAST_USE, _MOST_USE = Decimal("0.2"), Decimal("0.65")
# Exact up to 28 digits; beyond, the interval only ever widens.
_DOWN, _UP = Context(prec=28, rounding=ROUND_FLOOR), Context(prec=28, rounding=ROUND_CEILING)


def estimate_compute(facts: tuple[Fact, ...], *, whole_model: bool) -> tuple[Fact, ...]:
    """Compute training compute from the facts at hand, by every method they allow.

    Args:
        facts: of the release; several answers to one question are taken together, from
            the least to the most.
        whole_model: False when only an adapter is in the folder, whose size says nothing
            about the compute of the model it changes.

    Returns:
        One fact per method; none when nothing follows.
    """
    found = [_hardware(facts)]
    if whole_model:
        found.insert(0, _architecture(facts))
    computed = tuple(fact for fact in found if fact is not None)
    if computed or _of(facts, "training-compute") or not whole_model:
        return computed
    return _ceiling(facts)


def hull(facts: tuple[Fact, ...]) -> Estimate:
    """Return the least interval that holds the intervals of all these facts."""
    values = [fact.value for fact in facts if isinstance(fact.value, Estimate)]
    return Estimate(
        lower=min(value.lower for value in values), upper=max(value.upper for value in values)
    )


def widen(value: Estimate) -> Estimate:
    """Return the interval with the margin of 30 % on both sides."""
    return _product((value,), BAND_LOWER, BAND_UPPER)


def weakest(facts: tuple[Fact, ...]) -> Certainty:
    """Return how surely something computed from these facts is known."""
    found = {fact.certainty for fact in facts}
    for weak in (Certainty.MEMORY, Certainty.SECONDARY):
        if weak in found:
            return weak
    return Certainty.COMPUTED


def _architecture(facts: tuple[Fact, ...]) -> Fact | None:
    # [C(2025) 5045, annex A.2.2] C = 6 P D, with the parameters active for one token.
    parameters = _of(facts, "active-parameters") or _of(facts, "parameters")
    tokens = _of(facts, "training-tokens")
    once, epochs = _of(facts, "dataset-tokens"), _of(facts, "epochs")
    if not parameters or not (tokens or once):
        return None
    if tokens:
        used, words = tokens, "tokens"
        factors: tuple[Estimate, ...] = (hull(parameters), hull(tokens))
    elif epochs:
        used, words = once + epochs, "tokens x epochs"
        factors = (hull(parameters), hull(once), hull(epochs))
    else:
        used, factors, words = once, (hull(parameters), hull(once)), "tokens, gone through once"
    return _fact(
        _product(factors, _OPERATIONS * BAND_LOWER, _OPERATIONS * BAND_UPPER),
        "6ND",
        f"6 x active parameters x {words}, +-30 %",
        weakest(parameters + used),
    )


def _hardware(facts: tuple[Fact, ...]) -> Fact | None:
    # [C(2025) 5045, annex A.2.1] C = N L H U: accelerators x seconds x peak x utilisation.
    hours, peaks = _of(facts, "accelerator-hours"), _of(facts, "accelerator-peak")
    use = _of(facts, "utilisation")
    if not hours:
        return None
    certainty = weakest(hours + peaks + use)
    if peaks:
        peak = hull(peaks)
    else:
        named = [
            peak_of(fact.value)
            for fact in facts
            if fact.predicate == "accelerator" and isinstance(fact.value, str)
        ]
        known = [speed for speed in named if speed is not None]
        # One accelerator that is not known may be faster than all that are.
        if not known or len(known) != len(named):
            return None
        peak = Estimate(lower=min(known), upper=max(known))
        certainty = Certainty.MEMORY if certainty is Certainty.MEMORY else Certainty.SECONDARY
    if use:
        value = _product(
            (hull(hours), peak, hull(use)), _SECONDS * BAND_LOWER, _SECONDS * BAND_UPPER
        )
        told = "stated utilisation, +-30 %"
    else:
        value = _product((hull(hours), peak), _SECONDS * _LEAST_USE, _SECONDS * _MOST_USE)
        told = "20 % to 65 % of it"
    return _fact(value, "hardware", f"accelerator-hours x peak x {told}", certainty)


def _ceiling(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    stored = _of(facts, "parameters")
    if not stored:
        return ()
    upper = _UP.multiply(_OPERATIONS * _MOST_TOKENS, hull(stored).upper)
    ref = "6 x parameters x 10^14 tokens at the most"
    return (_fact(Estimate(lower=Decimal(0), upper=upper), "ceiling", ref, weakest(stored)),)


def _fact(value: Estimate, method: str, ref: str, certainty: Certainty) -> Fact:
    return Fact(
        predicate="training-compute",
        value=value,
        unit="FLOP",
        source=Source(kind="computation", ref=ref),
        method=method,
        certainty=certainty,
    )


def _product(factors: tuple[Estimate, ...], least: Decimal, most: Decimal) -> Estimate:
    """Multiply from below and from above; only what is past 28 digits is rounded, outwards."""
    lower, upper = least, most
    for factor in factors:
        lower, upper = _DOWN.multiply(lower, factor.lower), _UP.multiply(upper, factor.upper)
    return Estimate(lower=lower, upper=upper)


def _of(facts: tuple[Fact, ...], predicate: str) -> tuple[Fact, ...]:
    return tuple(
        fact
        for fact in facts
        if fact.predicate == predicate
        and fact.subject == "release"
        and isinstance(fact.value, Estimate)
    )
