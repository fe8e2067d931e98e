"""The space of all dossiers: which variables a symbolic dossier has, and when one is weaker.

A dossier is seen as the requirements see it. A fact is what all accepted statements of
it together allow. A claim has a number of planned trials, each answered or not, and an
answer has a rung, an evaluator, an age, an interval. Every number lies on a grid that
is one decimal place finer than the limits that look at it, so that between and beside
two limits there is always a point: which side of each limit a number is on is all that
a policy can see of it.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from openweir.policy import (
    Atom,
    AuthorityAtom,
    ClaimAtom,
    ComponentAtom,
    FactAtom,
    Formula,
    Policy,
    Vocabulary,
    leaves,
)
from openweir.policy.prove.term import digits

__all__ = [
    "TRIAL_PARTS",
    "ClaimAxis",
    "ComponentAxis",
    "FactAxis",
    "GrantAxis",
    "Space",
    "atoms_of",
    "folded_word",
    "formulas_of",
    "licence_symbols",
    "role_symbols",
    "word_symbols",
]

_CONFIDENCE_PLACES = 3
_MOST_TRIALS = 4

TRIAL_PARTS = (
    ("planned", "Bool"),
    ("evaluation", "Int"),
    ("asked_rung", "Int"),
    ("answered", "Bool"),
    ("rung", "Int"),
    ("bound", "Bool"),
    ("age", "Int"),
    ("independence", "Int"),
    ("access", "Int"),
    ("confidence", "Int"),
    ("cert", "Int"),
    ("lo", "Int"),
    ("hi", "Int"),
)
"""What a symbolic dossier says of a planned trial and of its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactAxis:
    """One predicate.

    Attributes:
        key: prefix of its variables.
        kind: `flag`, `text`, `texts` or `estimate`.
        words: those a policy mentions, folded; every other word is `another`.
        places: decimal places of the grid.
    """

    key: str
    predicate: str
    kind: str
    words: tuple[str, ...]
    places: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentAxis:
    """One component and the licences that a policy mentions, folded."""

    key: str
    component: str
    licences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimAxis:
    """One claim.

    Attributes:
        sense: `at-most` where a high rate is the risk, `at-least` where a low one is.
        trials: how many planned trials a symbolic dossier may have on it.
        places, confidence_places: decimal places of the grids.
    """

    key: str
    claim: str
    sense: str
    trials: int
    places: int
    confidence_places: int

    @property
    def slots(self) -> tuple[str, ...]:
        """Prefixes of the variables of each trial."""
        return tuple(f"{self.key}t{index}" for index in range(self.trials))


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantAxis:
    """One exception and the roles that may grant it."""

    key: str
    exception: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Every variable of a symbolic dossier."""

    facts: tuple[FactAxis, ...]
    components: tuple[ComponentAxis, ...]
    claims: tuple[ClaimAxis, ...]
    grants: tuple[GrantAxis, ...]
    vocabulary: Vocabulary

    @classmethod
    def of(
        cls, policies: Iterable[Policy], vocabulary: Vocabulary, *, trials: int | None = None
    ) -> "Space":
        """Return the space that every one of `policies` can be asked over.

        Args:
            policies: whose atoms say what matters.
            vocabulary: kinds of facts and the order of the scales.
            trials: planned trials per claim; by default one per way in which the claim
                is asked, at least 2 and at most 4.
        """
        atoms = [atom for policy in policies for atom in atoms_of(policy)]
        return cls(
            facts=tuple(_facts(atoms, vocabulary)),
            components=tuple(_components(atoms)),
            claims=tuple(_claims(atoms, trials)),
            grants=tuple(_grants(atoms)),
            vocabulary=vocabulary,
        )

    def axes(self) -> Iterator["FactAxis | ComponentAxis | ClaimAxis | GrantAxis"]:
        """Yield every axis."""
        yield from self.facts
        yield from self.components
        yield from self.claims
        yield from self.grants

    def holds(self, atom: Atom) -> bool:
        """Whether the variables that an atom looks at are here."""
        match atom:
            case FactAtom():
                return any(axis.predicate == atom.predicate for axis in self.facts)
            case ComponentAtom():
                return any(axis.component == atom.component for axis in self.components)
            case ClaimAtom():
                return any(axis.claim == atom.claim for axis in self.claims)
            case AuthorityAtom():
                return any(axis.exception == atom.exception for axis in self.grants)

    def variables(self, dossier: str) -> Iterator[tuple[str, str]]:
        """Yield (symbol, sort) of every variable of the dossier of that suffix."""
        yield f"plan_bound_{dossier}", "Bool"
        for fact in self.facts:
            yield f"{fact.key}_cert_{dossier}", "Int"
            if fact.kind == "estimate":
                yield f"{fact.key}_known_{dossier}", "Bool"
                yield f"{fact.key}_unit_{dossier}", "Bool"
                yield f"{fact.key}_lo_{dossier}", "Int"
                yield f"{fact.key}_hi_{dossier}", "Int"
            else:
                yield from ((f"{word}_{dossier}", "Bool") for word in word_symbols(fact))
        for item in self.components:
            yield f"{item.key}_cert_{dossier}", "Int"
            yield f"{item.key}_released_{dossier}", "Bool"
            yield from ((f"{word}_{dossier}", "Bool") for word in licence_symbols(item))
        for claim in self.claims:
            for slot in claim.slots:
                yield from ((f"{slot}_{part}_{dossier}", sort) for part, sort in TRIAL_PARTS)
        for grant in self.grants:
            yield f"{grant.key}_days_{dossier}", "Int"
            yield from ((f"{role}_{dossier}", "Bool") for role in role_symbols(grant))


def word_symbols(fact: FactAxis) -> tuple[str, ...]:
    """Return one symbol per mentioned word, and one for any other where there can be one."""
    named = tuple(f"{fact.key}_w{index}" for index in range(len(fact.words)))
    return named if fact.kind == "flag" else (*named, f"{fact.key}_other")


def licence_symbols(item: ComponentAxis) -> tuple[str, ...]:
    """Return one symbol per mentioned licence and one for any other."""
    return (*(f"{item.key}_l{index}" for index in range(len(item.licences))), f"{item.key}_other")


def role_symbols(grant: GrantAxis) -> tuple[str, ...]:
    """Return one symbol per role that may sign."""
    return tuple(f"{grant.key}_r{index}" for index in range(len(grant.roles)))


def folded_word(word: str) -> str:
    """Return a word as words are compared: white space and case do not matter."""
    return " ".join(word.split()).casefold()


def formulas_of(policy: Policy) -> Iterator[Formula]:
    """Yield every formula a policy judges: requirements, never-statements, light tracks."""
    yield from (item.formula for item in policy.requirements)
    yield from (item.formula for item in policy.invariants)
    yield from (item.light.formula for item in policy.approvals if item.light is not None)


def atoms_of(policy: Policy) -> tuple[Atom, ...]:
    """Return every distinct atom of a policy, in the order it is met."""
    return tuple(dict.fromkeys(atom for formula in formulas_of(policy) for atom in leaves(formula)))


def _facts(atoms: Iterable[Atom], vocabulary: Vocabulary) -> Iterator[FactAxis]:
    asked: dict[str, list[FactAtom]] = {}
    for atom in atoms:
        if isinstance(atom, FactAtom):
            asked.setdefault(atom.predicate, []).append(atom)
    for index, (predicate, tests) in enumerate(sorted(asked.items())):
        kind = vocabulary.predicates[predicate][0]
        words = {folded_word(word) for test in tests for word in test.words}
        words = {"no", "yes"} if kind == "flag" else words - {""}
        # A text that says `unknown` says nothing, so no test can pass on it.
        words -= {"unknown"} if kind == "text" else set()
        places = [digits(test.number) for test in tests if test.number is not None]
        yield FactAxis(
            key=f"f{index}",
            predicate=predicate,
            kind=kind,
            words=tuple(sorted(words)),
            places=max(places, default=0) + 1,
        )


def _components(atoms: Iterable[Atom]) -> Iterator[ComponentAxis]:
    asked: dict[str, set[str]] = {}
    for atom in atoms:
        if isinstance(atom, ComponentAtom):
            asked.setdefault(atom.component, set()).update(map(folded_word, atom.licences))
    for index, (component, licences) in enumerate(sorted(asked.items())):
        yield ComponentAxis(
            key=f"m{index}", component=component, licences=tuple(sorted(licences - {""}))
        )


def _claims(atoms: Iterable[Atom], trials: int | None) -> Iterator[ClaimAxis]:
    asked: dict[str, list[ClaimAtom]] = {}
    for atom in atoms:
        if isinstance(atom, ClaimAtom):
            asked.setdefault(atom.claim, []).append(atom)
    for index, (claim, tests) in enumerate(sorted(asked.items())):
        ways = len({(test.evaluations, test.rung) for test in tests})
        yield ClaimAxis(
            key=f"c{index}",
            claim=claim,
            sense=tests[0].sense,
            trials=trials or min(_MOST_TRIALS, max(2, ways)),
            places=_places(tests, lambda test: test.number) + 1,
            confidence_places=max(
                _CONFIDENCE_PLACES, _places(tests, lambda test: test.confidence) + 1
            ),
        )


def _places(tests: Iterable[ClaimAtom], read: Callable[[ClaimAtom], Decimal]) -> int:
    return max(digits(read(test)) for test in tests)


def _grants(atoms: Iterable[Atom]) -> Iterator[GrantAxis]:
    asked: dict[str, set[str]] = {}
    for atom in atoms:
        if isinstance(atom, AuthorityAtom):
            asked.setdefault(atom.exception, set()).update(atom.roles)
    for index, (exception, roles) in enumerate(sorted(asked.items())):
        yield GrantAxis(key=f"g{index}", exception=exception, roles=tuple(sorted(roles)))
