"""Evidence: what was shown, how surely, on which bytes.

In: eval logs and a registered plan. Out: `Evidence` with exact counts and an
exact interval. Never: a float, a dropped sample, a best-of.
"""

from openweir.evidence.evidence import (
    Access,
    Attack,
    Bound,
    Conduct,
    Evidence,
    Independence,
    Method,
    Result,
    Rung,
    Source,
    parse_access,
    parse_independence,
    parse_rung,
)
from openweir.evidence.plan import Plan, PlannedTrial

__all__ = [
    "Access",
    "Attack",
    "Bound",
    "Conduct",
    "Evidence",
    "Independence",
    "Method",
    "Plan",
    "PlannedTrial",
    "Result",
    "Rung",
    "Source",
    "parse_access",
    "parse_independence",
    "parse_rung",
]
