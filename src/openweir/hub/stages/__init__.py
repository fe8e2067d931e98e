"""Stages: a release that opens step by step, each step signed and none by time alone.

In: a plan, measurements, signatures. Out: which stage a release is at and who it is open to.
Never: advances by a timer or an automation's key, takes a missing measurement for a good one,
or opens more than the decision allows. A stage is a way up the ladder, not a rung of it.
Clauses: laws 1 and 5; the framework's stage machine and its requirement R11.

    plan     stages in order, with what must be shown to leave each; the signed decision names it
    measure  signed measurements, and the halt triggers they pull
    change   one step: its statement, and whether it may be taken
    store    plans and steps in the database, believed only with their signatures
"""

from openweir.hub.stages.change import STAGE_PREDICATE, Step, change_statement, check_step
from openweir.hub.stages.plan import Condition, Stage, StagePlan

__all__ = [
    "STAGE_PREDICATE",
    "Condition",
    "Stage",
    "StagePlan",
    "Step",
    "change_statement",
    "check_step",
]
