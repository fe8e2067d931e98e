"""From a policy to SMT-LIB text: the judge's meaning of every atom, written a second time.

`Encoder` writes definitions for one symbolic dossier: every atom, every requirement and
`adm<t>`, that tier `t` is admissible. A claim is shown when its plan is about this
model, every planned trial is answered on these bytes, at the rung planned and not dated
ahead, no answer from an attack no harder than asked is off the safe side, and one answer
is good enough in every respect (laws 1 and 3).

Source: policy pack openweir-baseline, sources/baseline.md; reference semantics of the
engine, against which the encoding is replayed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from openweir.policy import (
    All,
    Any,
    AtLeast,
    Atom,
    AuthorityAtom,
    ClaimAtom,
    ComponentAtom,
    FactAtom,
    Formula,
    Policy,
)
from openweir.policy.prove.space import (
    ClaimAxis,
    FactAxis,
    Space,
    folded_word,
    licence_symbols,
    role_symbols,
    word_symbols,
)
from openweir.policy.prove.term import (
    all_of,
    any_of,
    at_least,
    define,
    equal,
    implies,
    negate,
    number,
    scaled,
)
from openweir.tier import Tier

__all__ = ["TWISTS", "Asked", "Encoder", "admissible", "claim_term", "usable"]

TWISTS = (
    "passes-when-missing",
    "optimistic-bound",
    "comparison-flipped",
    "age-flipped",
    "level-flipped",
    "age-dropped",
    "level-dropped",
    "bound-dropped",
    "threshold-moved",
)
"""Ways in which a claim can be read wrongly; the last is a change of the policy itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a claim atom asks, as terms: numerals, or symbols where any value is meant.

    Attributes:
        evaluations: for each evaluation, the term that it can show the claim.
        system_only: the term that only whole-system trials can.
    """

    sense: str
    limit: str
    evaluations: tuple[str, ...]
    system_only: str
    rung: str
    independence: str
    access: str
    confidence: str
    shelf_life: str


def admissible(tier: Tier, dossier: str, prefix: str = "") -> str:
    """Return the symbol that says `tier` is admissible."""
    return f"{prefix}adm{int(tier)}_{dossier}"


def usable(slot: str, dossier: str) -> str:
    """Return that a trial's answer can be used, as judged for every policy alike."""
    return all_of(
        (
            f"{slot}_answered_{dossier}",
            f"(>= {slot}_rung_{dossier} {slot}_asked_rung_{dossier})",
            f"{slot}_bound_{dossier}",
            f"(>= {slot}_age_{dossier} 0)",
        )
    )


@dataclass(slots=True)
class Encoder:
    """Writes one policy for one symbolic dossier.

    Attributes:
        prefix: of every symbol defined, where several policies stand in one script.
        twists: atoms to be read wrongly, for the study of mutants.
        known: the symbol of every formula that has one.
        forgetful: read a planned trial without an answer as if it had never been planned,
            which is the attack that plans are there to stop.
    """

    space: Space
    policy: Policy
    dossier: str
    prefix: str = ""
    twists: Mapping[Atom, str] = field(default_factory=dict)
    forgetful: bool = False
    known: dict[Formula, str] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)

    def definitions(self) -> Iterator[str]:
        """Yield the definitions of every requirement and of every tier's admissibility."""
        yield from self.basics()
        yield from self.tiers()

    def basics(self) -> Iterator[str]:
        """Yield the definitions that claims share: what is accepted, whose plan is complete."""
        for claim in self.space.claims:
            for slot in claim.slots:
                accepted = self.accepted(f"{slot}_cert_{self.dossier}")
                yield define(self.accepted_trial(slot), accepted)
            yield define(self.usable_plan(claim), self._planned(claim))

    def tiers(self) -> Iterator[str]:
        """Yield the definitions of every requirement and of every tier's admissibility."""
        for item in self.policy.requirements:
            self.formula(item.formula)
        shown = {item.id: self.known[item.formula] for item in self.policy.requirements}
        for tier in Tier:
            asked = (shown[item.id] for item in self.policy.asked_at(tier))
            self._lines.append(
                define(admissible(tier, self.dossier, self.prefix), all_of(dict.fromkeys(asked)))
            )
        yield from self.more()

    def more(self) -> Iterator[str]:
        """Yield the definitions written since the last time."""
        lines, self._lines = self._lines, []
        yield from lines

    def formula(self, formula: Formula) -> str:
        """Return the symbol of a formula, defining it the first time."""
        if formula not in self.known:
            body = self._body(formula)
            symbol = f"{self.prefix}x{len(self.known)}_{self.dossier}"
            self._lines.append(define(symbol, body))
            self.known[formula] = symbol
        return self.known[formula]

    def _body(self, formula: Formula) -> str:
        match formula:
            case All():
                return all_of(map(self.formula, formula.children))
            case Any():
                return any_of(map(self.formula, formula.children))
            case AtLeast():
                return at_least(formula.k, map(self.formula, formula.children))
            case FactAtom():
                return self._fact(formula)
            case ComponentAtom():
                return self._component(formula)
            case ClaimAtom():
                return self._claim(formula)
            case AuthorityAtom():
                return self._authority(formula)

    def accepted(self, symbol: str) -> str:
        """Return that a certainty is one that the policy accepts."""
        words = self.space.vocabulary.certainties
        return any_of(equal(symbol, number(words.index(word))) for word in self.policy.accepted)

    def _fact(self, atom: FactAtom) -> str:
        axis = next(item for item in self.space.facts if item.predicate == atom.predicate)
        accepted = self.accepted(f"{axis.key}_cert_{self.dossier}")
        if axis.kind == "estimate":
            return all_of((accepted, f"{axis.key}_known_{self.dossier}", self._limit(axis, atom)))
        symbols = [f"{symbol}_{self.dossier}" for symbol in word_symbols(axis)]
        known = any_of(symbols)
        if atom.test == "known":
            return all_of((accepted, known))
        asked = {folded_word(word) for word in atom.words}
        others = [
            symbol
            for index, symbol in enumerate(symbols)
            if index >= len(axis.words) or axis.words[index] not in asked
        ]
        return all_of((accepted, known, *map(negate, others)))

    def _limit(self, axis: FactAxis, atom: FactAtom) -> str:
        if atom.number is None:
            return "true"
        end = "hi" if atom.test in ("at-most", "below") else "lo"
        sign = {"at-most": "<=", "below": "<", "at-least": ">=", "above": ">"}[atom.test]
        limit = number(scaled(atom.number, axis.places))
        return all_of(
            (f"{axis.key}_unit_{self.dossier}", f"({sign} {axis.key}_{end}_{self.dossier} {limit})")
        )

    def _component(self, atom: ComponentAtom) -> str:
        axis = next(item for item in self.space.components if item.component == atom.component)
        parts = [
            self.accepted(f"{axis.key}_cert_{self.dossier}"),
            f"{axis.key}_released_{self.dossier}",
        ]
        symbols = [f"{symbol}_{self.dossier}" for symbol in licence_symbols(axis)]
        if atom.licence:
            asked: set[str | None] = set(map(folded_word, atom.licences))
            asked = asked or {*axis.licences, None}
            names = (*axis.licences, None)
            parts.append(any_of(s for s, name in zip(symbols, names, strict=True) if name in asked))
        return all_of(parts)

    def _authority(self, atom: AuthorityAtom) -> str:
        axis = next(item for item in self.space.grants if item.exception == atom.exception)
        symbols = dict(zip(axis.roles, role_symbols(axis), strict=True))
        counting = (f"{symbols[role]}_{self.dossier}" for role in atom.roles)
        return all_of(
            (f"(>= {axis.key}_days_{self.dossier} 0)", at_least(atom.signatures, counting))
        )

    def _planned(self, axis: ClaimAxis) -> str:
        """Return that trials are planned and every one is answered."""
        return all_of(
            (
                f"plan_bound_{self.dossier}",
                any_of(map(self.planned, axis.slots)),
                *(implies(self.planned(s), usable(s, self.dossier)) for s in axis.slots),
            )
        )

    def _claim(self, atom: ClaimAtom) -> str:
        axis = next(item for item in self.space.claims if item.claim == atom.claim)
        words = self.space.vocabulary
        asked = Asked(
            sense=atom.sense,
            limit=number(scaled(atom.number, axis.places)),
            evaluations=tuple(
                "true" if word in atom.evaluations else "false" for word in words.evaluations
            ),
            system_only="true" if atom.evaluations == ("SYS",) else "false",
            rung=number(words.rungs.index(atom.rung)),
            independence=number(words.independences.index(atom.independence)),
            access=number(words.accesses.index(atom.access)),
            confidence=number(scaled(atom.confidence, axis.confidence_places)),
            shelf_life=number(atom.shelf_life_days),
        )
        return claim_term(asked, axis, self, self.twists.get(atom, ""))

    def planned(self, slot: str) -> str:
        """Return that a trial is planned."""
        found = f"{slot}_planned_{self.dossier}"
        return all_of((found, f"{slot}_answered_{self.dossier}")) if self.forgetful else found

    def usable_plan(self, axis: ClaimAxis) -> str:
        """Return the symbol that a claim's plan is complete."""
        return f"{self.prefix}plan{axis.key}_{self.dossier}"

    def accepted_trial(self, slot: str) -> str:
        """Return the symbol that a trial's publication is sure enough."""
        return f"{self.prefix}ok{slot}_{self.dossier}"


def claim_term(asked: Asked, axis: ClaimAxis, encoder: Encoder, twist: str = "") -> str:
    """Return that a claim is shown.

    Args:
        asked: what must be shown, and how well.
        axis: the claim's trials.
        encoder: the dossier and policy it is asked of.
        twist: a way of `TWISTS` to read it wrongly; empty to read it as it is meant.
    """
    words, dossier = encoder.space.vocabulary, encoder.dossier
    system = number(words.evaluations.index("SYS"))
    against, support = [], []
    for slot in axis.slots:
        safe = _safe(asked, slot, dossier, twist)
        comparable = any_of(
            (equal(f"{slot}_evaluation_{dossier}", system), negate(asked.system_only))
        )
        planned = encoder.planned(slot)
        counts = all_of((planned, comparable, f"(<= {slot}_rung_{dossier} {asked.rung})"))
        against.append(implies(counts, safe))
        support.append(
            all_of(
                (
                    planned,
                    safe,
                    any_of(
                        all_of((equal(f"{slot}_evaluation_{dossier}", number(index)), term))
                        for index, term in enumerate(asked.evaluations)
                    ),
                    f"(>= {slot}_rung_{dossier} {asked.rung})",
                    f"(>= {slot}_confidence_{dossier} {asked.confidence})",
                    encoder.accepted_trial(slot),
                    *_levels(asked, slot, dossier, twist),
                    *_freshness(asked, slot, dossier, twist),
                )
            )
        )
    shown = all_of((encoder.usable_plan(axis), *against, any_of(support)))
    if twist == "passes-when-missing":
        return any_of((shown, negate(encoder.usable_plan(axis))))
    return shown


def _safe(asked: Asked, slot: str, dossier: str, twist: str) -> str:
    if twist == "bound-dropped":
        return "true"
    upper = asked.sense == "at-most"
    end = "hi" if upper is not (twist == "optimistic-bound") else "lo"
    sign = "<=" if upper is not (twist == "comparison-flipped") else ">="
    return f"({sign} {slot}_{end}_{dossier} {asked.limit})"


def _levels(asked: Asked, slot: str, dossier: str, twist: str) -> Iterator[str]:
    if twist != "level-dropped":
        sign = "<=" if twist == "level-flipped" else ">="
        yield f"({sign} {slot}_independence_{dossier} {asked.independence})"
        yield f"({sign} {slot}_access_{dossier} {asked.access})"


def _freshness(asked: Asked, slot: str, dossier: str, twist: str) -> Iterator[str]:
    if twist != "age-dropped":
        sign = ">=" if twist == "age-flipped" else "<="
        yield f"({sign} {slot}_age_{dossier} {asked.shelf_life})"
