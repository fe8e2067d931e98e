"""Judge whole formulas: a proof tree, and the last day on which it still holds."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from openweir.decision.case import Case
from openweir.decision.claim import judge_claim
from openweir.decision.judge import Judgement, judge_component, judge_fact
from openweir.decision.proof import Atom, Proof, Status
from openweir.policy import (
    All,
    Any,
    AtLeast,
    ClaimAtom,
    ComponentAtom,
    FactAtom,
    Formula,
    Policy,
    label,
    say,
)

__all__ = ["Tree", "judge_with"]

_KINDS = {FactAtom: "fact", ComponentAtom: "component", ClaimAtom: "claim"}


@dataclass(frozen=True, slots=True)
class Tree:
    """A judged formula.

    Attributes:
        until: last day on which it is still demonstrated; `date.max` when it does not
            age, `date.min` when it is not demonstrated.
        lacks: leaves to be shown along its nearest way, for naming the nearest alternative.
    """

    proof: Proof
    until: date
    lacks: int


def judge_with(case: Case, policy: Policy, as_of: date) -> Callable[[Formula], Tree]:
    """Return a function that judges formulas; each atom is judged once."""
    known: dict[Formula, Judgement] = {}

    def atom(formula: FactAtom | ComponentAtom | ClaimAtom) -> Judgement:
        match formula:
            case FactAtom():
                return judge_fact(formula, case.dossier, policy.accepted)
            case ComponentAtom():
                return judge_component(formula, case.dossier, policy.accepted)
            case ClaimAtom():
                return judge_claim(formula, case, policy.accepted, as_of)

    def judge(formula: Formula) -> Tree:
        if isinstance(formula, (All, Any, AtLeast)):
            return _join(formula, [judge(child) for child in formula.children])
        if formula not in known:
            known[formula] = atom(formula)
        return _leaf(formula, known[formula])

    return judge


def _leaf(formula: FactAtom | ComponentAtom | ClaimAtom, found: Judgement) -> Tree:
    proof = Proof(
        kind=_KINDS[type(formula)],
        label=label(formula),
        status=found.status,
        reason=found.reason,
        atom=Atom(asked=say(formula), found=found.found),
        evidence=found.evidence,
    )
    if found.status is not Status.DEMONSTRATED:
        return Tree(proof, date.min, 1)
    return Tree(proof, found.until or date.max, 0)


def _join(formula: All | Any | AtLeast, trees: list[Tree]) -> Tree:
    """Combine children: `all` and `any` are at-least-n and at-least-1 of n."""
    if isinstance(formula, All):
        kind, needed, words = "all", len(trees), "all of"
    elif isinstance(formula, Any):
        kind, needed, words = "any", 1, "any of"
    else:
        kind, needed, words = "at-least", formula.k, f"at least {formula.k} of"
    # The reason is that of the way that lacks least and is not shown to be closed.
    nearest = sorted(trees, key=lambda t: (t.proof.status is Status.REFUTED, t.lacks))[:needed]
    status = _status([tree.proof.status for tree in trees], needed)
    reason = ""
    if status is not Status.DEMONSTRATED:
        short = [tree.proof for tree in nearest if tree.proof.status is not Status.DEMONSTRATED]
        reason = next((p for p in short if p.status is status), short[0]).reason
    named = f"{formula.name}: {formula.text}" if formula.name else words
    return Tree(
        Proof(
            kind=kind,
            label=named,
            status=status,
            reason=reason,
            threshold=formula.k if isinstance(formula, AtLeast) else 0,
            children=tuple(tree.proof for tree in trees),
        ),
        # It holds as long as `needed` children do: until the needed-th latest of their days.
        sorted((tree.until for tree in trees), reverse=True)[needed - 1],
        sum(tree.lacks for tree in nearest),
    )


def _status(statuses: list[Status], needed: int) -> Status:
    if statuses.count(Status.DEMONSTRATED) >= needed:
        return Status.DEMONSTRATED
    if len(statuses) - statuses.count(Status.REFUTED) < needed:
        return Status.REFUTED
    return Status.UNDETERMINED
