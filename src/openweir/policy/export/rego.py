"""Rego: a module whose rules are positive and complete without any default but `sealed`.

A rule that meets something missing is undefined, hence not among those that hold, hence
failing. Rego orders values of different types (null < numbers < strings), so a word in
the place of a number could pass a limit: each number is asked to be one.

    data.openweir.failing   the ids of the rules that fail
    data.openweir.tier      the tier's number
"""

from collections.abc import Iterator

from openweir.policy.export.text import SIGNS, Export, heading, quoted
from openweir.policy.program import Check, Leaf, Node, Program
from openweir.tier import Tier

__all__ = ["to_rego"]


def to_rego(program: Program) -> Export:
    """Return `policy.rego`."""
    writer = _Writer()
    lines = [heading(program, "#"), "package openweir\n", "import rego.v1\n"]
    held: list[str] = []
    for rule in program.rules:
        name = writer.name(rule.node)
        held.append(f"held contains {_quoted(rule.id)} if {name}")
    below = ", ".join(f"{_quoted(rule.id)}: {rule.tier - 1}" for rule in program.rules)
    lines += [
        f"below := {{{below}}}\n",
        f"rules := {{{', '.join(_quoted(rule.id) for rule in program.rules)}}}\n",
        "failing := rules - held\n",
        f"tier := {int(max(Tier))} if count(failing) == 0\n",
        "tier := min({below[id] | some id in failing}) if count(failing) > 0\n",
        *held,
        "",
        *writer.lines,
    ]
    return Export(language="rego", files=(("policy.rego", "\n".join(lines) + "\n"),))


class _Writer:
    """Writes each different node once, under a numbered name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._names: dict[Node, str] = {}

    def name(self, node: Node) -> str:
        """Return the name under which a node is written."""
        if node not in self._names:
            bodies = list(self._bodies(node))
            self._names[node] = f"n{len(self._names)}"
            self.lines += [f"{self._names[node]} if {{ {body} }}" for body in bodies]
        return self._names[node]

    def _bodies(self, node: Node) -> Iterator[str]:
        """Yield bodies, any of which makes the node hold."""
        if isinstance(node, Leaf):
            yield "; ".join(
                [f"s := input[{_quoted(node.slot)}]", "is_object(s)", *_checks(node.checks)]
            )
            return
        names = [self.name(child) for child in node.children]
        if node.needed == 1:
            yield from names
        elif node.needed == len(names):
            yield "; ".join(names)
        else:
            counted = " + ".join(f"count([1 | {name}])" for name in names)
            yield f"{counted} >= {node.needed}"


def _checks(checks: tuple[Check, ...]) -> Iterator[str]:
    for check in checks:
        value = f"s.{check.field}"
        words = f"{{{', '.join(map(_quoted, check.words))}}}"
        if check.test in SIGNS:
            yield f"is_number({value})"
            yield f"{value} {SIGNS[check.test]} {check.number}"
        elif check.test == "subset":
            yield f"is_array({value})"
            yield f"count({value}) > 0"
            yield f"every word in {value} {{ word in {words} }}"
        else:
            yield f"{value} in {words}"


def _quoted(text: str) -> str:
    return quoted(text, "rego")
