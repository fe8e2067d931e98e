"""CEL: one expression over `r`, the record, whose value is the list of failing rules.

CEL lets `error || true` be true, so an alternative could hide that something was
missing or malformed. Each slot is therefore asked for before it is read, and each
number is asked to be a whole one; what is neither is an error of the whole expression
or a failing rule, never a passing one.

    r: map(string, dyn)   ->   list(string)
"""

from openweir.policy.export.text import SIGNS, Export, heading, quoted
from openweir.policy.program import Check, Leaf, Node, Program

__all__ = ["to_cel"]


def to_cel(program: Program) -> Export:
    """Return `policy.cel`."""
    rules = ",\n".join(
        f'  ({_write(rule.node)}) ? "" : {_quoted(rule.id)}' for rule in program.rules
    )
    text = f'[\n{rules}\n].filter(id, id != "")\n'
    return Export(language="cel", files=(("policy.cel", heading(program, "//") + text),))


def _write(node: Node) -> str:
    if isinstance(node, Leaf):
        slot = f"r[{_quoted(node.slot)}]"
        guards = (f"{_quoted(node.slot)} in r", f"type({slot}) == map")
        return " && ".join([*guards, *(_check(slot, item) for item in node.checks)])
    parts = [f"({_write(child)})" for child in node.children]
    if node.needed == 1:
        return " || ".join(parts)
    if node.needed == len(parts):
        return " && ".join(parts)
    return " + ".join(f"({part} ? 1 : 0)" for part in parts) + f" >= {node.needed}"


def _check(slot: str, check: Check) -> str:
    value = f"{slot}.{check.field}"
    if check.test in SIGNS:
        return f"type({value}) == int && {value} {SIGNS[check.test]} {check.number}"
    words = f"[{', '.join(map(_quoted, check.words))}]"
    if check.test == "subset":
        return f"size({value}) > 0 && {value}.all(word, word in {words})"
    return f"{value} in {words}"


def _quoted(text: str) -> str:
    return quoted(text, "cel")
