"""Coverage: a component may be under several licences, each for some of its files."""

from hypothesis import given
from hypothesis import strategies as st

from openweir.dossier.licence import coverage

FILES = [("a.bin", "Weights", 10), ("data/x.csv", "Datasets", 5), ("data/cc/y.csv", "Datasets", 7)]


def test_the_nearest_licence_above_a_file_covers_it():
    """A folder's own text goes before the one at the top."""
    found = coverage(FILES, {"": "exact MIT", "data/cc": "exact CC-BY-4.0"})
    assert [one.in_words() for one in found if one.component == "Datasets"] == [
        "exact CC-BY-4.0: 1 of 2 files",
        "exact MIT: 1 of 2 files",
    ]
    assert found[0].to_json()["size"] == 7


def test_without_a_text_the_declaration_holds():
    """What stands under no text is under what is declared, or under nothing."""
    assert {one.licence for one in coverage(FILES, {}, "declared-only MIT")} == {
        "declared-only MIT"
    }
    assert coverage(FILES, {})[0].in_words() == "no licence: 2 of 2 files"


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "b/c", "b/d/e"]), st.sampled_from("XY"), st.integers(0, 9))
    )
)
def test_every_file_is_covered_once(files):
    """LAW: the shares of a component add up to its files."""
    found = coverage(files, {"b": "one", "b/d": "two"}, "other")
    for component in {name for _, name, _ in files}:
        shares = [one for one in found if one.component == component]
        assert sum(one.files for one in shares) == shares[0].of_files
