"""The argument drawn as SVG, and written as YAML for gsn2x.

The drawing is a tree on its side: one column per depth, children below each other, a
parent beside its first child. Lines run in the gutters between columns only, so no line
crosses a box and no two boxes meet, however many requirements there are.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from openweir.decision.rationale.argument import Argument, GoalNode

__all__ = ["Box", "gsn2x", "gsn_svg", "layout"]

_WIDTH, _GUTTER, _GAP, _MARGIN = 300, 60, 16, 24
_LINE, _PADDING, _LETTERS = 16, 12, 40
_MOST_LINES = 6
_FILLS = {
    "goal": "#eef4fb",
    "strategy": "#f3f7ea",
    "solution": "#ffffff",
    "context": "#f6f6f6",
    "justification": "#f6f6f6",
}
_AGAINST_FILL = "#fdecea"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where an element is drawn, in pixels; `parent` is the id of the element it supports."""

    node: GoalNode
    x: int
    y: int
    height: int
    lines: tuple[str, ...]
    parent: str | None = None
    width: int = _WIDTH


def layout(argument: Argument) -> tuple[Box, ...]:
    """Return where every element goes; no two boxes overlap."""
    boxes: list[Box] = []
    y = _MARGIN
    for number, context in enumerate(argument.contexts):
        x = _MARGIN + number * (_WIDTH + _GUTTER)
        boxes.append(_box(context, x, y, argument.top.id))
    y = max(box.y + box.height for box in boxes) + 3 * _GAP
    _place(argument.top, 0, y, None, boxes)
    return tuple(boxes)


def gsn_svg(argument: Argument) -> str:
    """Return the argument as one SVG document; full texts are in the titles."""
    boxes = layout(argument)
    at = {box.node.id: box for box in boxes}
    width = max(box.x + box.width for box in boxes) + _MARGIN
    height = max(box.y + box.height for box in boxes) + _MARGIN
    body = [*_edges(boxes, at), *(part for box in boxes for part in _draw(box))]
    return "\n".join(
        (
            '<svg xmlns="http://www.w3.org/2000/svg" role="img" font-family="sans-serif"',
            f'  font-size="12" width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f"<title>{_xml(argument.top.text)}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            *body,
            "</svg>\n",
        )
    )


def gsn2x(argument: Argument) -> str:
    """Return the argument as YAML that gsn2x reads: ids, texts, supportedBy, inContextOf."""
    lines: list[str] = []
    contexts = [context.id for context in argument.contexts]
    for node in (*_walk(argument.top), *argument.contexts):
        lines += [f"{node.id}:", f"  text: {json.dumps(node.text, ensure_ascii=False)}"]
        if node.children:
            lines.append(f"  supportedBy: [{', '.join(child.id for child in node.children)}]")
        elif node.kind in ("goal", "strategy"):
            lines.append("  undeveloped: true")
        if node is argument.top:
            lines.append(f"  inContextOf: [{', '.join(contexts)}]")
    return "\n".join(lines) + "\n"


def _walk(node: GoalNode) -> Iterator[GoalNode]:
    yield node
    for child in node.children:
        yield from _walk(child)


def _place(node: GoalNode, depth: int, y: int, parent: str | None, boxes: list[Box]) -> int:
    """Place a node and all below it; return the first free y under them."""
    box = _box(node, _MARGIN + depth * (_WIDTH + _GUTTER), y, parent)
    boxes.append(box)
    below = y
    for child in node.children:
        below = _place(child, depth + 1, below, node.id, boxes)
    return max(below, y + box.height + _GAP)


def _box(node: GoalNode, x: int, y: int, parent: str | None) -> Box:
    lines = tuple(_wrapped(f"{node.id}  {node.text}"))
    height = 2 * _PADDING + _LINE * len(lines)
    return Box(node=node, x=x, y=y, height=height, lines=lines, parent=parent)


def _wrapped(text: str) -> Iterator[str]:
    lines = [""]
    for word in text.split():
        for start in range(0, len(word), _LETTERS):
            part = word[start : start + _LETTERS]
            longer = f"{lines[-1]} {part}".strip()
            if len(longer) <= _LETTERS:
                lines[-1] = longer
            else:
                lines.append(part)
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], f"{lines[_MOST_LINES - 1][: _LETTERS - 2]} …"]
    yield from lines


def _edges(boxes: tuple[Box, ...], at: dict[str, Box]) -> Iterator[str]:
    for box in boxes:
        if box.parent is None:
            continue
        parent, name = at[box.parent], f"{box.parent}-{box.node.id}"
        if box.node.kind in ("context", "justification"):
            low, line = box.y + box.height, parent.y - _GAP
            middle, end = box.x + box.width // 2, parent.x + parent.width // 2
            path = f"M{end} {parent.y} V{line} H{middle} V{low}"
            style = 'stroke-dasharray="5 4"'
        else:
            start, turn = parent.x + parent.width, box.x - _GUTTER // 2
            high, level = parent.y + parent.height // 2, box.y + box.height // 2
            if box.y == parent.y:
                level = min(level, high)
                high = level
            path, style = f"M{start} {high} H{turn} V{level} H{box.x}", ""
        yield f'<path class="edge" id="{name}" d="{path}" fill="none" stroke="#555" {style}/>'


def _draw(box: Box) -> Iterator[str]:
    node, x, y, w, h = box.node, box.x, box.y, box.width, box.height
    fill = _AGAINST_FILL if node.against else _FILLS[node.kind]
    stroke = "#b3261e" if node.against else "#333"
    yield f'<g class="node {node.kind}" id="{node.id}"><title>{_xml(node.text)}</title>'
    if node.kind == "strategy":
        points = f"{x + 10},{y} {x + w},{y} {x + w - 10},{y + h} {x},{y + h}"
        yield f'<polygon points="{points}" fill="{fill}" stroke="{stroke}"/>'
    else:
        round_ = {"goal": 0, "solution": 24, "context": 12, "justification": 20}[node.kind]
        yield (
            f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="{round_}" fill="{fill}"'
            f' stroke="{stroke}"/>'
        )
    for number, line in enumerate(box.lines):
        top = y + _PADDING + _LINE * number + 12
        yield f'<text x="{x + 16}" y="{top}" fill="#111">{_xml(line)}</text>'
    yield "</g>"


def _xml(text: str) -> str:
    """Escape, and leave out what XML 1.0 cannot hold."""
    return escape("".join(c for c in text if c >= " " or c in "\t\n"))
