"""Cedar: one guarded `forbid` for each rule, one `permit`, and the schema they are valid in.

Cedar skips a policy whose evaluation errs, so an unguarded `forbid` lets a request pass
that lacks what it reads. Each slot is therefore read behind `has`, the text is refused
if one is not (`guard`), and the schema makes slots optional, so that Cedar's own strict
validation finds the same.

A request asks for a tier: `Action::"open-weights"`. It is denied while a rule of that
tier or a less open one fails; the reasons are the ids of those rules. To have every
failing rule, ask for `fully-open`.
"""

from collections.abc import Iterator

from openweir.policy.export.guard import refuse_unguarded
from openweir.policy.export.text import SIGNS, Export, heading, quoted
from openweir.policy.program import Check, Leaf, Node, Program
from openweir.tier import Tier

__all__ = ["to_cedar"]

_TYPES = {"number": "Long", "word": "String", "words": "Set<String>"}


def to_cedar(program: Program) -> Export:
    """Return `policy.cedar` and `policy.cedarschema`.

    Raises:
        PolicyError: the text would read something unguarded.
    """
    text = heading(program, "//") + "\n" + "\n".join(_policies(program))
    refuse_unguarded(text)
    schema = heading(program, "//") + "\n" + "\n".join(_schema(program)) + "\n"
    return Export(language="cedar", files=(("policy.cedar", text), ("policy.cedarschema", schema)))


def _policies(program: Program) -> Iterator[str]:
    for rule in program.rules:
        asked = ", ".join(f"Action::{_quoted(t.word)}" for t in Tier if t >= rule.tier)
        yield (
            f"@id({_quoted(rule.id)})\n"
            f"forbid (principal, action in [{asked}], resource)\n"
            f"unless {{ {_write(rule.node)} }};\n"
        )
    yield '@id("release")\npermit (principal, action, resource);\n'


def _write(node: Node) -> str:
    if isinstance(node, Leaf):
        slot = f"context[{_quoted(node.slot)}]"
        guard = f"context has {_quoted(node.slot)}"
        return " && ".join([guard, *(_check(slot, item) for item in node.checks)])
    parts = [f"({_write(child)})" for child in node.children]
    if node.needed == 1:
        return " || ".join(parts)
    if node.needed == len(parts):
        return " && ".join(parts)
    counted = " + ".join(f"(if {part} then 1 else 0)" for part in parts)
    return f"{counted} >= {node.needed}"


def _check(slot: str, check: Check) -> str:
    value = f"{slot}.{check.field}"
    if check.test in SIGNS:
        return f"{value} {SIGNS[check.test]} {check.number}"
    words = f"[{', '.join(map(_quoted, check.words))}]"
    if check.test == "subset":
        return f"!{value}.isEmpty() && {words}.containsAll({value})"
    return f"{words}.contains({value})"


def _schema(program: Program) -> Iterator[str]:
    yield "entity Reader;"
    yield "entity Release;"
    yield "type Facts = {"
    for slot in program.slots:
        fields = ", ".join(f"{_quoted(name)}: {_TYPES[kind]}" for name, kind in slot.fields)
        yield f"  {_quoted(slot.name)}?: {{{fields}}},"
    yield "};"
    names = ", ".join(_quoted(tier.word) for tier in Tier)
    yield (
        f"action {names} appliesTo {{ principal: [Reader], resource: [Release], context: Facts }};"
    )


def _quoted(text: str) -> str:
    return quoted(text, "cedar")
