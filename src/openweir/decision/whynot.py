"""Why not a higher tier: all minimal sets of what would have to be shown, with numbers.

The failing requirements are monotone formulas over the atoms that are not
demonstrated, so the minimal sets come from expanding them and keeping only sets that
contain no other (Berge's method for minimal transversals). Two atoms that ask the same
are one. An atom that asks more than another (same claim, stricter everywhere) shows
the other too, so a set never names both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from openweir.decision.decision import Lack, Need, RequirementResult
from openweir.decision.proof import Proof, Status
from openweir.evidence import parse_access, parse_independence, parse_rung
from openweir.policy import Atom, ClaimAtom, FactAtom, Requirement, leaves, say
from openweir.tier import Tier

__all__ = ["lacks"]

_MOST_SETS = 48


@dataclass(frozen=True, slots=True)
class _Sets:
    """Sets of leaves as bit masks, none holding another; `complete` when none was dropped."""

    masks: tuple[int, ...]
    complete: bool = True


def lacks(
    tier: Tier,
    requirements: Mapping[str, Requirement],
    results: Iterable[RequirementResult],
    alternative: str,
) -> Lack:
    """Return what `tier` lacks.

    Args:
        tier: one that is not reached.
        requirements: by id, for the exact numbers behind the leaves.
        results: every requirement `tier` asks, as it came out.
        alternative: what the policy offers meanwhile.
    """
    failing = [item for item in results if item.status is not Status.DEMONSTRATED]
    needs: dict[str, Need] = {}
    atoms: dict[str, Atom] = {}
    for result in failing:
        for leaf in _open_leaves(result.proof):
            if leaf.atom is not None and leaf.atom.asked not in needs:
                needs[leaf.atom.asked] = Need(
                    requirement=result.id,
                    label=leaf.label,
                    asked=leaf.atom.asked,
                    found=leaf.atom.found,
                    reason=leaf.reason,
                )
        atoms.update((say(atom), atom) for atom in leaves(requirements[result.id].formula))
    bits = {asked: 1 << index for index, asked in enumerate(needs)}
    implied = {
        bits[asked]: sum(
            bit
            for other, bit in bits.items()
            if other != asked and _shows(atoms[asked], atoms[other])
        )
        for asked in bits
    }
    found = _product([_sets(result.proof, bits) for result in failing])
    masks = _least(found, [result.proof for result in failing], bits, implied)
    listed = [
        tuple(
            sorted(
                (need for asked, need in needs.items() if mask & bits[asked]),
                key=lambda need: need.asked,
            )
        )
        for mask in masks
    ]
    return Lack(
        tier=tier,
        blocking=tuple(item.id for item in failing),
        sets=tuple(sorted(listed, key=lambda s: (len(s), tuple(need.asked for need in s)))),
        complete=found.complete,
        alternative=alternative,
    )


def _open_leaves(proof: Proof) -> Iterable[Proof]:
    """Yield the leaves that are not demonstrated, from left to right."""
    if proof.status is Status.DEMONSTRATED:
        return
    if proof.atom is not None:
        yield proof
    for child in proof.children:
        yield from _open_leaves(child)


def _sets(proof: Proof, bits: Mapping[str, int]) -> _Sets:
    """Return the minimal sets of leaves that would demonstrate a proof."""
    if proof.status is Status.DEMONSTRATED:
        return _Sets((0,))
    if proof.atom is not None:
        return _Sets((bits[proof.atom.asked],))
    children = [_sets(child, bits) for child in proof.children]
    if proof.kind == "all":
        return _product(children)
    if proof.kind == "any":
        return _union(children)
    return _at_least(proof.threshold, children)


def _product(parts: Iterable[_Sets]) -> _Sets:
    found = _Sets((0,))
    for part in parts:
        found = _minimal(
            (one | other for one in found.masks for other in part.masks),
            complete=found.complete and part.complete,
        )
    return found


def _union(parts: list[_Sets]) -> _Sets:
    return _minimal(
        (mask for part in parts for mask in part.masks),
        complete=all(part.complete for part in parts),
    )


def _at_least(needed: int, parts: list[_Sets]) -> _Sets:
    """Return the sets for `needed` of `parts`, child after child."""
    nothing = _Sets(())
    rows = [_Sets((0,))] + [nothing] * needed
    for part in parts:
        for count in range(needed, 0, -1):
            rows[count] = _union([rows[count], _product([rows[count - 1], part])])
    return rows[needed]


def _minimal(masks: Iterable[int], *, complete: bool) -> _Sets:
    kept: list[int] = []
    for mask in sorted(set(masks), key=lambda mask: (mask.bit_count(), mask)):
        if any(mask & other == other for other in kept):
            continue
        if len(kept) == _MOST_SETS:
            return _Sets(tuple(kept), complete=False)
        kept.append(mask)
    return _Sets(tuple(kept), complete=complete)


def _least(
    found: _Sets, proofs: list[Proof], bits: Mapping[str, int], implied: Mapping[int, int]
) -> list[int]:
    """Take from each set what the rest of it shows already, and drop sets that ask more."""
    kept: list[int] = []
    for mask in found.masks:
        least = mask
        for bit in (bit for bit in bits.values() if bit & mask):
            rest = _closure(least & ~bit, implied)
            # In a complete family a leaf is only spared when another one shows it.
            if (bit & rest or not found.complete) and all(
                _holds(proof, rest, bits) for proof in proofs
            ):
                least &= ~bit
        kept.append(least)
    kept = sorted(set(kept))
    closures = {mask: _closure(mask, implied) for mask in kept}
    return [
        mask
        for mask in kept
        if not any(
            other & closures[mask] == other and (mask & closures[other] != mask or other < mask)
            for other in kept
            if other != mask
        )
    ]


def _closure(mask: int, implied: Mapping[int, int]) -> int:
    found = mask
    for bit, others in implied.items():
        if bit & mask:
            found |= others
    return found


def _holds(proof: Proof, mask: int, bits: Mapping[str, int]) -> bool:
    """Whether a proof would hold if the leaves of `mask` were shown."""
    if proof.status is Status.DEMONSTRATED:
        return True
    if proof.atom is not None:
        return bool(bits[proof.atom.asked] & mask)
    holding = sum(_holds(child, mask, bits) for child in proof.children)
    needed = {"all": len(proof.children), "any": 1}.get(proof.kind, proof.threshold)
    return holding >= needed


def _shows(strong: Atom, weak: Atom) -> bool:
    """Whether what shows `strong` shows `weak` too: no demand of `weak` is higher."""
    if isinstance(strong, FactAtom) and isinstance(weak, FactAtom):
        return strong.predicate == weak.predicate and weak.test == "known"
    if not isinstance(strong, ClaimAtom) or not isinstance(weak, ClaimAtom):
        return False
    stricter = (
        strong.number <= weak.number if strong.sense == "at-most" else strong.number >= weak.number
    )
    return (
        strong.claim == weak.claim
        and stricter
        and set(strong.evaluations) <= set(weak.evaluations)
        and (strong.evaluations == ("SYS",)) == (weak.evaluations == ("SYS",))
        and parse_rung(strong.rung) >= parse_rung(weak.rung)
        and parse_independence(strong.independence) >= parse_independence(weak.independence)
        and parse_access(strong.access) >= parse_access(weak.access)
        and strong.shelf_life_days <= weak.shelf_life_days
        and strong.confidence >= weak.confidence
    )
