"""The program: a policy as comparisons of whole numbers and words, for engines of any make.

A policy asks about cases. A program asks about *records*: flat maps from a slot to a
few fields, which `openweir.decision.record` fills from a case and other tools can fill
by themselves. Everything a record is compared with is in the program, so that the same
rules run as generated Python, as a trace, over numpy columns, and as Cedar, Rego or CEL.

::

    {"claim bio.uplift PE2 A3 third-party AL3 90 0.95":
         {"lo": 0, "hi": 7, "age": 31, "independence": 2, "access": 3},
     "fact custom-code": {"word": "no"},
     "fact training-compute FLOP": {"lower": 3, "upper": 3},
     "component Training code": {"present": "yes"}}

A slot that is not there is not known, and what is not known is never demonstrated.

Numbers are exact whole numbers of *half steps* (law 10): with the step of a slot at
10^e, the record holds twice the number of whole steps, plus one if something is left
over. Thresholds lie on steps, so each comparison of half steps comes out as that of
the exact numbers would, and no engine needs more than 54 bits.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from openweir import digest
from openweir.canonical import compact
from openweir.errors import PolicyError
from openweir.policy.formula import (
    All,
    Any,
    AtLeast,
    Atom,
    AuthorityAtom,
    ClaimAtom,
    ComponentAtom,
    FactAtom,
    Formula,
    label,
    leaves,
)
from openweir.policy.policy import Policy, Vocabulary

__all__ = [
    "LARGEST",
    "Check",
    "Join",
    "Leaf",
    "Node",
    "Program",
    "Rule",
    "Slot",
    "half_steps",
    "lower",
]

LARGEST = 2**53 - 1
"""The largest number in a record: every JSON reader carries it exactly."""


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of one field.

    Attributes:
        field: of the slot.
        test: `at-most`, `below`, `at-least`, `above` a number; `in` the words, for one
            word; `subset`, where every word of a list that is not empty is among them.
    """

    field: str
    test: str
    number: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaf:
    """Holds when the slot is there and every check passes; with no check, when it is there."""

    slot: str
    checks: tuple[Check, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class Join:
    """Holds when at least `needed` children do: all of n is n of n, any is 1 of n."""

    needed: int
    children: tuple["Node", ...]


Node = Join | Leaf


@dataclass(frozen=True, slots=True)
class Rule:
    """A requirement: it must hold for `tier` and every more open one."""

    id: str
    tier: int
    node: Node


@dataclass(frozen=True, slots=True)
class Slot:
    """What a record may say under one name.

    Attributes:
        fields: (name, kind) with kind `number`, `word` or `words`; all are there or the
            slot is not.
        exponent: the step of its proportions or quantities is 10^exponent.
        atom: the atom that asks about it, for who fills records from cases.
    """

    name: str
    fields: tuple[tuple[str, str], ...]
    exponent: int = 0
    atom: Atom | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """Rules sorted by tier, and the slots they read, sorted by name.

    Attributes:
        policy: `id version`, for headings.
        policy_sha256: of the pack.
        accepted: certainties that count, for who fills records.
    """

    policy: str
    policy_sha256: str
    rules: tuple[Rule, ...]
    slots: tuple[Slot, ...]
    accepted: tuple[str, ...] = ()

    def slot(self, name: str) -> Slot:
        """Return the slot of that name."""
        return next(slot for slot in self.slots if slot.name == name)

    def sha256(self) -> str:
        """Return the digest of everything that decides what the program answers."""
        return digest.sha256(
            compact(
                {
                    "rules": [[rule.id, rule.tier, _plain(rule.node)] for rule in self.rules],
                    "slots": [
                        [slot.name, [list(field) for field in slot.fields]] for slot in self.slots
                    ],
                }
            )
        )


def half_steps(number: Decimal, exponent: int) -> int:
    """Return `number` in half steps of 10^`exponent`: odd where it lies between two steps.

    Numbers beyond `LARGEST` come back as `LARGEST`, which no threshold reaches.
    """
    sign, digits, power = number.as_tuple()
    whole, shift = int("".join(map(str, digits)) or "0"), int(power) - exponent
    rest = 0
    if shift >= 0:
        # 10^40 half steps are far beyond LARGEST; a larger power would only cost memory.
        whole *= 10 ** min(shift, 40)
    elif -shift > len(digits):
        whole, rest = 0, whole
    else:
        whole, rest = divmod(whole, 10**-shift)
    found = 2 * whole + (1 if rest else 0)
    return max(-LARGEST, min(LARGEST, -found if sign else found))


def lower(policy: Policy, vocabulary: Vocabulary) -> Program:
    """Return the program of a policy.

    Args:
        policy: the rules.
        vocabulary: the words from the weakest to the strongest.

    Raises:
        PolicyError: the thresholds of one slot lie too far apart to share a step.
    """
    atoms = tuple(atom for rule in policy.requirements for atom in leaves(rule.formula))
    lowering = _Lowering(vocabulary, _exponents(atoms))
    slots: dict[str, Slot] = {}
    for atom in atoms:
        slot = lowering.slot(atom)
        slots.setdefault(slot.name, slot)
    return Program(
        policy=f"{policy.id} {policy.version}",
        policy_sha256=policy.sha256,
        rules=tuple(
            Rule(item.id, int(item.tier), lowering.node(item.formula))
            for item in sorted(policy.requirements, key=lambda item: item.tier)
        ),
        slots=tuple(slots[name] for name in sorted(slots)),
        accepted=policy.accepted,
    )


def _exponents(atoms: Iterable[Atom]) -> Mapping[str, int]:
    """Return the step of each claim and quantity: the finest that a threshold lies on."""
    found: dict[str, int] = {}
    for atom in atoms:
        if isinstance(atom, (ClaimAtom, FactAtom)) and atom.number is not None:
            _, digits, power = atom.number.as_tuple()
            kept = "".join(map(str, digits)).rstrip("0")
            step = int(power) + len(digits) - len(kept) if kept.strip("0") else 0
            of = _quantity(atom)
            found[of] = min(found.get(of, step), step)
    return found


def _quantity(atom: Atom) -> str:
    if isinstance(atom, ClaimAtom):
        return "claims"
    return f"{atom.predicate} {atom.unit}" if isinstance(atom, FactAtom) else ""


class _Lowering:
    """Turns formulas into nodes; holds the orders of words and the steps."""

    def __init__(self, vocabulary: Vocabulary, exponents: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._exponents = exponents
        self._nodes: dict[Node, Node] = {}

    def node(self, formula: Formula) -> Node:
        """Return the node of a formula; equal formulas share one object."""
        made = self._made(formula)
        return self._nodes.setdefault(made, made)

    def _made(self, formula: Formula) -> Node:
        if isinstance(formula, (All, Any, AtLeast)):
            children = tuple(self.node(child) for child in formula.children)
            if isinstance(formula, AtLeast):
                return Join(formula.k, children)
            return Join(len(children) if isinstance(formula, All) else 1, children)
        return Leaf(self.slot(formula).name, tuple(self._checks(formula)), label(formula))

    def slot(self, atom: Atom) -> Slot:
        exponent = self._exponents.get(_quantity(atom), 0)
        if isinstance(atom, ClaimAtom):
            name = " ".join(
                (
                    *("claim", atom.claim, "/".join(atom.evaluations), atom.rung),
                    *(atom.independence, atom.access, str(atom.shelf_life_days)),
                    *(str(atom.confidence), atom.sense),
                )
            )
            fields = ("access", "age", "hi", "independence", "lo")
            return Slot(name, tuple((field, "number") for field in fields), exponent, atom)
        if isinstance(atom, AuthorityAtom):
            name = " ".join(("exception", atom.exception, *atom.roles))
            return Slot(name, (("signatures", "number"),), 0, atom)
        if isinstance(atom, ComponentAtom):
            if atom.licence:
                return Slot(f"component {atom.component} licence", (("word", "word"),), 0, atom)
            return Slot(f"component {atom.component}", (("present", "word"),), 0, atom)
        kind = self._vocabulary.predicates[atom.predicate][0]
        if atom.number is not None:
            return Slot(
                f"fact {atom.predicate} {atom.unit}",
                (("lower", "number"), ("upper", "number")),
                exponent,
                atom,
            )
        if kind == "estimate":
            return Slot(f"fact {atom.predicate}", (), 0, atom)
        field = ("words", "words") if kind == "texts" else ("word", "word")
        return Slot(f"fact {atom.predicate}", (field,), 0, atom)

    def _checks(self, atom: Atom) -> Iterator[Check]:
        if isinstance(atom, ClaimAtom):
            yield self._limit("hi" if atom.sense == "at-most" else "lo", atom.sense, atom)
            yield Check("age", "at-most", atom.shelf_life_days)
            words = self._vocabulary
            for field, word, order in (
                ("independence", atom.independence, words.independences),
                ("access", atom.access, words.accesses),
            ):
                if word != order[0]:
                    yield Check(field, "at-least", order.index(word))
        elif isinstance(atom, AuthorityAtom):
            yield Check("signatures", "at-least", atom.signatures)
        elif isinstance(atom, ComponentAtom):
            if not atom.licence:
                yield Check("present", "in", words=("yes",))
            elif atom.licences:
                yield Check("word", "in", words=_folded(atom.licences))
        elif atom.number is not None:
            yield self._limit(
                "upper" if atom.test in ("at-most", "below") else "lower", atom.test, atom
            )
        elif atom.test == "is":
            texts = self._vocabulary.predicates[atom.predicate][0] == "texts"
            of = ("words", "subset") if texts else ("word", "in")
            yield Check(*of, words=_folded(atom.words))

    def _limit(self, field: str, test: str, atom: FactAtom | ClaimAtom) -> Check:
        assert atom.number is not None
        number = half_steps(atom.number, self._exponents[_quantity(atom)])
        if abs(number) == LARGEST:
            raise PolicyError(
                f"the thresholds of {_quantity(atom)} lie more than 15 digits apart",
                code="too-wide",
                hint="compare quantities of such different size by facts of their own",
            )
        return Check(field, test, number)


def _folded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({" ".join(word.split()).casefold() for word in words}))


def _plain(node: Node) -> list[object]:
    if isinstance(node, Join):
        return [node.needed, [_plain(child) for child in node.children]]
    return [
        node.slot,
        [[item.field, item.test, item.number, list(item.words)] for item in node.checks],
    ]
