"""The trace: the whole tree of a program over one record, each node with its status.

Slower than `compiled` and three-valued: it says of every rule, alternative and leaf
whether it is demonstrated, refuted or undetermined and why. What it cannot say is the
quote and the digest: `decide` gives those, from the case itself.
"""

from typing import Any, NamedTuple

from openweir.decision.proof import Status
from openweir.decision.record import Record
from openweir.policy.program import Check, Join, Leaf, Node, Program
from openweir.tier import Tier

__all__ = ["Trace", "Traced", "trace"]


class Traced(NamedTuple):
    """One node.

    Attributes:
        asked: what it asks, in words; of a join, how many of its children.
        reason: a code of `REASONS`; empty when demonstrated, and on joins.
        found: what the record says in the slot, or None.
    """

    status: Status
    asked: str
    reason: str
    found: object
    children: tuple["Traced", ...] = ()


class Trace(NamedTuple):
    """The answer with its reasons.

    Attributes:
        rules: (id, tree) of every rule, in the program's order.
    """

    tier: int
    failing: tuple[str, ...]
    rules: tuple[tuple[str, Traced], ...]


_DEMONSTRATED, _REFUTED, _UNDETERMINED = Status.DEMONSTRATED, Status.REFUTED, Status.UNDETERMINED

# The other end of the interval: when it fails too, the opposite is shown.
_OPPOSITE = {"hi": "lo", "lo": "hi", "lower": "upper", "upper": "lower"}
_REASONS = {
    "age": "stale",
    "independence": "low-assurance",
    "access": "low-assurance",
    "level": "low-assurance",
    "signatures": "low-assurance",
}


def trace(program: Program, record: Record) -> Trace:
    """Judge every node of a program.

    Args:
        program: the rules.
        record: one that `record` made or `check_record` let through.
    """
    known: dict[int, Traced] = {}
    rules = tuple([(rule.id, _judge(rule.node, record, known)) for rule in program.rules])
    failing = tuple([name for name, found in rules if found.status is not _DEMONSTRATED])
    tier = int(max(Tier))
    if failing:
        tier = next(rule.tier for rule in program.rules if rule.id == failing[0]) - 1
    return Trace(tier, failing, rules)


def _judge(node: Node, record: Record, known: dict[int, Traced]) -> Traced:
    found = known.get(id(node))
    if found is None:
        found = _leaf(node, record) if isinstance(node, Leaf) else _join(node, record, known)
        known[id(node)] = found
    return found


def _join(node: Join, record: Record, known: dict[int, Traced]) -> Traced:
    children = tuple([_judge(child, record, known) for child in node.children])
    shown = lost = 0
    for child in children:
        if child.status is _DEMONSTRATED:
            shown += 1
        elif child.status is _REFUTED:
            lost += 1
    if shown >= node.needed:
        status = _DEMONSTRATED
    elif len(children) - lost < node.needed:
        status = _REFUTED
    else:
        status = _UNDETERMINED
    return Traced(status, f"{node.needed} of {len(children)}", "", None, children)


def _leaf(node: Leaf, record: Record) -> Traced:
    said = record.get(node.slot)
    if said is None:
        return Traced(_UNDETERMINED, node.label, "missing", None)
    reason = ""
    for check in node.checks:
        if not _passes(check, said[check.field]):
            if check.field in _REASONS:
                reason = reason or _REASONS[check.field]
            elif check.field in _OPPOSITE and _passes(check, said[_OPPOSITE[check.field]]):
                reason = "straddles"
            else:
                return Traced(_REFUTED, node.label, "refuted", said)
    if reason:
        return Traced(_UNDETERMINED, node.label, reason, said)
    return Traced(_DEMONSTRATED, node.label, "", said)


def _passes(check: Check, value: Any) -> bool:
    match check.test:
        case "at-most":
            return bool(value <= check.number)
        case "at-least":
            return bool(value >= check.number)
        case "in":
            return value in check.words
        case "subset":
            return all(word in check.words for word in value)
        case "below":
            return bool(value < check.number)
        case _:
            return bool(value > check.number)
