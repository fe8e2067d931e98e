"""A witness: the few words of a dossier that two policies answer differently."""

from dataclasses import dataclass
from decimal import Decimal

from openweir.canonical import decimal_text

__all__ = ["ShownTrial", "Stated", "Witness"]

Stated = bool | str | tuple[str, ...] | Decimal
"""The value of a fact: yes or no, a word, words, or an exact number in the fact's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrial:
    """One planned and answered trial.

    Attributes:
        days_old: on the day of the decision.
        lower, upper: ends of the interval, proportions.
    """

    claim: str
    evaluation: str
    rung: str
    lower: Decimal
    upper: Decimal
    independence: str
    access: str
    days_old: int
    confidence: Decimal

    def say(self) -> str:
        """Return the trial in words."""
        return (
            f"{self.claim} {decimal_text(self.lower)} to {decimal_text(self.upper)} by"
            f" {self.evaluation} at {self.rung}, {self.independence} {self.access},"
            f" {self.days_old} days old"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Everything that is known and shown; what is not named here is missing.

    Attributes:
        components: (component, licence) of those released.
        grants: (exception, roles that signed).
        certainty: of every fact; empty for one that the policies accept.
    """

    facts: tuple[tuple[str, Stated], ...] = ()
    components: tuple[tuple[str, str], ...] = ()
    trials: tuple[ShownTrial, ...] = ()
    grants: tuple[tuple[str, tuple[str, ...]], ...] = ()
    certainty: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the witness as plain JSON values."""
        found: dict[str, object] = {
            "facts": {name: _plain(value) for name, value in self.facts},
            "components": dict(self.components),
            "trials": [
                {
                    "claim": trial.claim,
                    "evaluation": trial.evaluation,
                    "rung": trial.rung,
                    "lower": decimal_text(trial.lower),
                    "upper": decimal_text(trial.upper),
                    "independence": trial.independence,
                    "access": trial.access,
                    "days_old": trial.days_old,
                    "confidence": decimal_text(trial.confidence),
                }
                for trial in self.trials
            ],
            "grants": {name: list(roles) for name, roles in self.grants},
        }
        if self.certainty:
            found["certainty"] = self.certainty
        return found


def _plain(value: Stated) -> object:
    if isinstance(value, Decimal):
        return decimal_text(value)
    return list(value) if isinstance(value, tuple) else value
