"""The invariants that hold of a policy alone, each as one question or more to a prover.

A law is `unsat`: no dossier, or no two, break it. An example is `sat`.

Trials. A symbolic dossier has a few planned trials on each claim. That is no limit for
the laws on two dossiers: if an atom holds in one and fails in a stronger one, then one
trial that supports it and one that spoils it are enough to see it, whatever else was
planned; and a formula without NOT cannot fail where all its atoms hold. So each law is
asked of every atom with two trials, and of the whole policy.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from openweir.policy import ClaimAtom, Formula, Policy, Vocabulary
from openweir.policy.prove.encode import Encoder, admissible
from openweir.policy.prove.order import domain, less_answered, older, partial, weaker
from openweir.policy.prove.query import Query, script
from openweir.policy.prove.space import Space, atoms_of
from openweir.policy.prove.term import all_of, any_of, equal, implies, negate, number
from openweir.tier import Tier

__all__ = ["Laws", "outputs"]

_MOST_WHOLE = 100
_RELATION = Callable[[Space, str, str], Iterator[str]]


def outputs(dossier: str, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (symbol, tier's admissibility) so that an answer says which tiers it claims."""
    for tier in Tier:
        found = admissible(tier, dossier, prefix)
        yield f"out_{found}", found


@dataclass(frozen=True, slots=True, kw_only=True)
class Laws:
    """Writes the questions about one policy.

    Attributes:
        encoder: writes one dossier; another than the faithful one for the study of mutants.
    """

    policy: Policy
    vocabulary: Vocabulary
    space: Space
    encoder: Callable[[Space, Policy, str], Encoder]

    @classmethod
    def of(cls, policy: Policy, vocabulary: Vocabulary, *, trials: int | None = None) -> "Laws":
        """Return the laws of a policy, read faithfully."""
        return cls(
            policy=policy,
            vocabulary=vocabulary,
            space=Space.of([policy], vocabulary, trials=trials),
            encoder=Encoder,
        )

    def monotone(self) -> Iterator[Query]:
        """I1: weaker evidence never raises the tier.

        First of every atom, then of what the rules make of atoms, whatever they are: both
        together are the law, for any number of trials. A policy that is not too large is
        asked as a whole once more.
        """
        yield from self.each_atom()
        yield self.connectives()
        if len(self.policy.requirements) <= _MOST_WHOLE:
            yield self.whole()

    def each_atom(self) -> Iterator[Query]:
        """Yield, claim by claim, whether an atom holds in a dossier and fails in a stronger one.

        An atom looks at one claim only, so nothing is lost by asking apart.
        """
        whole = Space.of([self.policy], self.vocabulary, trials=2)
        none = replace(whole, facts=(), components=(), claims=(), grants=())
        parts = [(axis.claim, replace(none, claims=(axis,))) for axis in whole.claims]
        if len(parts) < len(list(whole.axes())):
            parts.append(("facts, components and grants", replace(whole, claims=())))
        for name, space in parts:
            encoders = [self.encoder(space, self.policy, dossier) for dossier in ("a", "b")]
            pairs = [
                [encoder.formula(atom) for encoder in encoders]
                for atom in atoms_of(self.policy)
                if space.holds(atom)
            ]
            text = script(
                [v for dossier in ("a", "b") for v in space.variables(dossier)],
                [line for encoder in encoders for line in (*encoder.basics(), *encoder.more())],
                [
                    *(line for dossier in ("a", "b") for line in domain(space, dossier)),
                    *weaker(space, self.policy, "a", "b"),
                    any_of(all_of((weak, negate(strong))) for weak, strong in pairs),
                ],
            )
            yield Query(name=f"I1 each atom on {name}", text=text, dossiers=())

    def connectives(self) -> Query:
        """Return whether more atoms can mean a lower tier, whatever the atoms are."""
        variables: list[tuple[str, str]] = []
        definitions: list[str] = []
        limits: list[str] = []
        known: dict[str, dict[Formula, str]] = {"a": {}, "b": {}}
        for index, atom in enumerate(atoms_of(self.policy)):
            for dossier, symbols in known.items():
                symbols[atom] = f"y{index}_{dossier}"
                variables.append((symbols[atom], "Bool"))
            limits.append(implies(known["a"][atom], known["b"][atom]))
        for dossier, symbols in known.items():
            encoder = Encoder(self.space, self.policy, dossier, known=symbols)
            definitions += encoder.tiers()
        raised = any_of(
            all_of((admissible(tier, "a"), negate(admissible(tier, "b"))))
            for tier in list(Tier)[1:]
        )
        text = script(variables, definitions, [*limits, raised])
        return Query(name="I1 what the rules make of atoms", text=text, dossiers=())

    def whole(self) -> Query:
        """Return whether a weaker dossier reaches a tier that a stronger one does not."""
        return self._two("I1 the whole policy", self._weaker)

    def completion(self) -> Iterator[Query]:
        """I2: what is left out is never better than any way in which it can turn out."""
        yield self._two("I2 left out and turned out", partial)

    def reachable(self) -> Iterator[Query]:
        """I3: every tier can be reached, or is declared closed."""
        for tier in list(Tier)[1:]:
            closed = self.policy.tier_rule(tier).closed
            yield self.one(
                f"I3 {tier.word} is {'closed' if closed else 'reached'}",
                [admissible(tier, "a")],
                holds_when="unsat" if closed else "sat",
            )

    def exactly(self, tier: Tier) -> Query:
        """Return whether a tier is ever the answer."""
        above = [negate(admissible(Tier(tier + 1), "a"))] if tier < max(Tier) else []
        return self.one(
            f"I3 {tier.word} is the answer", [admissible(tier, "a"), *above], holds_when="sat"
        )

    def live(self, index: int) -> Query:
        """Return whether some dossier is stopped by one requirement alone (I4)."""
        item = self.policy.requirements[index]
        encoder = self.encoder(self.space, self.policy, "a")
        definitions = list(encoder.definitions())
        others = [
            encoder.formula(other.formula)
            for other in self.policy.asked_at(item.tier)
            if other.id != item.id
        ]
        asserted = [*others, negate(encoder.formula(item.formula))]
        return self._write(
            f"I4 {item.id} stops alone", definitions, asserted, ("a",), holds_when="sat"
        )

    def implied(self, index: int, by: Iterable[int]) -> Query:
        """Return whether a requirement asks nothing beyond others: `unsat` when it does not."""
        encoder = self.encoder(self.space, self.policy, "a")
        definitions = list(encoder.definitions())
        asserted = [encoder.formula(self.policy.requirements[other].formula) for other in by]
        item = self.policy.requirements[index]
        asserted.append(negate(encoder.formula(item.formula)))
        return self._write(f"I4 {item.id} asks more", definitions, asserted, ("a",))

    def nested(self) -> Iterator[Query]:
        """I5: who reaches a tier reaches every less open one, and `sealed` always holds."""
        broken = [
            all_of((admissible(tier, "a"), negate(admissible(Tier(tier - 1), "a"))))
            for tier in list(Tier)[1:]
        ]
        yield self.one(
            "I5 tiers are nested", [any_of([*broken, negate(admissible(Tier.SEALED, "a"))])]
        )

    def never(self) -> Iterator[Query]:
        """I6: each never-statement of the author follows from the rules."""
        for item in self.policy.invariants:
            encoder = self.encoder(self.space, self.policy, "a")
            definitions = list(encoder.definitions())
            asserted = [admissible(item.tier, "a"), negate(encoder.formula(item.formula))]
            definitions += encoder.more()
            yield self._write(f"I6 {item.id}", definitions, asserted, ("a",))

    def fresh(self) -> Iterator[Query]:
        """I7: nothing is shown by evidence past its shelf life."""
        yield self._each_claim(
            "I7 each claim past its shelf life",
            lambda atom, slot, _encoder: f"(> {slot}_age_a {atom.shelf_life_days})",
        )
        limit = max((a.shelf_life_days for a in self._claim_atoms()), default=0)
        stale = [
            implies(f"{slot}_planned_a", f"(> {slot}_age_a {limit})")
            for axis in self.space.claims
            for slot in axis.slots
        ]
        yield self._two("I7 all evidence past its shelf life", self._unanswered, stale)

    def assured(self) -> Iterator[Query]:
        """I8: nothing is shown by evidence below the assurance that is asked."""
        yield self._each_claim("I8 each claim below its assurance", self._short)

    def planned(self) -> Iterator[Query]:
        """I12: a planned trial that is not answered never raises the tier."""
        yield self._two("I12 an answer is left out", self._omitted)
        if self._claim_atoms():
            forgetful = Laws(
                policy=self.policy,
                vocabulary=self.vocabulary,
                space=self.space,
                encoder=lambda space, found, dossier: Encoder(
                    space, found, dossier, forgetful=True
                ),
            )
            query = forgetful._two("I12 without plans the attack works", self._omitted)
            yield Query(name=query.name, text=query.text, holds_when="sat", dossiers=())

    def falling(self) -> Iterator[Query]:
        """I13: with fixed evidence the tier only falls as time goes by."""
        yield self._two(
            "I13 the same evidence later",
            lambda space, one, other: older(space, one, other, "later"),
            extra=[("later", "Int")],
        )

    def one(self, name: str, asserted: Iterable[str], *, holds_when: str = "unsat") -> Query:
        """Return a question about one dossier under the policy."""
        encoder = self.encoder(self.space, self.policy, "a")
        return self._write(name, encoder.definitions(), asserted, ("a",), holds_when=holds_when)

    def _two(
        self,
        name: str,
        relation: _RELATION,
        beside: Iterable[str] = (),
        extra: Iterable[tuple[str, str]] = (),
    ) -> Query:
        """Return whether dossier `a`, related to `b`, reaches a tier that `b` does not."""
        definitions = [
            line
            for dossier in ("a", "b")
            for line in self.encoder(self.space, self.policy, dossier).definitions()
        ]
        raised = any_of(
            all_of((admissible(tier, "a"), negate(admissible(tier, "b"))))
            for tier in list(Tier)[1:]
        )
        asserted = [*relation(self.space, "a", "b"), *beside, raised]
        return self._write(name, definitions, asserted, ("a", "b"), extra=extra)

    def _write(
        self,
        name: str,
        definitions: Iterable[str],
        asserted: Iterable[str],
        dossiers: tuple[str, ...],
        *,
        holds_when: str = "unsat",
        extra: Iterable[tuple[str, str]] = (),
    ) -> Query:
        out = [pair for dossier in dossiers for pair in outputs(dossier)]
        variables = [v for dossier in dossiers for v in self.space.variables(dossier)]
        limits = [line for dossier in dossiers for line in domain(self.space, dossier)]
        text = script(
            [*variables, *extra, *((symbol, "Bool") for symbol, _ in out)],
            definitions,
            [*limits, *(equal(symbol, term) for symbol, term in out), *asserted],
        )
        return Query(name=name, text=text, holds_when=holds_when, dossiers=dossiers)

    def _each_claim(self, name: str, short: Callable[[ClaimAtom, str, Encoder], str]) -> Query:
        """Return whether a claim is shown although each of its answers falls short."""
        encoder = self.encoder(self.space, self.policy, "a")
        definitions = list(encoder.definitions())
        broken = []
        for atom in self._claim_atoms():
            axis = next(item for item in self.space.claims if item.claim == atom.claim)
            falls = (implies(encoder.planned(s), short(atom, s, encoder)) for s in axis.slots)
            broken.append(all_of((encoder.formula(atom), *falls)))
        definitions += encoder.more()
        return self._write(name, definitions, [any_of(broken)], ("a",))

    def _claim_atoms(self) -> list[ClaimAtom]:
        return [atom for atom in atoms_of(self.policy) if isinstance(atom, ClaimAtom)]

    def _short(self, atom: ClaimAtom, slot: str, encoder: Encoder) -> str:
        words = self.vocabulary
        scales = (
            ("rung", words.rungs.index(atom.rung)),
            ("independence", words.independences.index(atom.independence)),
            ("access", words.accesses.index(atom.access)),
        )
        kinds = (
            negate(equal(f"{slot}_evaluation_a", number(words.evaluations.index(word))))
            for word in atom.evaluations
        )
        return any_of(
            (
                *(f"(< {slot}_{part}_a {least})" for part, least in scales),
                all_of(kinds),
                negate(encoder.accepted_trial(slot)),
            )
        )

    def _weaker(self, space: Space, one: str, other: str) -> Iterator[str]:
        return weaker(space, self.policy, one, other)

    def _omitted(self, space: Space, one: str, other: str) -> Iterator[str]:
        """Yield that `one` is `other` without some of its answers, all else the same."""
        trial = {stem for axis in space.claims for stem in axis.slots}
        for symbol, _ in space.variables(""):
            stem = symbol.removesuffix("_")
            if stem.partition("_")[0] not in trial:
                yield equal(f"{stem}_{one}", f"{stem}_{other}")
        yield from less_answered(space, one, other)

    def _unanswered(self, space: Space, one: str, other: str) -> Iterator[str]:
        """Yield that `other` has the facts of `one` and none of its answers."""
        yield from self._omitted(space, other, one)
        for axis in space.claims:
            yield from (negate(f"{slot}_answered_{other}") for slot in axis.slots)
