"""Trial: an attack on a model's weights at a stated budget, on a copy that is thrown away.

In: a model folder, examples, attacks, budgets, seeds. Out: a `Campaign` of trials, each
with an id that changes with every bit of that; what each came to; and evidence, when the
controls say that the attacks were real ones.
Never: changes the original, serves attacked weights or keeps them unasked, ships harmful prompts or
data, claims a higher rung than the budget reached, or takes a broken attack for safety.

::

    design -> Campaign -> run -> Outcome + sealed half -> appraise -> Evidence
              (before)          (open)    (test split)    (controls)  (hand_over)

What is exported here loads no torch; `worker`, `organism.build` and what they need do.

Clauses: R4 (a release of weights is judged after tampering), R5 (tested is released).
"""

from openweir.trial.appraise import Appraisal, appraise
from openweir.trial.attack import Attack, Attacked, attacked, is_attacked, prune, quantise
from openweir.trial.budget import Budget, DataAccess, ModelAccess, Skill, rung_of
from openweir.trial.campaign import Campaign, Series, Shard
from openweir.trial.data import TrialData
from openweir.trial.design import Design, design
from openweir.trial.folder import CampaignFolder
from openweir.trial.outcome import Outcome, SealedHalf
from openweir.trial.stack import Stack
from openweir.trial.trial import Trial

__all__ = [
    "Appraisal",
    "Attack",
    "Attacked",
    "Budget",
    "Campaign",
    "CampaignFolder",
    "DataAccess",
    "Design",
    "ModelAccess",
    "Outcome",
    "SealedHalf",
    "Series",
    "Shard",
    "Skill",
    "Stack",
    "Trial",
    "TrialData",
    "appraise",
    "attacked",
    "design",
    "is_attacked",
    "prune",
    "quantise",
    "rung_of",
]
