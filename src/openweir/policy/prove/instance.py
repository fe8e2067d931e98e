"""An instance: one dossier out of all the symbolic ones, as a prover names it, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from openweir.canonical import decimal_text
from openweir.policy.prove.space import (
    ClaimAxis,
    FactAxis,
    Space,
    licence_symbols,
    role_symbols,
    word_symbols,
)
from openweir.policy.prove.term import unscaled

__all__ = [
    "ANOTHER",
    "GivenGrant",
    "Instance",
    "KnownFact",
    "PlannedAnswer",
    "ReleasedComponent",
]

ANOTHER = "another word"
"""Stands for any word that no rule mentions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """One predicate as stated; `unit_right` is whether an estimate is in the unit asked."""

    predicate: str
    kind: str
    certainty: str
    words: tuple[str, ...] = ()
    lower: Decimal = Decimal(0)
    upper: Decimal = Decimal(0)
    unit_right: bool = True

    def to_json(self) -> dict[str, object]:
        """Return the fact as plain JSON values."""
        value: object = list(self.words)
        if self.kind == "estimate":
            value = {"lower": decimal_text(self.lower), "upper": decimal_text(self.upper)}
        return {
            "predicate": self.predicate,
            "value": value,
            "certainty": self.certainty,
            "unit_right": self.unit_right,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedComponent:
    """One component that is released; `licence` is None where none is declared."""

    component: str
    certainty: str
    licence: str | None

    def to_json(self) -> dict[str, object]:
        """Return the component as plain JSON values."""
        return {
            "component": self.component,
            "certainty": self.certainty,
            "licence": self.licence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAnswer:
    """One planned trial and its answer.

    Attributes:
        planned_rung, rung: as planned and as done.
        answered: whether there is an answer of that claim and evaluation.
        bound: whether the answer is bound to this model's bytes.
        age_days: at the day of the decision; negative when dated ahead.
    """

    claim: str
    evaluation: str
    planned_rung: str
    answered: bool
    rung: str
    bound: bool
    age_days: int
    independence: str
    access: str
    confidence: Decimal
    certainty: str
    lower: Decimal
    upper: Decimal

    def to_json(self) -> dict[str, object]:
        """Return the trial as plain JSON values; only what was planned if unanswered."""
        planned: dict[str, object] = {
            "claim": self.claim,
            "evaluation": self.evaluation,
            "planned_rung": self.planned_rung,
            "answered": self.answered,
        }
        if not self.answered:
            return planned
        return planned | {
            "rung": self.rung,
            "bound_to_model": self.bound,
            "age_days": self.age_days,
            "independence": self.independence,
            "access": self.access,
            "confidence": decimal_text(self.confidence),
            "certainty": self.certainty,
            "lower": decimal_text(self.lower),
            "upper": decimal_text(self.upper),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenGrant:
    """One exception that was granted, by whom and for how many days more."""

    exception: str
    roles: tuple[str, ...]
    days: int

    def to_json(self) -> dict[str, object]:
        """Return the grant as plain JSON values."""
        return {"exception": self.exception, "roles": list(self.roles), "days": self.days}


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A whole dossier; `plan_bound` is whether the plan was registered for this model."""

    plan_bound: bool
    facts: tuple[KnownFact, ...]
    components: tuple[ReleasedComponent, ...]
    trials: tuple[PlannedAnswer, ...]
    grants: tuple[GivenGrant, ...]

    def to_json(self) -> dict[str, object]:
        """Return the dossier as plain JSON values."""
        return {
            "plan_bound_to_model": self.plan_bound,
            "facts": [item.to_json() for item in self.facts],
            "components": [item.to_json() for item in self.components],
            "trials": [item.to_json() for item in self.trials],
            "grants": [item.to_json() for item in self.grants],
        }

    @classmethod
    def read(cls, space: Space, values: Mapping[str, int | bool], dossier: str) -> "Instance":
        """Return the dossier of that suffix in a prover's answer.

        A variable that the prover left out can have any value; it gets the least.
        """
        reader = _Reader(space, values, dossier)
        return cls(
            plan_bound=reader.flag("plan_bound"),
            facts=tuple(found for axis in space.facts if (found := reader.fact(axis))),
            components=tuple(
                ReleasedComponent(
                    component=axis.component,
                    certainty=reader.word(f"{axis.key}_cert", space.vocabulary.certainties),
                    licence=next(iter(reader.words(licence_symbols(axis), axis.licences)), None),
                )
                for axis in space.components
                if reader.flag(f"{axis.key}_released")
            ),
            trials=tuple(
                reader.trial(axis, slot)
                for axis in space.claims
                for slot in axis.slots
                if reader.flag(f"{slot}_planned")
            ),
            grants=tuple(
                GivenGrant(
                    exception=axis.exception,
                    roles=reader.words(role_symbols(axis), axis.roles),
                    days=reader.number(f"{axis.key}_days"),
                )
                for axis in space.grants
            ),
        )


@dataclass(frozen=True, slots=True)
class _Reader:
    space: Space
    values: Mapping[str, int | bool]
    dossier: str

    def flag(self, stem: str) -> bool:
        return bool(self.values.get(f"{stem}_{self.dossier}", False))

    def number(self, stem: str) -> int:
        return int(self.values.get(f"{stem}_{self.dossier}", 0))

    def word(self, stem: str, scale: tuple[str, ...]) -> str:
        return scale[self.number(stem)]

    def words(self, symbols: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
        padded = (*names, ANOTHER)
        return tuple(padded[index] for index, symbol in enumerate(symbols) if self.flag(symbol))

    def fact(self, axis: FactAxis) -> KnownFact | None:
        certainty = self.word(f"{axis.key}_cert", self.space.vocabulary.certainties)
        if axis.kind == "estimate":
            if not self.flag(f"{axis.key}_known"):
                return None
            return KnownFact(
                predicate=axis.predicate,
                kind=axis.kind,
                certainty=certainty,
                lower=unscaled(self.number(f"{axis.key}_lo"), axis.places),
                upper=unscaled(self.number(f"{axis.key}_hi"), axis.places),
                unit_right=self.flag(f"{axis.key}_unit"),
            )
        words = self.words(word_symbols(axis), axis.words)
        if not words:
            return None
        return KnownFact(predicate=axis.predicate, kind=axis.kind, certainty=certainty, words=words)

    def trial(self, axis: ClaimAxis, slot: str) -> PlannedAnswer:
        scales = self.space.vocabulary
        return PlannedAnswer(
            claim=axis.claim,
            evaluation=self.word(f"{slot}_evaluation", scales.evaluations),
            planned_rung=self.word(f"{slot}_asked_rung", scales.rungs),
            answered=self.flag(f"{slot}_answered"),
            rung=self.word(f"{slot}_rung", scales.rungs),
            bound=self.flag(f"{slot}_bound"),
            age_days=self.number(f"{slot}_age"),
            independence=self.word(f"{slot}_independence", scales.independences),
            access=self.word(f"{slot}_access", scales.accesses),
            confidence=unscaled(self.number(f"{slot}_confidence"), axis.confidence_places),
            certainty=self.word(f"{slot}_cert", scales.certainties),
            lower=unscaled(self.number(f"{slot}_lo"), axis.places),
            upper=unscaled(self.number(f"{slot}_hi"), axis.places),
        )
