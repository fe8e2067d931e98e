"""Orders and holds, and the effective tier that is left of the computed one.

An order is a regulator's signed instruction for a time; whatever it says, it can only
lower. The least of all limits counts.
"""

from collections.abc import Sequence
from datetime import date

from openweir.decision.adjustment import Adjustment, Instruction
from openweir.decision.case import Case
from openweir.decision.decision import RequirementResult
from openweir.decision.override import override_fault
from openweir.policy import Policy
from openweir.tier import Tier

__all__ = ["ORDERING_ROLE", "adjust", "order_fault"]

ORDERING_ROLE = "regulator"


def order_fault(item: Instruction, case: Case, as_of: date) -> str:
    """Return why an order does not count, in one sentence; empty when it does."""
    digests = (None, case.dossier.release_sha256)
    # An order holds for every version of a release that it names without a digest.
    if item.release != case.dossier.name or item.release_sha256 not in digests:
        return "it was made for another release"
    if not item.made_on <= as_of <= item.until:
        return f"it holds from {item.made_on.isoformat()} to {item.until.isoformat()}"
    if not any(role == ORDERING_ROLE for _, role in item.signers):
        return f"an order is signed by a {ORDERING_ROLE}"
    return ""


def adjust(
    case: Case,
    *,
    policies: Sequence[Policy],
    policy_sha256: str,
    results: Sequence[RequirementResult],
    tier: Tier,
    as_of: date,
) -> tuple[Tier, tuple[Adjustment, ...]]:
    """Return the effective tier, and every hold, override and order that was looked at.

    Args:
        case: with the owner's hold and the verified instructions.
        policies: all that decide.
        policy_sha256: of all of them together.
        results: how their requirements came out.
        tier: what the evidence supports.
        as_of: the day of the decision.
    """
    found: list[Adjustment] = []
    if case.hold < max(Tier):
        found.append(Adjustment(kind="hold", to=case.hold))
    for item in sorted(case.instructions, key=lambda item: item.file):
        if item.kind == "order":
            fault = order_fault(item, case, as_of)
        else:
            fault = override_fault(
                item,
                case=case,
                policies=policies,
                policy_sha256=policy_sha256,
                results=results,
                tier=tier,
                as_of=as_of,
            )
        found.append(_adjustment(item, fault))
    counting = [item for item in found if not item.refused]
    lifted = any(item.kind == "override" and item.to > tier for item in counting)
    start = Tier(tier + 1) if lifted else tier
    limits = [item.to for item in counting if not (item.kind == "override" and item.to > tier)]
    return min(start, *limits, max(Tier)), tuple(found)


def _adjustment(item: Instruction, fault: str) -> Adjustment:
    return Adjustment(
        kind=item.kind,
        to=item.to,
        refused=fault,
        file=item.file,
        until=item.until,
        reason=item.reason,
        dissent=item.dissent,
        signers=item.signers,
        envelope=item.envelope,
    )
