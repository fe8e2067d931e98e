"""The one intermediate representation of a policy: formulas over atoms, and nothing negative.

There is no NOT: a formula can only ask for more to be shown, never for less. That
is what makes every policy of this language monotone (law 2). Deciding, explaining
and, later, proving and back-testing all read these nodes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from openweir.canonical import decimal_text

__all__ = [
    "All",
    "Any",
    "AtLeast",
    "Atom",
    "ClaimAtom",
    "ComponentAtom",
    "FactAtom",
    "Formula",
    "label",
    "leaves",
    "say",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FactAtom:
    """A fact of the dossier passes a test.

    Attributes:
        predicate: a word of the vocabulary of facts.
        test: `known`, `is`, `at-most`, `below`, `at-least` or `above`.
        words: of `is`: every stated value must be among them; `yes` and `no` for a flag.
        number, unit: of the four comparisons; the whole interval must pass.
    """

    predicate: str
    test: str
    words: tuple[str, ...] = ()
    number: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentAtom:
    """A component is released, under a declared licence where one is asked for.

    Attributes:
        component: as the Model Openness Framework names it.
        licence: empty when none is asked for, `known`, or the name of a licence set.
        licences: the set; empty when any declared licence will do.
    """

    component: str
    licence: str = ""
    licences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAtom:
    """Evidence shows a claim: the bound is on the safe side and the trial was good enough.

    Attributes:
        claim: `<domain>.<endpoint>`, declared by the policy.
        sense: `at-most` where a high rate is the risk, `at-least` where a low one is.
        number: the limit, a proportion.
        evaluations: which kinds of evaluation can show it, such as `PE2`.
        rung: the weakest attack that can show it, `A0` to `A6`.
        independence, access: the least that can show it.
        shelf_life_days: how many days after the trial it still shows it.
        confidence: of the interval, at least.
    """

    claim: str
    sense: str
    number: Decimal
    evaluations: tuple[str, ...]
    rung: str
    independence: str
    access: str
    shelf_life_days: int
    confidence: Decimal


Atom = FactAtom | ComponentAtom | ClaimAtom


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every child holds; `name` and `text` where the policy defined it under a name."""

    children: tuple["Formula", ...]
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Any:
    """At least one child holds."""

    children: tuple["Formula", ...]
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtLeast:
    """At least `k` children hold, 1 <= k <= number of children."""

    k: int
    children: tuple["Formula", ...]
    name: str = ""
    text: str = ""


Formula = All | Any | AtLeast | FactAtom | ComponentAtom | ClaimAtom


def leaves(formula: Formula) -> Iterator[Atom]:
    """Yield the atoms of a formula from left to right, repeats included."""
    if isinstance(formula, (All, Any, AtLeast)):
        for child in formula.children:
            yield from leaves(child)
    else:
        yield formula


def label(atom: Atom) -> str:
    """Return what an atom asks, in a few words; different atoms may share a label."""
    if isinstance(atom, ClaimAtom):
        return f"{_limit(atom)} ({' or '.join(atom.evaluations)} at {atom.rung})"
    return say(atom)


def say(atom: Atom) -> str:
    """Return what an atom asks, in words; two atoms that ask the same say the same."""
    match atom:
        case FactAtom():
            return _say_fact(atom)
        case ComponentAtom():
            return _say_component(atom)
        case ClaimAtom():
            return _say_claim(atom)


def _say_fact(atom: FactAtom) -> str:
    if atom.number is not None:
        return f"{atom.predicate} {_words(atom.test)} {decimal_text(atom.number)} {atom.unit}"
    if atom.test == "is":
        return f"{atom.predicate} is {' or '.join(atom.words)}"
    return f"{atom.predicate} is known"


def _say_component(atom: ComponentAtom) -> str:
    licence = {"": "", "known": " under a declared licence"}.get(
        atom.licence, f" under a licence of the set {atom.licence} ({', '.join(atom.licences)})"
    )
    return f"component {atom.component} is released{licence}"


def _say_claim(atom: ClaimAtom) -> str:
    return (
        f"{_limit(atom)} by {' or '.join(atom.evaluations)} at rung {atom.rung} or harder,"
        f" {_who(atom)}, access {atom.access} or deeper,"
        f" at most {atom.shelf_life_days} days old,"
        f" {decimal_text(atom.confidence * 100)} % confidence"
    )


def _who(atom: ClaimAtom) -> str:
    if atom.independence == "self":
        return "any evaluator"
    return f"{atom.independence} evaluator or more independent"


def _limit(atom: ClaimAtom) -> str:
    if atom.number == (1 if atom.sense == "at-most" else 0):
        # Every proportion passes: only that it was measured is asked.
        return f"{atom.claim} is measured"
    return f"{atom.claim} {_words(atom.sense)} {decimal_text(atom.number)}"


def _words(test: str) -> str:
    return test.replace("-", " ")
