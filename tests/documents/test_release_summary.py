"""The release summary: every sentence rests on something, gaps are printed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions import decision, dossier, fact, requirement
from openweir.decision import Status
from openweir.documents import FORMS, Document, release_summary
from openweir.dossier import Certainty
from openweir.errors import DocumentError
from openweir.tier import Tier


def sentences(document: Document) -> list:
    """All sentences of a document."""
    return [sentence for section in document.sections for sentence in section.sentences]


def test_says_what_who_why_until_how_and_where():
    """A reader finds all seven answers, in this order."""
    headings = [section.heading for section in release_summary(decision(), dossier()).sections]
    assert headings == [
        "What it is",
        "Who may have it",
        "Why",
        "What is not known",
        "Until when",
        "How to check it yourself",
        "Where to report a problem",
    ]


def test_numbers_and_sources_are_told():
    """A fact comes with its value, how surely it is known, and where it was found."""
    text = release_summary(decision(), dossier()).to_markdown()
    assert "- Licence of the weights: Apache-2.0 (read at its source). [" in text
    assert "Training compute: 7E+20 to 1.3E+21 FLOP (read at its source)." in text
    assert "fact licence: A report, page 3 (verified)" in text
    assert "requirement PE3@open-weights: undetermined: missing: no trial at A5" in text


def test_gaps_are_printed():
    """What nobody stated is printed as not stated, never left out."""
    text = release_summary(decision(), dossier(fact("licence", "MIT"))).to_markdown()
    assert "Contact: not stated." in text
    assert "What is lost while it is held back: not stated." in text


def test_like_gaps_are_told_once():
    """The same gap at several tiers is one sentence that rests on each of them."""
    gaps = tuple(
        requirement("PE3", tier, Status.UNDETERMINED, "missing")
        for tier in (Tier.OPEN_WEIGHTS, Tier.FULLY_OPEN)
    )
    filled = release_summary(decision(requirements=gaps, whynot=()), dossier())
    (sentence,) = filled.sections[3].sentences
    assert sentence.text.startswith("Undetermined for open-weights, fully-open: ")
    assert len(sentence.support) == 2


def test_what_was_refuted_is_told():
    """A requirement shown not to hold is told with its reason, whatever its tier."""
    shown = (requirement("PE3", Tier.FULLY_OPEN, Status.REFUTED, "0.4 lies above 0.05"),)
    text = release_summary(decision(requirements=shown, whynot=()), dossier()).to_markdown()
    assert "Refuted for fully-open: What PE3 asks is shown. Reason: 0.4 lies above 0.05." in text


def test_unchecked_facts_say_so():
    """A fact from memory is not told like one that was read."""
    text = release_summary(
        decision(), dossier(fact("licence", "MIT", Certainty.MEMORY))
    ).to_markdown()
    assert "Licence of the weights: MIT (not checked)." in text


def test_a_held_back_component_is_told():
    """Siblings and components may have different tiers, and the reader sees it."""
    made = decision()
    held = replace(made.components[0], tier=Tier.SEALED)
    text = release_summary(replace(made, components=(held,)), dossier()).to_markdown()
    assert "The component Model parameters (Final) is held at sealed." in text


@pytest.mark.parametrize("tier", list(Tier))
def test_never_says_compliant_or_recall(tier):
    """Law 11, and R3, at every tier."""
    text = release_summary(decision(tier=tier, effective_tier=tier), dossier()).to_markdown()
    assert "complian" not in text.lower()
    assert "recall" not in text.lower()


def test_another_release_is_refused():
    """A decision about other files cannot fill in this dossier's summary."""
    with pytest.raises(DocumentError) as caught:
        release_summary(decision(), dossier(name="acme/other"))
    assert caught.value.code == "documents.mismatch"
    assert "the decision is about `acme/tiny`, the dossier about `acme/other`" in str(caught.value)


@given(st.text(max_size=400), st.sampled_from(sorted(FORMS)))
def test_hostile_words_stay_words(words, form):
    """Whatever a card says, each sentence stays on its line and its markup is inert."""
    filled = FORMS[form](decision(), dossier(fact("licence", words)))
    text = filled.to_markdown()
    assert len([line for line in text.splitlines() if line.startswith("- ")]) == len(
        sentences(filled)
    )
    assert sum(line.startswith("#") for line in text.split("\n")) == len(filled.sections) + 2
    assert "<script" not in text


@given(st.lists(st.sampled_from(["licence", "contact", "architecture", "base-model"]), max_size=6))
def test_every_sentence_rests_on_something(predicates):
    """No sentence without a source, whatever facts there are."""
    facts = tuple(fact(predicate, "something") for predicate in predicates)
    filled = release_summary(decision(), dossier(*facts))
    assert all(sentence.support for sentence in sentences(filled))
    assert filled.to_markdown() == release_summary(decision(), dossier(*facts)).to_markdown()
