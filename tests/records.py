"""Seeded records for any program: often near the thresholds, now and then missing."""

from collections.abc import Iterator
from random import Random

from openweir.policy.program import Leaf, Program


def random_records(program: Program, random: Random, many: int) -> Iterator[dict]:
    """Yield records whose luck differs: some nearly complete, some nearly empty."""
    checks: dict[tuple[str, str], list] = {}
    nodes = [rule.node for rule in program.rules]
    while nodes:
        node = nodes.pop()
        if isinstance(node, Leaf):
            for check in node.checks:
                checks.setdefault((node.slot, check.field), []).append(check)
        else:
            nodes += node.children
    for _ in range(many):
        luck = random.choice((0.3, 0.8, 0.95, 0.99, 1.0))
        yield {
            slot.name: _said(slot, checks, random, luck)
            for slot in program.slots
            if random.random() < luck
        }


def _said(slot, checks, random, luck):
    found = {}
    for field, kind in slot.fields:
        asked = checks.get((slot.name, field), [])
        if kind == "number":
            found[field] = _number(asked, random, luck)
        elif kind == "word":
            words = [word for check in asked for word in check.words] or ["something"]
            found[field] = random.choice(words) if random.random() < luck else "other"
        else:
            words = [word for check in asked for word in check.words] or ["something"]
            found[field] = [random.choice(words)] + (["other"] if random.random() > luck else [])
    for low, high in (("lo", "hi"), ("lower", "upper")):
        if low in found and found[low] > found[high]:
            narrow = (
                found[high]
                if any(c.test != "at-least" for c in checks.get((slot.name, high), []))
                else found[low]
            )
            found[low] = found[high] = narrow
    return found


def _number(asked, random, luck):
    if not asked:
        return random.randrange(0, 12)
    check = random.choice(asked)
    near = random.choice((0, 0, 1, 2, check.number))
    good = random.random() < luck
    up = check.test in ("at-least", "above")
    if check.test in ("below", "above"):
        near += 1 if good else 0
    return max(0, check.number + (near if up == good else -near))
