"""A back-test as an SVG picture: what was done beside what the policy would have decided.

Left a pair of bars for each tier; right a table of squares, what was done against what
was shown, coloured by who is stricter. Plain SVG without scripts, fonts or links.
"""

from collections.abc import Iterator
from html import escape

from openweir.decision.backtest import BackTest
from openweir.tier import Tier

__all__ = ["picture"]

_WIDE, _HIGH = 1180, 690
_DONE, _SHOWN, _POSSIBLE = "#5b6770", "#1f6fb2", "#a9cdea"
_STRICTER, _LOOSER, _SAME = "#d9822b", "#7a4fa3", "#3b8f5a"
_LEFT, _TOP, _ROW = 150, 118, 62
_BAR = 300
_CELL, _GRID_LEFT, _GRID_TOP = 64, 700, 160


def picture(found: BackTest, *, population: str, policy: str, assumed: str) -> str:
    """Return the picture as SVG text.

    Args:
        found: the back-test.
        population: its name.
        policy: its name and version.
        assumed: what is taken as given for every member; empty for nothing.
    """
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {_HIGH}" '
            f'width="{_WIDE}" height="{_HIGH}" font-family="sans-serif" font-size="14" role="img">'
        ),
        f"<title>{escape(policy)} over {escape(population)}</title>",
        f'<rect width="{_WIDE}" height="{_HIGH}" fill="#ffffff"/>',
        _text(24, 40, f"{policy} over {population}", size=22, weight="bold"),
        _text(
            24,
            66,
            f"{len(found.outcomes)} releases, {len(found.compared())} of which it is known how"
            " they were made",
        ),
        *_bars(found),
        *_grid(found),
        *_foot(found, assumed),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _bars(found: BackTest) -> Iterator[str]:
    series = (
        ("done in fact", _DONE, dict(found.tiers("actual"))),
        ("shown: the policy's answer", _SHOWN, dict(found.tiers("shown"))),
        ("possible with good evidence", _POSSIBLE, dict(found.tiers("possible"))),
    )
    most = max(max(counts.values()) for _, _, counts in series) or 1
    for index, (name, colour, _) in enumerate(series):
        x = (24, 150, 376)[index]
        yield f'<rect x="{x}" y="86" width="14" height="14" fill="{colour}"/>'
        yield _text(x + 20, 98, name)
    for place, tier in enumerate(reversed(Tier)):
        y = _TOP + place * _ROW
        yield _text(_LEFT - 10, y + 34, tier.word, anchor="end")
        for index, (_, colour, counts) in enumerate(series):
            count, top = counts[tier], y + 6 + index * 16
            # Whole pixels: the same picture on every machine.
            wide = max(1, count * _BAR // most) if count else 0
            yield f'<rect x="{_LEFT}" y="{top}" width="{wide}" height="14" fill="{colour}"/>'
            yield _text(_LEFT + wide + 6, top + 12, str(count), size=12)
    bottom = _TOP + len(Tier) * _ROW
    yield f'<line x1="{_LEFT}" y1="{_TOP}" x2="{_LEFT}" y2="{bottom}" stroke="#333333"/>'


def _grid(found: BackTest) -> Iterator[str]:
    yield _text(_GRID_LEFT, 98, "rows: done in fact; columns: shown", weight="bold")
    for column, tier in enumerate(Tier):
        x = _GRID_LEFT + column * _CELL + _CELL // 2
        for line, word in enumerate(tier.word.split("-")):
            yield _text(x, _GRID_TOP - 26 + line * 15, word, size=12, anchor="middle")
    for row, (actual, counts) in enumerate(found.table()):
        y = _GRID_TOP + row * (_CELL - 12)
        name = "not known" if actual is None else actual.word
        yield _text(_GRID_LEFT - 8, y + 31, name, size=12, anchor="end")
        for column, count in enumerate(counts):
            yield from _square(actual, Tier(column), count, _GRID_LEFT + column * _CELL, y)
    legend = (
        (_STRICTER, "policy stricter than what was done"),
        (_SAME, "the same"),
        (_LOOSER, "policy would have let out more"),
    )
    y = _GRID_TOP + 7 * (_CELL - 12) + 14
    for index, (colour, name) in enumerate(legend):
        x = _GRID_LEFT - 190 + (0, 282, 388)[index]
        yield f'<rect x="{x}" y="{y}" width="14" height="14" fill="{colour}"/>'
        yield _text(x + 20, y + 12, name, size=13)


def _square(actual: Tier | None, shown: Tier, count: int, x: int, y: int) -> Iterator[str]:
    if not count:
        colour, ink = "#f2f2f2", "#999999"
    elif actual is None:
        colour, ink = "#cccccc", "#111111"
    else:
        colour = _SAME if shown is actual else _STRICTER if shown < actual else _LOOSER
        ink = "#ffffff"
    yield (
        f'<rect x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 14}" fill="{colour}"/>'
    )
    yield _text(x + _CELL // 2, y + 31, str(count), anchor="middle", colour=ink)


def _foot(found: BackTest, assumed: str) -> Iterator[str]:
    over, under = found.over(), found.under()
    yield _text(
        24,
        610,
        f"Over-restriction: {len(over)} of {len(found.compared())} ({found.rate(over)}) were"
        f" released more openly than is shown to be right; {len(found.refuted())} of them"
        " whatever had been shown.",
    )
    yield _text(
        24,
        634,
        f"Under-restriction: {len(under)} ({found.rate(under)}) were kept closer than the"
        " policy would have asked. What was done is no norm.",
    )
    if assumed:
        yield _text(24, 664, f"Taken as given for every release: {assumed}.", size=13)


def _text(
    x: int,
    y: int,
    text: str,
    *,
    size: int = 14,
    weight: str = "normal",
    anchor: str = "start",
    colour: str = "#111111",
) -> str:
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
    )
