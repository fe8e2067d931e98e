"""Explain a decision: its proof as lines that a person can follow, from rule to number to file."""

from collections.abc import Iterator
from dataclasses import dataclass

from openweir.decision.decision import Decision, RequirementResult
from openweir.decision.proof import Proof
from openweir.errors import DecisionError

__all__ = ["Explanation", "Line", "explain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an explanation.

    Attributes:
        depth: how far it stands in; 0 is a requirement.
        status: `demonstrated`, `refuted`, `undetermined`, or empty for a note.
        text: what the line says.
    """

    depth: int
    status: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a decision is what it is.

    Attributes:
        requirements: those it speaks of, in the decision's order.
        lines: the same as lines.
    """

    name: str
    as_of: str
    policy: str
    policy_sha256: str
    tier: str
    requirements: tuple[RequirementResult, ...]
    lines: tuple[Line, ...]

    def to_json(self, decision: Decision) -> dict[str, object]:
        """Return the explained part of `decision` as plain JSON values."""
        whole = decision.to_json()
        wanted = {item.id for item in self.requirements}
        listed = whole["requirements"]
        assert isinstance(listed, list)
        found: dict[str, object] = {
            key: whole[key] for key in ("name", "subject", "as_of", "policy", "tier", "inputs")
        }
        found["requirements"] = [item for item in listed if item["id"] in wanted]
        return found


def explain(decision: Decision, requirement: str | None = None) -> Explanation:
    """Explain a decision.

    Args:
        decision: with its proofs.
        requirement: an id such as `PE2@gated-weights`, or a rule's id for all its tiers;
            None explains every requirement.

    Raises:
        DecisionError: the decision has no such requirement.
    """
    chosen = tuple(
        item
        for item in decision.requirements
        if requirement in (None, item.id, item.id.partition("@")[0])
    )
    if not chosen and requirement is not None:
        raise DecisionError(
            f"the decision has no requirement `{requirement[:80]}`",
            code="no-requirement",
            hint="one of " + ", ".join(item.id for item in decision.requirements),
        )
    names = {digest: name for name, digest in decision.inputs}
    return Explanation(
        name=decision.name,
        as_of=decision.as_of.isoformat(),
        policy=f"{decision.policy.id} {decision.policy.version}",
        policy_sha256=decision.policy.sha256,
        tier=decision.tier.word,
        requirements=chosen,
        lines=tuple(line for item in chosen for line in _requirement(item, names)),
    )


def _requirement(item: RequirementResult, names: dict[str, str]) -> Iterator[Line]:
    source = dict(item.source)
    yield Line(depth=0, status=item.status.value, text=f"{item.id}  {item.text}")
    yield Line(
        depth=1,
        status="",
        text=f'rule: "{source.get("quote", "")}" ({source.get("document", "")},'
        f" {source.get('locator', '')}, sha256 {source.get('sha256', '')[:12]})",
    )
    yield from _proof(item.proof, 1, names)


def _proof(proof: Proof, depth: int, names: dict[str, str]) -> Iterator[Line]:
    yield Line(depth=depth, status=proof.status.value, text=proof.label)
    if proof.atom is not None:
        if proof.atom.asked != proof.label:
            yield Line(depth=depth + 1, status="", text=f"asked: {proof.atom.asked}")
        yield Line(depth=depth + 1, status="", text=f"found: {proof.atom.found}")
        if proof.reason:
            yield Line(depth=depth + 1, status="", text=f"because {proof.reason}")
        for digest in proof.evidence:
            name = names.get(digest, "evidence")
            yield Line(depth=depth + 1, status="", text=f"{name} sha256:{digest}")
    for child in proof.children:
        yield from _proof(child, depth + 1, names)
