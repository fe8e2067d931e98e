"""Decision: which tier, why, until when, and what each higher tier still lacks.

In: a dossier, a plan, evidence, a policy and the day. Out: a `Decision`, the
same bytes for the same inputs. Never: reads a clock or a file, trusts what is
missing, or answers with a bare no.
"""

from openweir.decision.decision import (
    Approvals,
    Atom,
    ComponentDecision,
    Decision,
    Lack,
    Need,
    PolicyReference,
    Proof,
    RequirementResult,
    ServedFile,
    Status,
)

__all__ = [
    "Approvals",
    "Atom",
    "ComponentDecision",
    "Decision",
    "Lack",
    "Need",
    "PolicyReference",
    "Proof",
    "RequirementResult",
    "ServedFile",
    "Status",
]
