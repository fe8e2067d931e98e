"""The front matter of a card: read as text, bounded, never as objects."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_folder import CARD
from openweir.dossier.card import Card, read_card
from openweir.errors import DossierError


def test_an_ordinary_card_is_read():
    """Single values and lists come back as text."""
    card = read_card(CARD)
    assert card == Card(
        stated=True,
        licence="apache-2.0",
        base_model=("acme/parent",),
        datasets=("acme/stories",),
        tags=("text-generation",),
        pipeline_tag="text-generation",
    )


@pytest.mark.parametrize("text", ["", "# Title\n", "----\n", "text\n---\nlicense: mit\n---\n"])
def test_a_card_without_front_matter_states_nothing(text):
    """No front matter is not an error and not a statement."""
    assert read_card(text) == Card()


def test_words_that_yaml_would_turn_into_something_else_stay_words():
    """`no`, `1.0` and a date are text; nothing is turned into an object."""
    card = read_card("---\nlicense: no\nlicense_name: 1.0\ntags: [on, 2026-01-01, 0x1f]\n---\n")
    assert (card.licence, card.licence_name) == ("no", "1.0")
    assert card.tags == ("on", "2026-01-01", "0x1f")


BOMB = "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"


@pytest.mark.parametrize(
    ("matter", "text"),
    [
        (BOMB, "uses aliases"),
        ("a: " + "[" * 500 + "\n", "nested too deeply"),
        ("[" * 100_000 + "\n", "nested too deeply"),
        ("x: " + "y" * 200_000 + "\n", "longer than"),
        ("a: [" + "1," * 60_000 + "]\n", "too large"),
        ("license: mit\nlicense: apache-2.0\n", "stands twice"),
        ("- a\n- b\n", "not a list of keys"),
        ("a: [unclosed\n", "not valid YAML"),
        ("a: b: c\n", "not valid YAML"),
        ("? [a]\n: b\n", "not text"),
        ("\tx: 1\n", "not valid YAML"),
        ("a: \x00\n", "not valid YAML"),
    ],
)
def test_a_hostile_front_matter_is_one_error(matter, text):
    """Bombs, duplicates and malformed YAML are refused with one sentence."""
    with pytest.raises(DossierError, match=text) as caught:
        read_card(f"---\n{matter}---\n")
    assert caught.value.code in ("dossier.card", "dossier.card-yaml")
    assert "\n" not in str(caught.value)


def test_an_unclosed_front_matter_is_an_error():
    """A card that never closes its front matter cannot be understood."""
    with pytest.raises(DossierError, match="not closed") as caught:
        read_card("---\nlicense: mit\n")
    assert caught.value.code == "dossier.card"


def test_a_tag_for_an_object_makes_no_object():
    """A YAML tag that asks for a Python object gives its text and nothing else."""
    card = read_card("---\nlicense: !!python/object/apply:os.getcwd []\ntags: !!x y\n---\n")
    assert card.licence == ""
    assert card.tags == ("y",)


@given(st.text(max_size=80))
def test_law_any_text_gives_a_card_or_a_dossier_error(text):
    """No text raises anything but DossierError."""
    for whole in (text, f"---\n{text}\n---\n"):
        try:
            assert isinstance(read_card(whole), Card)
        except DossierError:
            pass


@given(st.text("-:[]{}&*!|>'\"%@`#, \na", max_size=60))
def test_law_any_yaml_marks_give_a_card_or_a_dossier_error(text):
    """The marks of YAML in any order raise nothing but DossierError."""
    try:
        assert isinstance(read_card(f"---\n{text}\n---\n"), Card)
    except DossierError:
        pass
