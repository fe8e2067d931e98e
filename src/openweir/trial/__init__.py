"""Trial: an attack on a model's weights at a stated budget, on a copy that is thrown away.

In: a model folder, an attack, a budget, a seed. Out: a `Trial` whose id changes with
every bit of that, and the attacked copy with its digest, for as long as it is scored.
Never: changes the original, serves or keeps attacked weights unless their owner asks,
ships harmful prompts or data, or claims a higher rung than the budget reached.

Here are the attacks that need no training; those that do will load torch themselves.

Clauses: R4 (a release of weights is judged after tampering), R5 (tested is released).
"""

from openweir.trial.attack import Attack, Attacked, attacked, prune, quantise
from openweir.trial.budget import Budget, DataAccess, ModelAccess, Skill, rung_of
from openweir.trial.trial import Trial

__all__ = [
    "Attack",
    "Attacked",
    "Budget",
    "DataAccess",
    "ModelAccess",
    "Skill",
    "Trial",
    "attacked",
    "prune",
    "quantise",
    "rung_of",
]
