"""Look for a dossier that meets some formulas and not another, over cells.

A formula fails when one of its minimal blocking sets of atoms fails, so the search takes
each set, keeps from every quantity the cells that show none of it and as much else as
possible, and asks whether the other formulas hold. Formulas are monotone: nothing is lost
by taking the cells that show most.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod

from openweir.policy.cells import (
    Cell,
    Quantity,
    claim_cells,
    cut,
    fewest,
    quantity_of,
    shows,
)
from openweir.policy.formula import All, Any, AtLeast, Atom, ClaimAtom, Formula, leaves
from openweir.policy.policy import Vocabulary
from openweir.policy.witness import ShownTrial, Stated, Witness

__all__ = ["Found", "Search"]

_MOST_BLOCKS = 2_000
_MOST_COMBINATIONS = 20_000


@dataclass(frozen=True, slots=True)
class Found:
    """An answer: there is, or could be, such a dossier.

    Attributes:
        missing: what is not shown in it, of the formula that fails.
        witness: the dossier; None where none was found but none could be excluded.
    """

    missing: tuple[Atom, ...]
    witness: Witness | None


class Search:
    """Searches over all atoms of some formulas.

    Args:
        formulas: every formula that will be asked about.
        vocabulary: kinds of facts and orders of words.
    """

    def __init__(self, formulas: Iterable[Formula], vocabulary: Vocabulary) -> None:
        """Number the atoms and cut their quantities."""
        listed = dict.fromkeys(atom for formula in formulas for atom in leaves(formula))
        self._bits = {atom: 1 << index for index, atom in enumerate(listed)}
        self._atoms = list(listed)
        self._vocabulary = vocabulary
        self._cells = cut(self._bits, vocabulary)
        self._claims: dict[Quantity, dict[ClaimAtom, int]] = {}
        self._made: dict[tuple[Quantity, int], list[Cell]] = {}
        self._mine: dict[Quantity, int] = {}
        for atom, bit in self._bits.items():
            quantity = quantity_of(atom)
            self._mine[quantity] = self._mine.get(quantity, 0) | bit
            if isinstance(atom, ClaimAtom):
                self._claims.setdefault(quantity, {})[atom] = bit
        self._cut_short = False
        # Bits of claim atoms that would show the atom too, itself included.
        self._above = [
            _union(
                self._bits[other]
                for other in self._atoms
                if other == atom
                or (
                    isinstance(atom, ClaimAtom)
                    and isinstance(other, ClaimAtom)
                    and shows(other, atom, vocabulary)
                )
            )
            for atom in self._atoms
        ]

    def meeting(self, wanted: Sequence[Formula]) -> Found | None:
        """Return a dossier that meets every one of `wanted`, or None when there is none."""
        return self._with(wanted, 0)

    def failing(self, wanted: Sequence[Formula], failed: Formula) -> Iterator[Found]:
        """Yield dossiers that meet `wanted` and not `failed`, one per minimal blocking set.

        Nothing is yielded only where it is certain that there is none.
        """
        blocks = self._blocks(failed)
        for mask in blocks:
            found = self._with(wanted, mask)
            if found is not None:
                yield found
        if self._cut_short:
            yield Found((), None)

    def _with(self, wanted: Sequence[Formula], blocked: int) -> Found | None:
        relevant = blocked | _union(
            self._bits[atom] for formula in wanted for atom in leaves(formula)
        )
        choices = [
            (quantity, self._best(quantity, blocked))
            for quantity in sorted(self._mine)
            if relevant & self._mine[quantity]
        ]
        names = [quantity for quantity, _ in choices]
        missing = tuple(a for i, a in enumerate(self._atoms) if blocked >> i & 1)
        hopeful = [
            (quantity, [self._hope(quantity, blocked)] if quantity[0] == "claim" else cells)
            for quantity, cells in choices
        ]
        # First whether the rules of the language exclude it, then for a dossier that does it.
        if self._combination(wanted, [cells for _, cells in hopeful]) == ():
            return None
        combination = self._combination(wanted, [cells for _, cells in choices])
        if not combination:
            return Found(missing, None)
        chosen = zip(names, combination, strict=True)
        return Found(missing, _witness((name, self._few(name, c, blocked)) for name, c in chosen))

    def _few(self, quantity: Quantity, cell: Cell, blocked: int) -> Cell:
        """Return a cell of a claim with as few trials as show the same."""
        atoms, value = self._claims.get(quantity), cell.value
        if atoms is None or not isinstance(value, tuple):
            return cell
        trials = tuple(item for item in value if isinstance(item, ShownTrial))
        return Cell(cell.shown, fewest(atoms, trials, blocked, self._vocabulary))

    def _combination(
        self, wanted: Sequence[Formula], choices: list[list[Cell]]
    ) -> tuple[Cell, ...] | None:
        """Return one cell per quantity that meet `wanted`; () for none, None for too many."""
        if not all(
            self._holds(formula, _union(cell.shown for cells in choices for cell in cells))
            for formula in wanted
        ):
            return ()
        few = prod(len(cells) for cells in choices) <= _MOST_COMBINATIONS
        combinations = product(*choices)
        for combination in combinations if few else islice(combinations, _MOST_COMBINATIONS):
            shown = _union(cell.shown for cell in combination)
            if all(self._holds(formula, shown) for formula in wanted):
                return combination
        return () if few else None

    def _hope(self, quantity: Quantity, blocked: int) -> Cell:
        """Return a cell of a claim that shows whatever does not show something blocked."""
        closed = _union(
            self._above[index] for index, _ in enumerate(self._atoms) if blocked >> index & 1
        )
        return Cell(self._mine[quantity] & ~closed, None)

    def _best(self, quantity: Quantity, blocked: int) -> list[Cell]:
        """Return the cells that show nothing blocked and that no other such cell covers."""
        blocked &= self._mine[quantity]
        if (quantity, blocked) not in self._made:
            self._made[quantity, blocked] = self._most(quantity, blocked)
        return self._made[quantity, blocked]

    def _most(self, quantity: Quantity, blocked: int) -> list[Cell]:
        cells = self._cells.get(quantity) or claim_cells(
            self._claims[quantity], blocked, self._vocabulary
        )
        allowed = [cell for cell in cells if not cell.shown & blocked]
        allowed.sort(key=lambda cell: -cell.shown.bit_count())
        kept: list[Cell] = []
        for cell in allowed:
            if not any(cell.shown & other.shown == cell.shown for other in kept):
                kept.append(cell)
        return kept

    def _holds(self, formula: Formula, shown: int) -> bool:
        match formula:
            case All():
                return all(self._holds(child, shown) for child in formula.children)
            case Any():
                return any(self._holds(child, shown) for child in formula.children)
            case AtLeast():
                met = sum(self._holds(child, shown) for child in formula.children)
                return met >= formula.k
            case _:
                return bool(self._bits[formula] & shown)

    def _blocks(self, formula: Formula) -> list[int]:
        """Return the minimal sets of atoms that, not shown, fail a formula."""
        if not isinstance(formula, (All, Any, AtLeast)):
            return [self._bits[formula]]
        children = [self._blocks(child) for child in formula.children]
        # All but k-1 of the children have to fail.
        needed = {All: len(children), Any: 1}.get(type(formula), getattr(formula, "k", 1))
        failing = len(children) - needed + 1
        rows: list[list[int]] = [[0]] + [[] for _ in range(failing)]
        for child in children:
            for count in range(failing, 0, -1):
                joined = [one | other for one in rows[count - 1] for other in child]
                rows[count] = self._minimal([*rows[count], *joined])
        return rows[failing]

    def _minimal(self, masks: Iterable[int]) -> list[int]:
        kept: list[int] = []
        for mask in sorted(set(masks), key=lambda mask: (mask.bit_count(), mask)):
            if len(kept) == _MOST_BLOCKS:
                self._cut_short = True
                break
            if not any(mask & other == other for other in kept):
                kept.append(mask)
        return kept


def _union(masks: Iterable[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


def _witness(chosen: Iterable[tuple[Quantity, Cell]]) -> Witness:
    facts: list[tuple[str, Stated]] = []
    components: list[tuple[str, str]] = []
    trials: list[ShownTrial] = []
    grants: list[tuple[str, tuple[str, ...]]] = []
    for (kind, name), cell in chosen:
        value = cell.value
        if value is None:
            continue
        if kind == "claim" and isinstance(value, tuple):
            trials += [item for item in value if isinstance(item, ShownTrial)]
        elif kind == "grant" and isinstance(value, tuple):
            grants.append((name, tuple(str(role) for role in value)))
        elif kind == "component":
            components.append((name, str(value)))
        elif isinstance(value, tuple):
            facts.append((name, tuple(str(word) for word in value)))
        else:
            facts.append((name, value))
    return Witness(
        facts=tuple(facts),
        components=tuple(components),
        trials=tuple(trials),
        grants=tuple(grants),
    )
