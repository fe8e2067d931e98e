"""Decide: the most open tier whose every requirement is demonstrated."""

from collections.abc import Callable, Iterator
from datetime import date

from openweir.decision.case import Case
from openweir.decision.claim import days_after
from openweir.decision.decision import (
    Approvals,
    ComponentDecision,
    Decision,
    PolicyReference,
    RequirementResult,
    ServedFile,
)
from openweir.decision.proof import Status
from openweir.decision.tree import Tree, judge_with
from openweir.decision.whynot import lacks
from openweir.errors import DecisionError
from openweir.policy import Formula, Policy, Requirement
from openweir.tier import Tier

__all__ = ["decide"]


def decide(case: Case, policy: Policy, as_of: date) -> Decision:
    """Decide how openly a release may leave.

    A pure function: the same case, policy and day give the same bytes.

    Args:
        case: what is known and was shown, and what the owner holds back.
        policy: the rules, in force on that day.
        as_of: the day the decision is made for; nothing here reads a clock.

    Raises:
        DecisionError: the policy is not in force on that day, or the owner holds back a
            component the release does not have.
    """
    _check_in_force(policy, as_of)
    judge = judge_with(case, policy, as_of)
    judged = [(item, judge(item.formula)) for item in policy.requirements]
    results = [_result(item, tree) for item, tree in judged]
    tier = _tier(results)
    effective = min(tier, case.hold)
    review_by = days_after(as_of, policy.review_days)
    return Decision(
        name=case.dossier.name,
        release_sha256=case.dossier.release_sha256,
        model_sha256=case.dossier.model_sha256,
        as_of=as_of,
        policy=PolicyReference(id=policy.id, version=policy.version, sha256=policy.sha256),
        tier=tier,
        effective_tier=effective,
        release_state="decided",
        valid_until=min(
            review_by,
            policy.effective_to or date.max,
            *(tree.until for item, tree in judged if item.tier <= tier),
            date.max,
        ),
        review_by=review_by,
        cost_of_withholding=_cost_of_withholding(case, policy),
        approvals=_approvals(policy, effective, judge),
        components=tuple(_components(case, effective)),
        requirements=tuple(results),
        whynot=tuple(
            lacks(
                higher,
                {item.id: item for item in policy.requirements},
                [result for result in results if result.tier <= higher],
                policy.alternative(higher),
            )
            for higher in Tier
            if higher > tier
        ),
        inputs=case.inputs,
    )


def _check_in_force(policy: Policy, as_of: date) -> None:
    if not policy.in_force(as_of):
        last = policy.effective_to.isoformat() if policy.effective_to else "further notice"
        raise DecisionError(
            f"policy `{policy.id}` {policy.version} is not in force on {as_of.isoformat()}",
            code="not-in-force",
            hint=f"it is from {policy.effective_from.isoformat()} until {last}",
        )


def _result(item: Requirement, tree: Tree) -> RequirementResult:
    source = item.source
    return RequirementResult(
        id=item.id,
        tier=item.tier,
        text=item.text,
        source=(
            ("document", source.document),
            ("locator", source.locator),
            ("quote", source.quote),
            ("sha256", source.document_sha256),
        ),
        status=tree.proof.status,
        reason=tree.proof.reason,
        evidence=tuple(sorted(set(_evidence(tree)))),
        proof=tree.proof,
    )


def _evidence(tree: Tree) -> Iterator[str]:
    open_proofs = [tree.proof]
    while open_proofs:
        proof = open_proofs.pop()
        yield from proof.evidence
        open_proofs += proof.children


def _tier(results: list[RequirementResult]) -> Tier:
    """Return the tier just below the least open one that a failing requirement blocks."""
    blocked = [item.tier for item in results if item.status is not Status.DEMONSTRATED]
    return Tier(min(blocked) - 1) if blocked else max(Tier)


def _cost_of_withholding(case: Case, policy: Policy) -> str:
    stated = {
        fact.value
        for fact in case.dossier.facts_of("cost-of-withholding")
        if fact.certainty.value in policy.accepted and isinstance(fact.value, str)
    }
    return " ".join(sorted(stated))


def _approvals(policy: Policy, tier: Tier, judge: Callable[[Formula], Tree]) -> Approvals:
    found = policy.approval(tier)
    light = found.light
    if light is not None and judge(light.formula).proof.status is Status.DEMONSTRATED:
        return Approvals(signatures=light.signatures, roles=light.roles)
    return Approvals(signatures=found.signatures, roles=found.roles)


def _components(case: Case, tier: Tier) -> Iterator[ComponentDecision]:
    files = case.dossier.files
    names = sorted({file.component for file in files})
    holds = dict(case.component_holds)
    known = {*names, *(component.name for component in case.dossier.components)}
    unknown = sorted(set(holds) - known)
    if unknown and names:
        # A misspelt hold would leave the component it was meant for unprotected.
        raise DecisionError(
            f"the owner holds back `{unknown[0][:80]}`, which the release does not have",
            code="hold",
            where="case.toml: hold",
            hint="its components are " + ", ".join(names),
        )
    for name in names:
        yield ComponentDecision(
            component=name,
            tier=min(tier, holds.get(name, tier)),
            files=tuple(
                ServedFile(path=file.path, size=file.size, sha256=file.sha256)
                for file in files
                if file.component == name
            ),
        )
