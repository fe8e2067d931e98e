"""Who scores a campaign: its plan names one scorer, and only that one may be at hand."""

from openweir.errors import TrialError
from openweir.trial.data import TrialData
from openweir.trial.inspect_task import InspectTask
from openweir.trial.judge import JudgeSettings, ModelJudge, judge_id
from openweir.trial.score import ExactMatch, Scorer

__all__ = ["Scoring", "scorer_of"]

Scoring = JudgeSettings | InspectTask
"""What scores beside exact match, as the owner of a command named it."""


def scorer_of(name: str, data: TrialData, scoring: Scoring | None) -> Scorer | InspectTask:
    """Return the scorer a campaign was planned with.

    Raises:
        TrialError: it is scored by a judge or a task, and none or another is at hand.
    """
    exact = ExactMatch(refusals=data.refusals)
    if name == exact.id:
        return exact
    if isinstance(scoring, InspectTask) and scoring.id == name:
        return scoring
    if isinstance(scoring, JudgeSettings) and judge_id(scoring.model) == name:
        return ModelJudge(settings=scoring)
    task = name.startswith("inspect ")
    raise TrialError(
        f"the campaign is scored by `{name[:120]}`, which is not at hand",
        code="inspect-task" if task else "judge",
        hint="add --inspect-task FILE.py@TASK as in the plan, with the same code"
        if task
        else "add --judge URL --judge-model NAME as in the plan",
    )
