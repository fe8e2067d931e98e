"""The argument of a decision as a tree of goals, strategies and solutions (GSN v3).

The top goal says the tier. One strategy argues that each requirement up to it is
demonstrated, the other that the next tier lacks something: least restrictive, not lax.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from openweir.decision.decision import Decision, RequirementResult
from openweir.decision.proof import Proof, Status
from openweir.tier import Tier

__all__ = ["Argument", "GoalNode", "argument_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalNode:
    """One element.

    Attributes:
        id: as GSN numbers them: `G1`, `S1`, `Sn1`, `C1`, `J1`.
        kind: `goal`, `strategy`, `solution`, `context` or `justification`.
        against: whether it argues that something is not shown.
        children: elements that support it.
    """

    id: str
    kind: str
    text: str
    against: bool = False
    children: tuple["GoalNode", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """The top goal and the contexts it stands in."""

    top: GoalNode
    contexts: tuple[GoalNode, ...]


class _Numbers:
    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def next(self, letter: str) -> str:
        self._used[letter] = self._used.get(letter, 0) + 1
        return f"{letter}{self._used[letter]}"


def argument_of(decision: Decision) -> Argument:
    """Return the argument for a decision's computed tier."""
    numbers = _Numbers()
    top = numbers.next("G")
    held = [item for item in decision.requirements if item.tier <= decision.tier]
    lacking = [
        item
        for item in decision.requirements
        if item.tier == decision.tier + 1 and item.status is not Status.DEMONSTRATED
    ]
    children = []
    if held:
        children.append(_strategy(numbers, held, f"every requirement up to {decision.tier.word}"))
    if lacking:
        higher = Tier(decision.tier + 1).word
        children.append(_against(numbers, lacking, f"{higher} is not demonstrated"))
    digest = decision.release_sha256 or decision.model_sha256 or "no files"
    contexts = [
        ("C", f"Release {decision.name}, digest {digest[:16]}"),
        (
            "C",
            f"Policy {decision.policy.id} {decision.policy.version}, {decision.policy.sha256[:16]}",
        ),
        ("C", f"As of {decision.as_of.isoformat()}, until {decision.valid_until.isoformat()}"),
    ]
    if not held:
        contexts.append(("J", "Sealed asks nothing: it always holds"))
    return Argument(
        top=GoalNode(
            id=top,
            kind="goal",
            text=f"{decision.name} may be released as {decision.tier.word}, and no more openly",
            children=tuple(children),
        ),
        contexts=tuple(
            GoalNode(
                id=numbers.next(letter),
                kind={"C": "context", "J": "justification"}[letter],
                text=text,
            )
            for letter, text in contexts
        ),
    )


def _strategy(numbers: _Numbers, held: list[RequirementResult], what: str) -> GoalNode:
    name = numbers.next("S")
    return GoalNode(
        id=name,
        kind="strategy",
        text=f"Argument over {what}",
        children=tuple(
            GoalNode(
                id=numbers.next("G"),
                kind="goal",
                text=f"{item.id}: {item.text}",
                children=tuple(
                    GoalNode(id=numbers.next("Sn"), kind="solution", text=text)
                    for text in dict.fromkeys(_solutions(item.proof))
                ),
            )
            for item in held
        ),
    )


def _against(numbers: _Numbers, lacking: list[RequirementResult], what: str) -> GoalNode:
    name = numbers.next("S")
    return GoalNode(
        id=name,
        kind="strategy",
        text=f"Argument that {what}",
        against=True,
        children=tuple(
            GoalNode(
                id=numbers.next("G"),
                kind="goal",
                text=f"{item.id} is {item.status.value}: {item.text}",
                against=True,
                children=(
                    GoalNode(
                        id=numbers.next("Sn"), kind="solution", text=item.reason, against=True
                    ),
                ),
            )
            for item in lacking
        ),
    )


def _solutions(proof: Proof) -> Iterator[str]:
    """Yield what the way that holds rests on."""
    if proof.atom is not None:
        yield f"{proof.label}: {proof.atom.found}"
        return
    holding = [child for child in proof.children if child.status is Status.DEMONSTRATED]
    for child in holding[:1] if proof.kind == "any" else holding:
        yield from _solutions(child)
