"""Cut what can be known into cells: within one, no atom of the policies changes its answer.

Facts, components and grants are cut exactly, at each threshold and word. For a claim the
trials of one cell share evaluator, access and age; that leaves out mixtures, so a search
over cells finds true witnesses but may miss some. `implied` closes that gap from the other
side: it never says that two atoms are independent when one shows the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise, product

from openweir.policy.formula import Atom, AuthorityAtom, ClaimAtom, ComponentAtom, FactAtom
from openweir.policy.policy import Vocabulary
from openweir.policy.witness import ShownTrial, Stated

__all__ = ["Cell", "Cells", "Quantity", "cut", "shows"]

Quantity = tuple[str, str]
"""What an atom asks about: (`fact`, `component`, `claim` or `grant`; its name)."""

_OTHER_WORD = "something-else"
_MOST_CELLS = 60_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One thing that can be known of a quantity.

    Attributes:
        shown: the atoms it shows, as bits.
        value: of a fact: the value; of a component: its licence; of a grant: the roles;
            of a claim: the trials; None when nothing is known.
    """

    shown: int
    value: Stated | tuple[ShownTrial, ...] | None


Cells = Mapping[Quantity, tuple[Cell, ...]]


def cut(atoms: Mapping[Atom, int], vocabulary: Vocabulary) -> dict[Quantity, tuple[Cell, ...]]:
    """Return the cells of every quantity the atoms ask about, one per set of atoms shown.

    Args:
        atoms: atom -> its bit.
        vocabulary: kinds of facts and the order of rungs, evaluators and access.
    """
    grouped: dict[Quantity, dict[Atom, int]] = {}
    for atom, bit in atoms.items():
        grouped.setdefault(_quantity(atom), {})[atom] = bit
    return {
        quantity: _distinct(_cells(quantity, mine, vocabulary))
        for quantity, mine in sorted(grouped.items())
    }


def _quantity(atom: Atom) -> Quantity:
    match atom:
        case FactAtom():
            return "fact", atom.predicate
        case ComponentAtom():
            return "component", atom.component
        case ClaimAtom():
            return "claim", atom.claim
        case AuthorityAtom():
            return "grant", atom.exception


def _cells(quantity: Quantity, atoms: Mapping[Atom, int], vocabulary: Vocabulary) -> Iterator[Cell]:
    kind, name = quantity
    yield Cell(0, None)
    if kind == "claim":
        yield from _claim_cells(
            {atom: bit for atom, bit in atoms.items() if isinstance(atom, ClaimAtom)}, vocabulary
        )
    elif kind == "fact":
        for value in _values(vocabulary.predicates[name][0], atoms):
            yield Cell(_sum(bit for atom, bit in atoms.items() if _fact(atom, value)), value)
    elif kind == "component":
        sets = [atom.licences for atom in atoms if isinstance(atom, ComponentAtom)]
        for licence in dict.fromkeys(
            ["", _OTHER_WORD, *(word for found in sets for word in found)]
        ):
            yield Cell(_sum(bit for a, bit in atoms.items() if _component(a, licence)), licence)
    else:
        roles = tuple(sorted({role for atom in atoms for role in getattr(atom, "roles", ())}))
        for count in range(1, len(roles) + 1):
            some = roles[:count]
            yield Cell(_sum(bit for a, bit in atoms.items() if _granted(a, some)), some)


def _values(kind: str, atoms: Iterable[Atom]) -> list[Stated]:
    """Return one value per cell of a fact."""
    facts = [atom for atom in atoms if isinstance(atom, FactAtom)]
    if kind == "flag":
        return [True, False]
    if kind != "estimate":
        words = [*dict.fromkeys(word for atom in facts for word in atom.words), _OTHER_WORD]
        return [(word,) for word in words] if kind == "texts" else list(words)
    limits = sorted({atom.number for atom in facts if atom.number is not None})
    if not limits:
        return [Decimal(1)]
    between = [(low + high) / 2 for low, high in pairwise(limits)]
    return [*limits, *between, limits[0] / 2, limits[-1] * 2 + 1]


def _fact(atom: Atom, value: Stated) -> bool:
    assert isinstance(atom, FactAtom)
    if atom.test == "known":
        return True
    if isinstance(value, Decimal):
        limit = atom.number or Decimal(0)
        return {
            "at-most": value <= limit,
            "below": value < limit,
            "at-least": value >= limit,
            "above": value > limit,
        }[atom.test]
    words = {True: ("yes",), False: ("no",)}[value] if isinstance(value, bool) else value
    stated = (words,) if isinstance(words, str) else words
    return {word.casefold() for word in stated} <= {word.casefold() for word in atom.words}


def _component(atom: Atom, licence: str) -> bool:
    assert isinstance(atom, ComponentAtom)
    allowed = [word.casefold() for word in atom.licences] or [licence.casefold()]
    return not atom.licence or (bool(licence) and licence.casefold() in allowed)


def _granted(atom: Atom, roles: tuple[str, ...]) -> bool:
    return isinstance(atom, AuthorityAtom) and len(set(roles) & set(atom.roles)) >= atom.signatures


def _claim_cells(atoms: Mapping[ClaimAtom, int], vocabulary: Vocabulary) -> Iterator[Cell]:
    """Yield cells of trials: per evaluation a rung and a bound, one evaluator for all."""
    rungs, first = vocabulary.rungs, next(iter(atoms))
    asked = {rungs.index(atom.rung) for atom in atoms}
    levels = sorted({min(index + step, len(rungs) - 1) for index in asked for step in (0, 1)})
    bounds = _bounds(atoms)
    trials = [None, *product(levels, bounds)]
    evaluations = sorted({word for atom in atoms for word in atom.evaluations})
    conducts = list(
        product(
            sorted({vocabulary.independences.index(atom.independence) for atom in atoms}),
            sorted({vocabulary.accesses.index(atom.access) for atom in atoms}),
            sorted({atom.shelf_life_days for atom in atoms}),
            sorted({atom.confidence for atom in atoms}),
        )
    )
    # A pack with very many evaluations of one claim gets fewer mixtures, never a wrong cell.
    while len(trials) ** len(evaluations) * len(conducts) > _MOST_CELLS and len(evaluations) > 1:
        evaluations = evaluations[:-1]
    ranked = [(atom, bit, _rank(atom, vocabulary)) for atom, bit in atoms.items()]
    for conduct in conducts:
        for chosen in product(trials, repeat=len(evaluations)):
            items = [
                (word, *found) for word, found in zip(evaluations, chosen, strict=True) if found
            ]
            shown = _sum(bit for atom, bit, rank in ranked if _claim(atom, rank, items, conduct))
            if shown:
                yield Cell(shown, _trials(first, items, conduct, vocabulary))


def _bounds(atoms: Mapping[ClaimAtom, int]) -> list[Decimal]:
    """Return the dangerous end of the interval: at each limit, and past all of them."""
    limits = sorted({atom.number for atom in atoms})
    first = next(iter(atoms))
    past = (limits[-1] + 1) / 2 if first.sense == "at-most" else limits[0] / 2
    return sorted({*limits, past})


_Rank = tuple[int, int, int]
_Item = tuple[str, int, Decimal]
_Conduct = tuple[int, int, int, Decimal]


def _rank(atom: ClaimAtom, vocabulary: Vocabulary) -> _Rank:
    return (
        vocabulary.rungs.index(atom.rung),
        vocabulary.independences.index(atom.independence),
        vocabulary.accesses.index(atom.access),
    )


def _claim(atom: ClaimAtom, rank: _Rank, items: list[_Item], conduct: _Conduct) -> bool:
    """Whether trials show a claim, by the rules of `decision.claim`."""
    rung, independence, access = rank
    good = False
    fits = (
        conduct[0] >= independence
        and conduct[1] >= access
        and conduct[2] <= atom.shelf_life_days
        and conduct[3] >= atom.confidence
    )
    for evaluation, level, bound in items:
        safe = bound <= atom.number if atom.sense == "at-most" else bound >= atom.number
        comparable = evaluation == "SYS" or atom.evaluations != ("SYS",)
        if comparable and level <= rung and not safe:
            return False
        good = good or (fits and safe and level >= rung and evaluation in atom.evaluations)
    return good


def _trials(
    atom: ClaimAtom, items: list[_Item], conduct: _Conduct, vocabulary: Vocabulary
) -> tuple[ShownTrial, ...]:
    return tuple(
        ShownTrial(
            claim=atom.claim,
            evaluation=evaluation,
            rung=vocabulary.rungs[level],
            lower=Decimal(0) if atom.sense == "at-most" else bound,
            upper=bound if atom.sense == "at-most" else Decimal(1),
            independence=vocabulary.independences[conduct[0]],
            access=vocabulary.accesses[conduct[1]],
            days_old=conduct[2],
            confidence=conduct[3],
        )
        for evaluation, level, bound in items
    )


def _distinct(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Keep one cell per set of atoms shown: the one with the fewest trials."""
    found: dict[int, Cell] = {}
    for cell in cells:
        before = found.get(cell.shown)
        if before is None or _size(cell) < _size(before):
            found[cell.shown] = cell
    return tuple(found.values())


def _size(cell: Cell) -> int:
    return len(cell.value) if isinstance(cell.value, tuple) else 0


def _sum(bits: Iterable[int]) -> int:
    found = 0
    for bit in bits:
        found |= bit
    return found


def shows(strong: ClaimAtom, weak: ClaimAtom, vocabulary: Vocabulary) -> bool:
    """Whether whatever shows `strong` shows `weak` too: no demand of `weak` is higher."""
    stricter = (
        strong.number <= weak.number if strong.sense == "at-most" else strong.number >= weak.number
    )
    return (
        strong.claim == weak.claim
        and strong.sense == weak.sense
        and stricter
        and set(strong.evaluations) <= set(weak.evaluations)
        and (strong.evaluations == ("SYS",)) == (weak.evaluations == ("SYS",))
        and all(
            mine >= other
            for mine, other in zip(_rank(strong, vocabulary), _rank(weak, vocabulary), strict=True)
        )
        and strong.shelf_life_days <= weak.shelf_life_days
        and strong.confidence >= weak.confidence
    )
