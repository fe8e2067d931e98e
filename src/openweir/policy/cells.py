"""Cut what can be known into cells: within one, no atom of the policies changes its answer.

Facts, components and grants are cut exactly, at each threshold and word. Trials are made
for a purpose: `claim_cells` is told which atoms must not be shown, and gives the trials
that show as many of the others as can be. There are three ways not to show an atom: no
trial is good enough for it; a trial no harder than asked came out badly; or only harder
trials were run, and came out badly.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise, product

from openweir.policy.formula import Atom, AuthorityAtom, ClaimAtom, ComponentAtom, FactAtom
from openweir.policy.policy import Vocabulary
from openweir.policy.witness import ShownTrial, Stated

__all__ = ["Cell", "Quantity", "claim_cells", "cut", "fewest", "quantity_of", "shows"]

Quantity = tuple[str, str]
"""What an atom asks about: (`fact`, `component`, `claim` or `grant`; its name)."""

_OTHER_WORD = "something-else"
_MOST_BLOCKED = 5
# How an atom is kept from being shown: not asked, a bad trial, or only trials from that rung on.
_OPEN, _BAD = -2, -1


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


def cut(atoms: Mapping[Atom, int], vocabulary: Vocabulary) -> dict[Quantity, tuple[Cell, ...]]:
    """Return the cells of every fact, component and grant the atoms ask about.

    Args:
        atoms: atom -> its bit.
        vocabulary: kinds of facts.
    """
    grouped: dict[Quantity, dict[Atom, int]] = {}
    for atom, bit in atoms.items():
        grouped.setdefault(quantity_of(atom), {})[atom] = bit
    return {
        quantity: _distinct(_cells(quantity, mine, vocabulary))
        for quantity, mine in sorted(grouped.items())
        if quantity[0] != "claim"
    }


def quantity_of(atom: Atom) -> Quantity:
    """Return what an atom asks about."""
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
    if kind == "fact":
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


def claim_cells(
    atoms: Mapping[ClaimAtom, int], blocked: int, vocabulary: Vocabulary
) -> tuple[Cell, ...]:
    """Return trials of one claim that show nothing blocked, and otherwise as much as can be.

    Args:
        atoms: every atom on the claim -> its bit.
        blocked: bits that must not be shown.
        vocabulary: the order of rungs, evaluators and access.
    """
    hidden = [atom for atom, bit in atoms.items() if bit & blocked]
    rungs = vocabulary.rungs
    levels = {min(rungs.index(atom.rung) + 1, len(rungs) - 1) for atom in atoms}
    ways = [
        (_OPEN, _BAD, *sorted(level for level in levels if level > rungs.index(atom.rung)))
        if len(hidden) <= _MOST_BLOCKED
        else (_OPEN,)
        for atom in hidden
    ]
    found = [Cell(0, None)]
    for chosen in product(*ways):
        trials = _trials(atoms, dict(zip(hidden, chosen, strict=True)), vocabulary)
        shown = _shown(atoms, trials, vocabulary)
        if shown and not shown & blocked:
            found.append(Cell(shown, trials))
    return _distinct(found)


def fewest(
    atoms: Mapping[ClaimAtom, int],
    trials: tuple[ShownTrial, ...],
    blocked: int,
    vocabulary: Vocabulary,
) -> tuple[ShownTrial, ...]:
    """Drop the trials without which the same is shown and nothing blocked is."""
    shown = _shown(atoms, trials, vocabulary)
    kept = list(trials)
    for trial in trials:
        rest = tuple(item for item in kept if item is not trial)
        now = _shown(atoms, rest, vocabulary)
        if now & shown == shown and not now & blocked:
            kept = list(rest)
    return tuple(kept)


def _trials(
    atoms: Mapping[ClaimAtom, int], ways: Mapping[ClaimAtom, int], vocabulary: Vocabulary
) -> tuple[ShownTrial, ...]:
    """Return the least trial that shows each atom, as far as `ways` lets it, and the bad ones."""
    limits = sorted({atom.number for atom in atoms})
    found = [_bad(atom, limits, vocabulary) for atom, way in ways.items() if way == _BAD]
    best = limits[0] if next(iter(atoms)).sense == "at-most" else limits[-1]
    for atom in atoms:
        for evaluation in atom.evaluations:
            trial = _least(atom, evaluation, best)
            for other, way in ways.items():
                if way >= 0 and _fits(other, trial, vocabulary):
                    level = max(vocabulary.rungs.index(trial.rung), way)
                    trial = _least(atom, evaluation, _past(other, limits), vocabulary.rungs[level])
            if not any(
                way == _OPEN and _fits(other, trial, vocabulary) and _safe(other, trial)
                for other, way in ways.items()
            ):
                found.append(trial)
    return tuple(dict.fromkeys(found))


def _least(
    atom: ClaimAtom, evaluation: str, number: Decimal, rung: str | None = None
) -> ShownTrial:
    return ShownTrial(
        claim=atom.claim,
        evaluation=evaluation,
        rung=rung or atom.rung,
        lower=Decimal(0) if atom.sense == "at-most" else number,
        upper=number if atom.sense == "at-most" else Decimal(1),
        independence=atom.independence,
        access=atom.access,
        days_old=atom.shelf_life_days,
        confidence=atom.confidence,
    )


def _bad(atom: ClaimAtom, limits: list[Decimal], vocabulary: Vocabulary) -> ShownTrial:
    """Return a trial no harder than asked that comes out just past the limit."""
    bare = [word for word in vocabulary.evaluations if word != "SYS"]
    evaluation = "SYS" if atom.evaluations == ("SYS",) else bare[0]
    return _least(atom, evaluation, _past(atom, limits))


def _past(atom: ClaimAtom, limits: list[Decimal]) -> Decimal:
    """Return the next limit on the dangerous side, or a number past all of them."""
    if atom.sense == "at-most":
        return next((item for item in limits if item > atom.number), (limits[-1] + 1) / 2)
    return next((item for item in reversed(limits) if item < atom.number), limits[0] / 2)


def _safe(atom: ClaimAtom, trial: ShownTrial) -> bool:
    return trial.upper <= atom.number if atom.sense == "at-most" else trial.lower >= atom.number


def _fits(atom: ClaimAtom, trial: ShownTrial, vocabulary: Vocabulary) -> bool:
    """Whether a trial is good enough to show a claim, whatever came out."""
    return (
        trial.evaluation in atom.evaluations
        and vocabulary.rungs.index(trial.rung) >= vocabulary.rungs.index(atom.rung)
        and vocabulary.independences.index(trial.independence)
        >= vocabulary.independences.index(atom.independence)
        and vocabulary.accesses.index(trial.access) >= vocabulary.accesses.index(atom.access)
        and trial.days_old <= atom.shelf_life_days
        and trial.confidence >= atom.confidence
    )


def _shown(
    atoms: Mapping[ClaimAtom, int], trials: tuple[ShownTrial, ...], vocabulary: Vocabulary
) -> int:
    """Return what trials show, by the rules of `decision.claim`."""
    rungs = vocabulary.rungs

    def against(atom: ClaimAtom, trial: ShownTrial) -> bool:
        comparable = trial.evaluation == "SYS" or atom.evaluations != ("SYS",)
        return comparable and rungs.index(trial.rung) <= rungs.index(atom.rung)

    return _sum(
        bit
        for atom, bit in atoms.items()
        if any(_safe(atom, trial) and _fits(atom, trial, vocabulary) for trial in trials)
        and all(_safe(atom, trial) for trial in trials if against(atom, trial))
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
        and _fits(
            replace(weak, evaluations=strong.evaluations),
            _least(strong, strong.evaluations[0], strong.number),
            vocabulary,
        )
    )
