"""Seeded dossiers on which the encoding and the engines are held against each other.

Most random dossiers are sealed, so most of these start from one that reaches a tier and
have a few of their variables drawn anew: on a limit, or one step of the grid beside it.
"""

import random
from collections.abc import Iterator, Mapping, Sequence

from openweir.policy import ClaimAtom, FactAtom, Policy
from openweir.policy.prove.order import MOST_DAYS
from openweir.policy.prove.space import Space, atoms_of
from openweir.policy.prove.term import scaled

__all__ = ["samples"]

_Values = Mapping[str, int | bool]
_MOST_CHANGES = 6


def samples(
    space: Space, policy: Policy, starts: Sequence[_Values], count: int, *, seed: int = 0
) -> Iterator[dict[str, int | bool]]:
    """Yield the values of all variables of dossier `a`, `count` times.

    Args:
        space: the variables.
        policy: whose limits are drawn.
        starts: values of dossiers that reach some tier; the others are drawn whole.
        count: how many.
        seed: the same seed, the same dossiers.
    """
    chance = random.Random(seed)  # noqa: S311 - reproducible, not secret
    drawn = _choices(space, policy)
    symbols = list(drawn)
    for index in range(count):
        values: dict[str, int | bool] = {symbol: chance.choice(drawn[symbol]) for symbol in symbols}
        if starts and index % 5:
            start = starts[index % len(starts)]
            changed = chance.sample(symbols, min(len(symbols), chance.randrange(_MOST_CHANGES)))
            values = {
                symbol: values[symbol] if symbol in changed else start.get(symbol, drawn[symbol][0])
                for symbol in symbols
            }
        yield _possible(space, values)


def _choices(space: Space, policy: Policy) -> dict[str, list[int | bool]]:
    """Return what each variable can be drawn from; the first is what an idle one is."""
    found: dict[str, list[int | bool]] = {
        symbol: [False, True] if sort == "Bool" else [0] for symbol, sort in space.variables("a")
    }
    words = space.vocabulary
    scales = {
        "evaluation": words.evaluations,
        "asked_rung": words.rungs,
        "rung": words.rungs,
        "independence": words.independences,
        "access": words.accesses,
        "cert": words.certainties,
    }
    for symbol in found:
        scale = scales.get(symbol.removesuffix("_a").partition("_")[2])
        if scale is not None:
            found[symbol] = list(range(len(scale)))
    atoms = atoms_of(policy)
    for fact in space.facts:
        limits = [
            scaled(atom.number, fact.places)
            for atom in atoms
            if isinstance(atom, FactAtom)
            and atom.predicate == fact.predicate
            and atom.number is not None
        ]
        if fact.kind == "estimate":
            for end in ("lo", "hi"):
                found[f"{fact.key}_{end}_a"] = _beside([0, *limits], None)
    for claim in space.claims:
        asked = [
            atom for atom in atoms if isinstance(atom, ClaimAtom) and atom.claim == claim.claim
        ]
        most, surest = 10**claim.places, 10**claim.confidence_places
        ends = _beside([0, most, *(scaled(a.number, claim.places) for a in asked)], most)
        sure = [scaled(a.confidence, claim.confidence_places) for a in asked]
        for slot in claim.slots:
            found[f"{slot}_lo_a"] = found[f"{slot}_hi_a"] = ends
            found[f"{slot}_confidence_a"] = _beside(sure, surest - 1)
            ages = _beside([0, *(atom.shelf_life_days for atom in asked)], MOST_DAYS)
            found[f"{slot}_age_a"] = [*ages, -1, -30]
    for grant in space.grants:
        found[f"{grant.key}_days_a"] = [0, -1, 1, 30]
    return found


def _beside(limits: list[int], most: int | None) -> list[int | bool]:
    near = {limit + step for limit in limits for step in (-1, 0, 1)}
    return [value for value in sorted(near) if value >= 0 and (most is None or value <= most)]


def _possible(space: Space, values: dict[str, int | bool]) -> dict[str, int | bool]:
    """Put intervals in order and leave one word where there can be only one."""
    keys = [fact.key for fact in space.facts if fact.kind == "estimate"]
    for key in [*keys, *(slot for claim in space.claims for slot in claim.slots)]:
        ends = sorted((int(values[f"{key}_lo_a"]), int(values[f"{key}_hi_a"])))
        values[f"{key}_lo_a"], values[f"{key}_hi_a"] = ends
    single = [fact.key for fact in space.facts if fact.kind in ("flag", "text")]
    for key in [*single, *(item.key for item in space.components)]:
        named = [s for s in values if s.startswith((f"{key}_w", f"{key}_l", f"{key}_other"))]
        for symbol in [symbol for symbol in named if values[symbol]][1:]:
            values[symbol] = False
    return values
