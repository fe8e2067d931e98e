"""Rationale: a decision in the forms that assurance people and other tools read.

In: a `Decision`. Out: its argument as a GSN picture (SVG) and as gsn2x YAML, OSCAL
assessment results, and the short outside summaries SLSA VSA v1 and in-toto SVR v0.2.
Never: says more than the decision does, or stands in for it.
"""

from openweir.decision.rationale.argument import Argument, GoalNode, argument_of
from openweir.decision.rationale.gsn import gsn2x, gsn_svg
from openweir.decision.rationale.oscal import assessment_results
from openweir.decision.rationale.summary import svr_statement, vsa_statement

__all__ = [
    "Argument",
    "GoalNode",
    "argument_of",
    "assessment_results",
    "gsn2x",
    "gsn_svg",
    "svr_statement",
    "vsa_statement",
]
