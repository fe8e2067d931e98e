"""Columns: a program over very many records at once, with numpy.

A population becomes one array for each field of each slot; each comparison then runs
over all of it. Whole numbers only: the narrowest integers that hold a column and
everything it is compared with, never a float (law 10).

numpy is imported with this module and this module only by back-tests: deciding does not
pay for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openweir.policy.program import Check, Join, Leaf, Node, Program
from openweir.tier import Tier

__all__ = ["Columns", "Found", "columns", "evaluate"]

_Flags = npt.NDArray[np.bool_]
_ROWS = 16_384  # rows taken at once: a few dozen such columns stay in the cache
_OPPOSITE = {"hi": "lo", "lo": "hi", "lower": "upper", "upper": "lower"}


@dataclass(frozen=True, slots=True)
class Columns:
    """A population.

    Attributes:
        size: how many records.
        present: slot -> whether each record has it.
        numbers: (slot, field) -> whole numbers; 0 where the slot is not there.
        words: (slot, check) -> whether the words pass that check.
    """

    size: int
    present: Mapping[str, _Flags]
    numbers: Mapping[tuple[str, str], npt.NDArray[np.signedinteger]]
    words: Mapping[tuple[str, Check], _Flags]


@dataclass(frozen=True, slots=True)
class Found:
    """What came of each record.

    Attributes:
        tiers: shape (records,), the tier's number.
        failing: shape (rules, records), whether the rule fails.
    """

    tiers: npt.NDArray[np.int8]
    failing: _Flags


def columns(program: Program, records: Sequence[Mapping[str, Mapping[str, object]]]) -> Columns:
    """Turn records, each made or checked by `openweir.decision.record`, into columns."""
    asked = _asked(program)
    present: dict[str, _Flags] = {}
    numbers: dict[tuple[str, str], npt.NDArray[np.signedinteger]] = {}
    words: dict[tuple[str, Check], _Flags] = {}
    for slot in program.slots:
        said = [record.get(slot.name) for record in records]
        present[slot.name] = np.fromiter((one is not None for one in said), bool, len(said))
        for field, kind in slot.fields:
            checks = asked.get((slot.name, field), ())
            if kind == "number":
                found = [0 if one is None else one[field] for one in said]
                limits = [check.number for check in checks]
                numbers[slot.name, field] = np.array(found, dtype=_dtype(found, limits))
                continue
            for check in checks:
                # Lists are rare and short, so words are looked at once, here.
                words[slot.name, check] = np.fromiter(
                    (one is not None and _says(check, one[field]) for one in said),
                    bool,
                    len(said),
                )
    return Columns(len(records), present, numbers, words)


def evaluate(program: Program, population: Columns, *, possible: bool = False) -> Found:
    """Decide every record.

    Args:
        program: the rules.
        population: as columns of this program.
        possible: answer what each record could still reach: what is not known counts as
            shown, and only what is refuted stops a tier. The true tier of a fully known
            release lies between both answers.
    """
    tiers = np.zeros(population.size, dtype=np.int8)
    failing = np.zeros((len(program.rules), population.size), dtype=bool)
    for start in range(0, population.size, _ROWS):
        rows = slice(start, start + _ROWS)
        judge = _Judge(population, rows, possible=possible)
        open_ = np.ones(len(tiers[rows]), dtype=bool)
        for tier in range(1, int(max(Tier)) + 1):
            for index, rule in enumerate(program.rules):
                if rule.tier == tier:
                    holds = judge.node(rule.node)
                    np.logical_not(holds, out=failing[index, rows])
                    open_ &= holds
            # One tier up for each that nothing blocks, from the least open on.
            tiers[rows] += open_
    return Found(tiers, failing)


class _Judge:
    """Judges nodes over some rows; what several rules share is judged once."""

    def __init__(self, population: Columns, rows: slice, *, possible: bool) -> None:
        self._population, self._rows, self._possible = population, rows, possible
        self._known: dict[int, _Flags] = {}

    def node(self, node: Node) -> _Flags:
        """Return for each row whether the node holds."""
        found = self._known.get(id(node))
        if found is None:
            found = self._leaf(node) if isinstance(node, Leaf) else self._join(node)
            self._known[id(node)] = found
        return found

    def _join(self, node: Join) -> _Flags:
        parts = [self.node(child) for child in node.children]
        if node.needed in (1, len(parts)):
            found = parts[0].copy()
            join = np.logical_or if node.needed == 1 else np.logical_and
            for part in parts[1:]:
                join(found, part, out=found)
            return found
        counted = np.zeros(len(parts[0]), dtype=np.int16)
        for part in parts:
            counted += part
        return counted >= node.needed

    def _leaf(self, node: Leaf) -> _Flags:
        present = self._population.present[node.slot][self._rows]
        found = np.ones_like(present) if self._possible else present.copy()
        for check in node.checks:
            passes = self._check(node.slot, check)
            if passes is not None:
                found &= passes
        if self._possible:
            found |= ~present
        return found

    def _check(self, slot: str, check: Check) -> _Flags | None:
        """Return whether each row passes, or None where `possible` leaves a check open."""
        if check.test in ("in", "subset"):
            return self._population.words[slot, check][self._rows]
        field = check.field
        if self._possible:
            # A limit inside the interval may still be passed; age and evaluator may change.
            if field not in _OPPOSITE:
                return None
            field = _OPPOSITE[field]
        found = self._population.numbers[slot, field][self._rows]
        match check.test:
            case "at-most":
                return found <= check.number
            case "below":
                return found < check.number
            case "at-least":
                return found >= check.number
            case _:
                return found > check.number


def _asked(program: Program) -> Mapping[tuple[str, str], tuple[Check, ...]]:
    """Return the different checks of each field; of an interval's ends those of both."""
    found: dict[tuple[str, str], dict[Check, None]] = {}
    for rule in program.rules:
        for leaf in _leaves(rule.node):
            for check in leaf.checks:
                for field in (check.field, _OPPOSITE.get(check.field, check.field)):
                    found.setdefault((leaf.slot, field), {})[check] = None
    return {key: tuple(checks) for key, checks in found.items()}


def _leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    else:
        for child in node.children:
            yield from _leaves(child)


def _says(check: Check, value: object) -> bool:
    if check.test == "subset":
        assert isinstance(value, list)
        return all(word in check.words for word in value)
    return value in check.words


def _dtype(found: Sequence[object], limits: Sequence[int]) -> type[np.signedinteger]:
    numbers = [number for number in (*found, *limits) if isinstance(number, int)]
    low, high = min(numbers, default=0), max(numbers, default=0)
    for dtype in (np.int16, np.int32):
        if np.iinfo(dtype).min <= low and high <= np.iinfo(dtype).max:
            return dtype
    return np.int64
