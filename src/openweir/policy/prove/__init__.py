"""Prove: a policy as a question to a prover, and what comes of it.

In: a checked `Policy`, the words of decisions, and the engines that decide. Out: a
`Report` on the invariants I1 to I16, with a replayed dossier for each that fails, and
the semantic difference of two versions. Never: decides a case, or is imported by what
does; only here a prover is loaded (extra `prove`).

Laws it carries: 2 (monotone, proven whole), 3 (omission), 6 (overrides), 9 (another
implementation of the meaning, held against the engine).
"""

from openweir.policy.prove.diff import Change, Difference, semantic_diff
from openweir.policy.prove.instance import (
    ANOTHER,
    GivenGrant,
    Instance,
    KnownFact,
    PlannedAnswer,
    ReleasedComponent,
)
from openweir.policy.prove.prove import Engines, SecondOpinion, prove
from openweir.policy.prove.query import Answer, Query
from openweir.policy.prove.report import NOT_PROVABLE, TITLES, Finding, Replay, Report

__all__ = [
    "ANOTHER",
    "NOT_PROVABLE",
    "TITLES",
    "Answer",
    "Change",
    "Difference",
    "Engines",
    "Finding",
    "GivenGrant",
    "Instance",
    "KnownFact",
    "PlannedAnswer",
    "Query",
    "ReleasedComponent",
    "Replay",
    "Report",
    "SecondOpinion",
    "prove",
    "semantic_diff",
]
