"""Line two sequences of words up; whatever does not line up is a gap.

Long runs of words that occur once in each are lined up first, then what lies between
them. Any alignment shows a gap where the sequences differ; a good one shows a small gap.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Gap", "align"]

_RUNS = (8, 4, 2)
_MOST_CELLS = 90_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Words `a_begin` to `a_end` of the first stand where `b_begin` to `b_end` of the second do."""

    a_begin: int
    a_end: int
    b_begin: int
    b_end: int


def align(a: Sequence[str], b: Sequence[str]) -> tuple[Gap, ...]:
    """Return the gaps between two sequences, in order; () when they are equal."""
    return tuple(_gaps(tuple(a), tuple(b), Gap(0, len(a), 0, len(b)), _RUNS))


def _gaps(
    a: tuple[str, ...], b: tuple[str, ...], span: Gap, runs: tuple[int, ...]
) -> Iterator[Gap]:
    a_begin, a_end, b_begin, b_end = span.a_begin, span.a_end, span.b_begin, span.b_end
    while a_begin < a_end and b_begin < b_end and a[a_begin] == b[b_begin]:
        a_begin, b_begin = a_begin + 1, b_begin + 1
    while a_begin < a_end and b_begin < b_end and a[a_end - 1] == b[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    if a_begin == a_end and b_begin == b_end:
        return
    rest = Gap(a_begin, a_end, b_begin, b_end)
    if a_begin == a_end or b_begin == b_end:
        yield rest
        return
    if not runs:
        yield from _small(a, b, rest)
        return
    at_a, at_b = a_begin, b_begin
    for run_a, run_b in _anchors(a, b, rest, runs[0]):
        if run_a < at_a or run_b < at_b:
            continue
        yield from _gaps(a, b, Gap(at_a, run_a, at_b, run_b), runs[1:])
        at_a, at_b = run_a, run_b
        while at_a < a_end and at_b < b_end and a[at_a] == b[at_b]:
            at_a, at_b = at_a + 1, at_b + 1
    yield from _gaps(a, b, Gap(at_a, a_end, at_b, b_end), runs[1:])


def _anchors(
    a: tuple[str, ...], b: tuple[str, ...], span: Gap, run: int
) -> Iterator[tuple[int, int]]:
    """Yield places where a run of words that is unique in both begins, in rising order."""
    in_a = _unique(a, span.a_begin, span.a_end, run)
    in_b = _unique(b, span.b_begin, span.b_end, run, frozenset(in_a))
    yield from _longest_rising(sorted((in_a[words], place) for words, place in in_b.items()))


def _unique(
    words: tuple[str, ...],
    begin: int,
    end: int,
    run: int,
    among: frozenset[tuple[str, ...]] | None = None,
) -> dict[tuple[str, ...], int]:
    """Return where each run of words begins that stands once, of those asked for."""
    places: dict[tuple[str, ...], int] = {}
    twice: set[tuple[str, ...]] = set()
    for at in range(begin, end - run + 1):
        found = words[at : at + run]
        if among is not None and found not in among:
            continue
        if found in places:
            twice.add(found)
        else:
            places[found] = at
    return {found: at for found, at in places.items() if found not in twice}


def _longest_rising(pairs: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Return the longest part of `pairs` whose second members rise (patience sorting)."""
    tails: list[int] = []
    tops: list[int] = []
    before: list[int] = []
    for index, (_, value) in enumerate(pairs):
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            if tails[middle] < value:
                low = middle + 1
            else:
                high = middle
        before.append(tops[low - 1] if low else -1)
        if low == len(tails):
            tails.append(value)
            tops.append(index)
        else:
            tails[low] = value
            tops[low] = index
    chain = []
    at = tops[-1] if tops else -1
    while at >= 0:
        chain.append(pairs[at])
        at = before[at]
    return reversed(chain)


def _small(a: tuple[str, ...], b: tuple[str, ...], span: Gap) -> Iterator[Gap]:
    if (span.a_end - span.a_begin) * (span.b_end - span.b_begin) > _MOST_CELLS:
        yield span
        return
    matcher = SequenceMatcher(
        None, a[span.a_begin : span.a_end], b[span.b_begin : span.b_end], autojunk=False
    )
    for tag, a_begin, a_end, b_begin, b_end in matcher.get_opcodes():
        if tag != "equal":
            yield Gap(
                span.a_begin + a_begin,
                span.a_begin + a_end,
                span.b_begin + b_begin,
                span.b_begin + b_end,
            )
