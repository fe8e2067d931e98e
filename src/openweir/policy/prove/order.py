"""What one symbolic dossier can be to another: itself possible, weaker, partial, older.

`weaker(a, b)` is the order of law 2. It is wider than the widening of intervals: only
the dangerous end of an interval has to be worse. A trial more that has no answer is
weaker; an answer that was not planned is nothing at all.
"""

from collections.abc import Iterator

from openweir.policy import Policy
from openweir.policy.prove.space import (
    ClaimAxis,
    FactAxis,
    Space,
    licence_symbols,
    role_symbols,
    word_symbols,
)
from openweir.policy.prove.term import all_of, any_of, equal, implies, negate, number

__all__ = ["MOST_DAYS", "domain", "less_answered", "older", "partial", "weaker"]

MOST_DAYS = 3_650
"""Most days an answer of a symbolic dossier is old: the longest shelf life there can be."""

_PLAN_PARTS = ("planned", "evaluation", "asked_rung")
_RESULT_PARTS = (
    *("rung", "bound", "age", "independence", "access", "confidence", "cert", "lo", "hi"),
)


def domain(space: Space, dossier: str) -> Iterator[str]:
    """Yield what holds of every dossier: numbers lie on their scales, intervals are intervals."""
    last = len(space.vocabulary.certainties) - 1
    for fact in space.facts:
        yield _within(f"{fact.key}_cert_{dossier}", 0, last)
        if fact.kind == "estimate":
            yield f"(<= {fact.key}_lo_{dossier} {fact.key}_hi_{dossier})"
            yield f"(>= {fact.key}_lo_{dossier} 0)"
        elif fact.kind != "texts":
            yield _at_most_one([f"{symbol}_{dossier}" for symbol in word_symbols(fact)])
    for item in space.components:
        yield _within(f"{item.key}_cert_{dossier}", 0, last)
        yield _at_most_one([f"{symbol}_{dossier}" for symbol in licence_symbols(item)])
    for claim in space.claims:
        for slot in claim.slots:
            yield from _trial_domain(space, claim, slot, dossier)
    for grant in space.grants:
        yield _within(f"{grant.key}_days_{dossier}", -MOST_DAYS, MOST_DAYS)


def weaker(space: Space, policy: Policy, one: str, other: str) -> Iterator[str]:
    """Yield that dossier `one` shows at most what dossier `other` shows, for `policy`."""
    yield implies(f"plan_bound_{one}", f"plan_bound_{other}")
    for fact in space.facts:
        yield _weaker_fact(space, fact, policy, one, other)
    for item in space.components:
        same = [equal(f"{symbol}_{one}", f"{symbol}_{other}") for symbol in licence_symbols(item)]
        none = [negate(f"{symbol}_{one}") for symbol in licence_symbols(item)]
        yield any_of(
            (
                negate(f"{item.key}_released_{one}"),
                all_of(
                    (
                        f"{item.key}_released_{other}",
                        _as_sure(space, policy, f"{item.key}_cert", one, other),
                        any_of((all_of(same), all_of(none))),
                    )
                ),
            )
        )
    for claim in space.claims:
        for slot in claim.slots:
            yield from _weaker_trial(space, policy, claim, slot, one, other)
    for grant in space.grants:
        yield f"(<= {grant.key}_days_{one} {grant.key}_days_{other})"
        yield from (implies(f"{role}_{one}", f"{role}_{other}") for role in role_symbols(grant))


def partial(space: Space, one: str, other: str) -> Iterator[str]:
    """Yield that `one` is `other` with some of it left out: each piece is the same or absent."""
    yield equal(f"plan_bound_{one}", f"plan_bound_{other}")
    for fact in space.facts:
        if fact.kind == "estimate":
            parts = ("known", "unit", "lo", "hi", "cert")
            same = [
                equal(f"{fact.key}_{part}_{one}", f"{fact.key}_{part}_{other}") for part in parts
            ]
            absent = negate(f"{fact.key}_known_{one}")
        else:
            symbols = (*word_symbols(fact), f"{fact.key}_cert")
            same = [equal(f"{symbol}_{one}", f"{symbol}_{other}") for symbol in symbols]
            absent = all_of(negate(f"{symbol}_{one}") for symbol in word_symbols(fact))
        yield any_of((all_of(same), absent))
    for item in space.components:
        symbols = (*licence_symbols(item), f"{item.key}_cert", f"{item.key}_released")
        same = [equal(f"{symbol}_{one}", f"{symbol}_{other}") for symbol in symbols]
        yield any_of((all_of(same), negate(f"{item.key}_released_{one}")))
    yield from less_answered(space, one, other)
    for grant in space.grants:
        symbols = (*role_symbols(grant), f"{grant.key}_days")
        same = [equal(f"{symbol}_{one}", f"{symbol}_{other}") for symbol in symbols]
        yield any_of((all_of(same), f"(< {grant.key}_days_{one} 0)"))


def less_answered(space: Space, one: str, other: str) -> Iterator[str]:
    """Yield that `one` has the plan of `other` and some of its answers, unchanged."""
    for claim in space.claims:
        for slot in claim.slots:
            for part in (*_PLAN_PARTS, *_RESULT_PARTS):
                yield equal(f"{slot}_{part}_{one}", f"{slot}_{part}_{other}")
            yield implies(f"{slot}_answered_{one}", f"{slot}_answered_{other}")


def older(space: Space, one: str, other: str, days: str) -> Iterator[str]:
    """Yield that `one` is `other` looked at `days` later, nothing dated ahead."""
    yield f"(>= {days} 0)"
    for symbol, _ in space.variables(""):
        stem = symbol.removesuffix("_")
        if stem.endswith("_age"):
            yield equal(f"{stem}_{one}", f"(+ {stem}_{other} {days})")
            yield f"(>= {stem}_{other} 0)"
        elif stem.endswith("_days"):
            yield equal(f"{stem}_{one}", f"(- {stem}_{other} {days})")
        else:
            yield equal(f"{stem}_{one}", f"{stem}_{other}")


def _within(symbol: str, low: int, high: int) -> str:
    return f"(<= {number(low)} {symbol} {number(high)})"


def _at_most_one(symbols: list[str]) -> str:
    pairs = [
        negate(all_of((one, other)))
        for index, one in enumerate(symbols)
        for other in symbols[index + 1 :]
    ]
    return all_of(pairs)


def _trial_domain(space: Space, claim: ClaimAxis, slot: str, dossier: str) -> Iterator[str]:
    words = space.vocabulary
    scales = (
        ("evaluation", words.evaluations),
        ("asked_rung", words.rungs),
        ("rung", words.rungs),
        ("independence", words.independences),
        ("access", words.accesses),
        ("cert", words.certainties),
    )
    for part, scale in scales:
        yield _within(f"{slot}_{part}_{dossier}", 0, len(scale) - 1)
    yield _within(f"{slot}_age_{dossier}", -MOST_DAYS, 2 * MOST_DAYS)
    places = claim.confidence_places
    yield _within(f"{slot}_confidence_{dossier}", 95 * 10 ** (places - 2), 10**places - 1)
    yield all_of(
        (
            f"(<= 0 {slot}_lo_{dossier})",
            f"(<= {slot}_lo_{dossier} {slot}_hi_{dossier})",
            f"(<= {slot}_hi_{dossier} {10**claim.places})",
        )
    )


def _as_sure(space: Space, policy: Policy, symbol: str, one: str, other: str) -> str:
    """Return that `one` is no surer than `other`, as far as the policy sees it."""
    return implies(
        _accepted(space, policy, f"{symbol}_{one}"), _accepted(space, policy, f"{symbol}_{other}")
    )


def _accepted(space: Space, policy: Policy, symbol: str) -> str:
    words = space.vocabulary.certainties
    return any_of(equal(symbol, number(words.index(word))) for word in policy.accepted)


def _weaker_fact(space: Space, fact: FactAxis, policy: Policy, one: str, other: str) -> str:
    sure = _as_sure(space, policy, f"{fact.key}_cert", one, other)
    if fact.kind == "estimate":
        known = all_of(
            (
                f"{fact.key}_known_{other}",
                sure,
                implies(f"{fact.key}_unit_{one}", f"{fact.key}_unit_{other}"),
                f"(<= {fact.key}_lo_{one} {fact.key}_lo_{other})",
                f"(>= {fact.key}_hi_{one} {fact.key}_hi_{other})",
            )
        )
        return any_of((negate(f"{fact.key}_known_{one}"), known))
    symbols = word_symbols(fact)
    none = all_of(negate(f"{symbol}_{one}") for symbol in symbols)
    if fact.kind == "texts":
        # A longer list says less of what is asked: only these and no others.
        pairs = [implies(f"{symbol}_{other}", f"{symbol}_{one}") for symbol in symbols]
        some = any_of(f"{symbol}_{other}" for symbol in symbols)
        return any_of((none, all_of((some, sure, *pairs))))
    same = [equal(f"{symbol}_{one}", f"{symbol}_{other}") for symbol in symbols]
    return any_of((none, all_of((sure, *same))))


def _weaker_trial(  # noqa: PLR0917 - one trial of two dossiers
    space: Space, policy: Policy, claim: ClaimAxis, slot: str, one: str, other: str
) -> Iterator[str]:
    def both(part: str) -> tuple[str, str]:
        return f"{slot}_{part}_{one}", f"{slot}_{part}_{other}"

    for part in ("evaluation", "asked_rung"):
        yield equal(*both(part))
    planned, planned_other = both("planned")
    answered, answered_other = both("answered")
    yield implies(planned_other, planned)
    yield implies(all_of((planned, negate(planned_other))), negate(answered))
    age, age_other = both("age")
    safe_end, sign = ("hi", ">=") if claim.sense == "at-most" else ("lo", "<=")
    no_better = [answered_other, implies(*both("bound"))]
    no_better += [
        f"(<= {worse} {better})"
        for worse, better in map(both, ("rung", "independence", "access", "confidence"))
    ]
    no_better += [
        _as_sure(space, policy, f"{slot}_cert", one, other),
        f"({sign} {both(safe_end)[0]} {both(safe_end)[1]})",
        # Dated ahead is no answer yet; else only an older one is weaker.
        f"(ite (< {age_other} 0) (< {age} 0) (or (< {age} 0) (>= {age} {age_other})))",
    ]
    yield implies(all_of((planned_other, answered)), all_of(no_better))
