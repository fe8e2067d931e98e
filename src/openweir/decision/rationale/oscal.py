"""OSCAL assessment results: a finding per requirement, an observation per thing looked at.

Source: NIST OSCAL 1.2.1, assessment-results model. Identifiers are derived from the
decision's own bytes, so that the same decision gives the same document.
"""

from collections.abc import Iterator
from datetime import date
from uuid import NAMESPACE_URL, UUID, uuid5

from openweir.decision.decision import Decision, RequirementResult
from openweir.decision.proof import Proof, Status

__all__ = ["OSCAL_VERSION", "assessment_results"]

OSCAL_VERSION = "1.2.1"
_REASONS = {Status.DEMONSTRATED: "pass", Status.REFUTED: "fail", Status.UNDETERMINED: "other"}


def assessment_results(decision: Decision, content_sha256: str) -> dict[str, object]:
    """Return a decision as an OSCAL assessment-results document.

    Args:
        decision: what was assessed.
        content_sha256: of `decision.json`; names the document.
    """
    space = uuid5(NAMESPACE_URL, f"urn:openweir:decision:{content_sha256}")
    names = {sha256: name for name, sha256 in decision.inputs}
    observations = {
        leaf.atom.asked: _observation(space, leaf, names, decision)
        for item in decision.requirements
        for leaf in _leaves(item.proof)
        if leaf.atom is not None
    }
    return {
        "assessment-results": {
            "uuid": str(uuid5(space, "results")),
            "metadata": {
                "title": f"Release decision on {decision.name}",
                "last-modified": _instant(decision.as_of),
                "version": decision.as_of.isoformat(),
                "oscal-version": OSCAL_VERSION,
                "props": [{"name": "decision-sha256", "value": content_sha256}],
            },
            "import-ap": {
                "href": f"#{uuid5(space, 'policy')}",
                "remarks": f"Policy {decision.policy.id} {decision.policy.version}",
            },
            "results": [
                {
                    "uuid": str(uuid5(space, "result")),
                    "title": f"Computed tier: {decision.tier.word}",
                    "description": f"Effective tier: {decision.effective_tier.word}. The findings"
                    " say which requirements are demonstrated; none says that a law is met.",
                    "start": _instant(decision.as_of),
                    "end": _instant(decision.valid_until),
                    "reviewed-controls": {"control-selections": [{"include-all": {}}]},
                    "observations": list(observations.values()),
                    "findings": [
                        _finding(space, item, observations) for item in decision.requirements
                    ],
                }
            ],
            "back-matter": {
                "resources": [
                    {
                        "uuid": str(uuid5(space, "policy")),
                        "title": f"Policy {decision.policy.id} {decision.policy.version}",
                        "description": f"dirHash {decision.policy.sha256}",
                    }
                ]
            },
        }
    }


def _finding(
    space: UUID, item: RequirementResult, observations: dict[str, dict[str, object]]
) -> dict[str, object]:
    met = item.status is Status.DEMONSTRATED
    status: dict[str, object] = {
        "state": "satisfied" if met else "not-satisfied",
        "reason": _REASONS[item.status],
    }
    if item.reason:
        status["remarks"] = item.reason
    asked = dict.fromkeys(leaf.atom.asked for leaf in _leaves(item.proof) if leaf.atom)
    return {
        "uuid": str(uuid5(space, f"finding {item.id}")),
        "title": item.id,
        "description": item.text,
        "target": {"type": "objective-id", "target-id": _token(item.id), "status": status},
        "related-observations": [
            {"observation-uuid": observations[name]["uuid"]} for name in asked
        ],
    }


def _observation(
    space: UUID, leaf: Proof, names: dict[str, str], decision: Decision
) -> dict[str, object]:
    assert leaf.atom is not None
    found: dict[str, object] = {
        "uuid": str(uuid5(space, f"observation {leaf.atom.asked}")),
        "title": leaf.label,
        "description": f"Asked: {leaf.atom.asked}. Found: {leaf.atom.found}.",
        "methods": ["TEST" if leaf.kind == "claim" else "EXAMINE"],
        "types": ["finding"],
        "collected": _instant(decision.as_of),
        "expires": _instant(decision.review_by),
    }
    if leaf.evidence:
        found["relevant-evidence"] = [
            {
                "href": names.get(sha256, f"urn:sha256:{sha256}"),
                "description": f"Evidence file, SHA-256 {sha256}",
            }
            for sha256 in leaf.evidence
        ]
    return found


def _leaves(proof: Proof) -> Iterator[Proof]:
    if proof.atom is not None:
        yield proof
    for child in proof.children:
        yield from _leaves(child)


def _token(name: str) -> str:
    """Return an id as an OSCAL token: it starts with a letter and holds no `@` or `:`."""
    return "r-" + "".join(c if c.isalnum() or c in "-._" else "_" for c in name)


def _instant(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
