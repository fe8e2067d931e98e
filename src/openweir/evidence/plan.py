"""The plan: which trials were named before they ran (law 3, no omission)."""

from dataclasses import dataclass

from openweir.canonical import Object, parse, text
from openweir.errors import EvidenceError
from openweir.evidence.evidence import Rung, parse_rung

__all__ = ["Plan", "PlannedTrial"]

_SCHEMA = "openweir/plan/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """One trial that must be answered.

    Attributes:
        id: unique in the plan, also the evidence file's name.
        claim, evaluation, rung: as in `Evidence`.
        registered_on: YYYY-MM-DD.
        retrospective: entered only when its result was imported. It must stay answered
            all the same, so that deleting an unwelcome result shows.
    """

    id: str
    claim: str
    evaluation: str
    rung: Rung
    registered_on: str
    retrospective: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every trial registered for one model; append-only."""

    subject_sha256: str | None
    trials: tuple[PlannedTrial, ...]

    def trial(self, trial_id: str) -> PlannedTrial | None:
        """Return the trial of that id, or None."""
        return next((trial for trial in self.trials if trial.id == trial_id), None)

    def with_trial(self, trial: PlannedTrial) -> "Plan":
        """Return the plan with one more trial at its end.

        Raises:
            EvidenceError: the id is taken; a plan is only ever added to.
        """
        if self.trial(trial.id) is not None:
            raise EvidenceError(
                f"trial `{trial.id}` is already in the plan",
                code="plan-duplicate",
                where="plan.json",
                hint="give the new trial another id; plans are append-only",
            )
        return Plan(subject_sha256=self.subject_sha256, trials=(*self.trials, trial))

    def to_bytes(self) -> bytes:
        """Return the canonical file `plan.json`."""
        return text(
            {
                "schema": _SCHEMA,
                "subject_sha256": self.subject_sha256,
                "trials": [
                    {
                        "id": trial.id,
                        "claim": trial.claim,
                        "evaluation": trial.evaluation,
                        "rung": trial.rung.name,
                        "registered_on": trial.registered_on,
                        "retrospective": trial.retrospective,
                    }
                    for trial in self.trials
                ],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str = "plan.json") -> "Plan":
        """Read `plan.json`.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            EvidenceError: of another schema, or two trials share an id.
        """
        read = Object(parse(data, where=where), where)
        if read.text("schema") != _SCHEMA:
            raise EvidenceError(
                f"`{read.text('schema')}` is not the schema `{_SCHEMA}`", code="schema", where=where
            )
        plan = cls(subject_sha256=read.optional_text("subject_sha256"), trials=())
        for item in read.objects("trials"):
            plan = plan.with_trial(
                PlannedTrial(
                    id=item.text("id"),
                    claim=item.text("claim"),
                    evaluation=item.text("evaluation"),
                    rung=parse_rung(item.text("rung"), where=f"{item.where}.rung"),
                    registered_on=item.text("registered_on"),
                    retrospective=item.flag("retrospective", False),
                )
            )
        return plan
