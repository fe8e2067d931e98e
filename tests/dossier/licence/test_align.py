"""Lining up: gaps are where two sequences differ, and nowhere else."""

from hypothesis import given
from hypothesis import strategies as st

from openweir.dossier.licence.align import align

WORDS = st.lists(st.sampled_from("abcdefg"), max_size=60)


@given(WORDS, WORDS)
def test_what_lies_between_the_gaps_is_equal(one, other):
    """LAW: the gaps turn one sequence into the other, and equal ones have none."""
    gaps = align(one, other)
    rebuilt, at = [], 0
    for gap in gaps:
        rebuilt += one[at : gap.a_begin] + other[gap.b_begin : gap.b_end]
        at = gap.a_end
    assert rebuilt + one[at:] == other
    assert (gaps == ()) == (one == other)


def test_one_changed_word_is_one_small_gap():
    """A word replaced in a long text is one gap of one word."""
    one = [str(number) for number in range(500)]
    other = [*one[:250], "x", *one[251:]]
    [gap] = align(one, other)
    assert (gap.a_begin, gap.a_end, gap.b_begin, gap.b_end) == (250, 251, 250, 251)
