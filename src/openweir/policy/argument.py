"""The argument of a policy as a picture in Goal Structuring Notation, drawn as plain SVG.

Top goal; one strategy per tier; below it the goals that tier adds; beside each goal the
solutions that would support it. Nothing overlaps: every box has its own cell of a grid.

Source: GSN Community Standard, version 3: goals are rectangles, strategies are
parallelograms, solutions are circles, contexts are rounded.
"""

from collections.abc import Iterator
from html import escape

from openweir.policy.formula import (
    AuthorityAtom,
    ClaimAtom,
    ComponentAtom,
    Formula,
    leaves,
)
from openweir.policy.policy import Policy, Requirement
from openweir.tier import Tier

__all__ = ["argument_svg", "wrapped"]

_COLUMN, _BOX, _GOAL, _GAP = 250, 172, 78, 16
_TOP, _STRATEGY, _FIRST = 24, 150, 250
_CIRCLE = 19
_LINE, _LETTERS, _LINES = 13, 29, 4


def argument_svg(policy: Policy) -> str:
    """Return the picture as one `<svg>` element; all text in it is escaped."""
    tiers = [tier for tier in Tier if any(item.tier is tier for item in policy.requirements)]
    columns = [[item for item in policy.requirements if item.tier is tier] for tier in tiers]
    width = max(len(tiers) * _COLUMN + _GAP, 700)
    height = _FIRST + max(map(len, columns), default=0) * (_GOAL + _GAP) + _GAP
    label = escape(f"The argument of {policy.id} {policy.version}")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"',
        f'height="{height}" role="img" class="gsn" aria-label="{label}"><defs>',
        *_arrow("solid", "head"),
        *_arrow("open", "hollow"),
        "</defs>",
        *_head(policy, width),
    ]
    for index, (tier, items) in enumerate(zip(tiers, columns, strict=True)):
        parts += _column(index, tier, items, width)
    return "\n".join([*parts, "</svg>"])


def wrapped(text: str, letters: int = _LETTERS, lines: int = _LINES) -> list[str]:
    """Return text broken into at most `lines` lines, an ellipsis where it goes on."""
    found = [""]
    for word in text.split():
        piece = word if len(word) <= letters else word[: letters - 1] + "…"
        joined = f"{found[-1]} {piece}".strip()
        if len(joined) <= letters:
            found[-1] = joined
        else:
            found.append(piece)
    if len(found) > lines:
        found = found[:lines]
        found[-1] = found[-1][: letters - 1] + "…"
    return found


def _arrow(name: str, kind: str) -> Iterator[str]:
    yield f'<marker id="{name}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8"'
    yield f'markerHeight="8" orient="auto"><path d="M0 0L10 5L0 10z" class="{kind}"/></marker>'


def _head(policy: Policy, width: int) -> Iterator[str]:
    middle = width // 2
    says = "A release is no more open than what is shown about it allows"
    yield from _goal((middle - 130, _TOP, 260, 56), "G0", says, "top")
    context = f"{policy.id} {policy.version}, {policy.issuer}"
    x, y = middle + 190, _TOP
    yield f'<rect x="{x}" y="{y}" width="200" height="56" rx="26" class="context"/>'
    yield from _text(x + 100, y + 24, ["C0", *wrapped(context, 30, 2)])
    yield f'<path d="M{middle + 130} {y + 28}H{x}" class="edge" marker-end="url(#open)"/>'


def _column(index: int, tier: Tier, items: list[Requirement], width: int) -> Iterator[str]:
    left = index * _COLUMN + _GAP
    middle = left + _BOX // 2
    top = _TOP + 56
    yield (
        f'<path d="M{width // 2} {top}V{_STRATEGY - 24}H{middle}V{_STRATEGY}" class="edge"'
        ' marker-end="url(#solid)"/>'
    )
    slant, y, high = 14, _STRATEGY, 56
    yield (
        f'<path d="M{left + slant} {y}H{left + _BOX}L{left + _BOX - slant} {y + high}H{left}z"'
        ' class="strategy"/>'
    )
    yield from _text(middle, y + 23, [f"S{int(tier)}", f"to {tier.word}"], strong=True)
    spine = left - 8
    yield f'<path d="M{middle} {y + high}v12H{spine}" class="edge"/>'
    for row, item in enumerate(items):
        at = _FIRST + row * (_GOAL + _GAP)
        before = y + high + 12 if row == 0 else at - _GAP - _GOAL // 2
        yield (
            f'<path d="M{spine} {before}V{at + _GOAL // 2}H{left}" class="edge"'
            ' marker-end="url(#solid)"/>'
        )
        kind = "stop" if item.hard_stop else "goal"
        yield from _goal((left, at, _BOX, _GOAL), item.rule, item.text, kind)
        yield from _solutions(left + _BOX, at + _GOAL // 2, item.formula)


def _goal(box: tuple[int, int, int, int], name: str, text: str, kind: str) -> Iterator[str]:
    x, y, wide, high = box
    yield f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" class="{kind}"/>'
    lines = wrapped(text, (wide - 18) // 6)
    first = y + (high - _LINE * (len(lines) + 1)) // 2 + _LINE - 2
    yield from _text(x + wide // 2, first, [name, *lines])


def _solutions(x: int, y: int, formula: Formula) -> Iterator[str]:
    """Draw one circle that says which kinds of things would support a goal."""
    kinds = {
        "E"
        if isinstance(atom, ClaimAtom)
        else "C"
        if isinstance(atom, ComponentAtom)
        else "A"
        if isinstance(atom, AuthorityAtom)
        else "F"
        for atom in leaves(formula)
    }
    middle = x + 18 + _CIRCLE
    yield f'<path d="M{x} {y}H{middle - _CIRCLE}" class="edge" marker-end="url(#solid)"/>'
    yield f'<circle cx="{middle}" cy="{y}" r="{_CIRCLE}" class="solution"/>'
    yield from _text(middle, y + 4, ["·".join(sorted(kinds))])


def _text(x: int, y: int, lines: list[str], *, strong: bool = True) -> Iterator[str]:
    for index, line in enumerate(lines):
        bold = ' class="name"' if strong and index == 0 and len(lines) > 1 else ""
        yield f'<text x="{x}" y="{y + index * _LINE}"{bold}>{escape(line)}</text>'
