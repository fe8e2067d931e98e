"""Which licence a text is: clean texts are exact in every form, changed ones never are."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licence_forms import CHANGES, FORMS, MORE_FORMS, RESTRICTIONS, headed, inserted
from openweir.dossier.licence import Standing, every_licence, every_text, identify, licence
from openweir.dossier.licence.pack import read_text
from openweir.dossier.licence.template import template
from openweir.dossier.licence.words import words_of
from shared_data import shared

TEXTS = tuple(known.text for known in every_text())
AI = tuple(
    text for text in TEXTS if text not in {"gpl-2.0", "gpl-3.0"} and len(read_text(text)) < 17_000
)
_BELOW_NAMES = {"uoi-ncsa-spdx": "Permission is hereby granted"}
OPEN = (
    "mit",
    "apache-2.0",
    "cc-by-4.0",
    "openmdw-1.0",
    "cdla-permissive-2.0",
    "bsd-new",
    "isc",
    "cc0-1.0",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_clean_text_is_exact_in_every_form(text):
    """Re-wrapped, CRLF, HTML, with a copyright notice, all at once: the same text, exact."""
    for form in FORMS:
        found = identify(form(read_text(text)))
        assert found.standing is Standing.EXACT, (form.__name__, found.parts)
        assert [part.text for part in found.parts] == [text], form.__name__


@pytest.mark.parametrize("text", TEXTS)
def test_a_clean_text_is_exact_however_it_was_set(text):
    """Comments, Markdown, quotes, case, pages, hyphens, other holders, and two of them at once."""
    rng = random.Random(text)
    chosen = rng.sample(MORE_FORMS, 2)
    for one, other in ((chosen[0], None), (chosen[1], headed)):
        words = one(read_text(text) if other is None else other(read_text(text)))
        found = identify(words)
        assert found.standing is Standing.EXACT, (one.__name__, other, found.parts)
        assert [part.text for part in found.parts] == [text], one.__name__


@pytest.mark.parametrize("text", TEXTS)
def test_a_title_may_be_left_out(text):
    """Below its title the text is the same licence; where the title is the version, it is not."""
    pinned = template(text, next(known.licence for known in every_text() if known.text == text))
    above = next((at for at in range(len(pinned.words)) if not pinned.group(at)), 0)
    found = identify(pinned.words.text[pinned.words.begins[above] :])
    assert (found.standing, found.licences) == (Standing.EXACT, (pinned.licence.licence,))


@pytest.mark.parametrize("text", TEXTS)
def test_a_change_anywhere_is_a_change(text):
    """Every text: a number, a `not`, a `may`, a sentence, a word, and an added restriction."""
    rng, words = random.Random(text), read_text(text)
    for pattern, change in CHANGES.items():
        places = [p for p in re.finditer(pattern, words) if change(p.group()) != p.group()]
        for place in rng.sample(places, min(1, len(places))):
            found = identify(words[: place.start()] + change(place.group()) + words[place.end() :])
            assert found.standing is not Standing.EXACT, (pattern, place.start(), place.group())
    restriction = rng.choice(RESTRICTIONS)
    found = identify(inserted(words, restriction, rng.randrange(1, 50)))
    assert found.standing is Standing.MODIFIED, restriction
    assert found.parts[0].residue


def test_every_edition_of_a_text_is_the_same_licence():
    """Where two collections print a licence differently, both are on record under one name."""
    editions = [text for text in TEXTS if text.endswith(("-spdx", "-choose"))]
    assert len(editions) >= 30
    for text in editions:
        [part] = identify(read_text(text)).parts
        first = read_text(text.removesuffix("-spdx").removesuffix("-choose"))
        assert identify(first).licences == (part.licence,), text


def test_the_collected_texts_are_exact_with_their_front_matter():
    """Each text of the public collection is found under its own name, first and only."""
    files = sorted(shared("licences/ai").glob("*.LICENSE"))
    assert len(files) == 42
    for file in files:
        found = identify(file.read_text(encoding="utf-8"))
        assert (found.standing, found.parts[0].text) == (Standing.EXACT, file.stem)


@pytest.mark.parametrize("text", OPEN)
def test_every_inserted_restriction_is_a_change(text):
    """80 of 80: ten restrictions in eight open licences, at changing places."""
    for number, words in enumerate(RESTRICTIONS):
        changed = inserted(read_text(text), words, (0, -1, number * 7 + 3)[number % 3])
        found = identify(changed)
        assert found.standing is Standing.MODIFIED, words
        assert found.parts[0].residue


def test_every_swapped_number_is_a_change():
    """Each number of the texts with scale caps, and of some versions, one at a time."""
    for text in ("llama-2-license-2023", "qwen-2024", "moonshot-ai-modified-mit-2025", "openmdw-1.0",
                 "stability-ai-community-2024", "tencent-hunyuan-3d-2.0-cla", "ltxv-owl-2025-05-05"):  # fmt: skip
        words = read_text(text)
        for number in re.finditer(r"\d+(?:[.,]\d+)*", words):
            other = str(int(re.sub(r"\D", "", number.group())) + 1)
            found = identify(words[: number.start()] + other + words[number.end() :])
            assert found.standing is Standing.MODIFIED, (text, number.group(), number.start())


def test_every_dropped_not_is_a_change():
    """Each `not` and `no` of each licence made for models, one at a time."""
    rng = random.Random(7)
    for text in AI:
        words = read_text(text)
        places = list(re.finditer(r"\b[Nn](?:ot|OT|o|O)\b ?", words))
        for place in rng.sample(places, min(4, len(places))):
            found = identify(words[: place.start()] + words[place.end() :])
            assert found.standing is Standing.MODIFIED, (text, place.start())


@pytest.mark.parametrize("word", ["NO", "no", "if", "NC", "ND", "iv", "2.", "(b)"])
def test_only_numbers_number_a_list(word):
    """A two-letter word before an item of a list may turn its meaning round: it is a change."""
    words = read_text("bsd-new").replace("Redistributions in", f"{word} Redistributions in")
    numbered = word in ("iv", "2.", "(b)")
    assert (identify(words).standing is Standing.EXACT) == numbered


@settings(max_examples=60)
@given(st.sampled_from(TEXTS), st.data())
def test_a_word_put_in_is_always_residue(text, data):
    """LAW: wherever a foreign word is put, the text is not exact, and the word is shown.

    But for the notice above the text, where the names of people and groups stand.
    """
    words = read_text(text)
    names_end = words.find(_BELOW_NAMES[text]) if text in _BELOW_NAMES else 0
    assert names_end >= 0
    spaces = [found.start() for found in re.finditer(r"\s", words) if found.start() >= names_end]
    at = data.draw(st.sampled_from(spaces))
    found = identify(f"{words[:at]} zebra{words[at:]}")
    assert found.standing is not Standing.EXACT
    shown = [difference.added for part in found.parts for difference in part.residue]
    assert any("zebra" in words for words in shown)


def test_versions_of_one_licence_are_told_apart():
    """OpenMDW 1.0 and 1.1 differ by two words; each is exact as itself only."""
    for version in ("1.0", "1.1"):
        found = identify(shared(f"licences/OpenMDW-{version}.txt").read_text(encoding="utf-8"))
        assert (found.standing, found.licences) == (Standing.EXACT, (f"OpenMDW-{version}",))


def test_the_real_modified_mit_texts_are_not_mit():
    """One is on record under its own name; the other is MIT, modified, with the cap shown."""
    kimi = identify(read_text("moonshot-ai-modified-mit-2025"))
    assert kimi.licences == ("moonshot-ai-modified-mit-2025",)
    excerpt = shared("licences/case-modified-mit-revenue-cap-excerpt.txt")
    found = identify(excerpt.read_text(encoding="utf-8"))
    assert (found.standing, found.licences) == (Standing.MODIFIED, ("MIT",))
    assert any("exceeds $20 million" in one.added for one in found.parts[0].residue)


def test_the_residue_says_where_and_what():
    """A swapped number is one difference, with its line and both numbers."""
    text = read_text("llama-3.1-license-2024").replace("700 million", "70 million")
    found = identify(text)
    [difference] = found.parts[0].residue
    assert (difference.removed, difference.added) == ("700", "70")
    assert "70 million" in text.split("\n")[difference.line - 1]
    assert found.in_words() == "modified llama-3.1-license-2024"


def test_two_licences_in_one_file_are_two_parts():
    """MIT above Apache-2.0: both exact; a sentence between them is residue."""
    both = headed(read_text("mit")) + "\n\n" + headed(read_text("apache-2.0"))
    found = identify(both)
    assert (found.standing, found.licences) == (Standing.EXACT, ("MIT", "Apache-2.0"))
    joined = read_text("mit") + "\n\nNever on a Sunday.\n\n" + read_text("apache-2.0")
    assert identify(joined).standing is Standing.MODIFIED


def test_another_version_of_a_family_is_said_to_be_one():
    """A Llama licence of a version we have no text of is no Llama licence we have."""
    text = read_text("llama-3.1-license-2024").replace("3.1", "5.7").replace("July 23", "May 2")
    text = text.replace("monthly active users", "people").replace("Acceptable Use Policy", "Rules")
    found = identify(text)
    assert (found.standing, found.family) == (Standing.FAMILY, "llama")
    assert "version `5.7`" in found.reason
    assert found.parts[0].residue


def test_a_version_known_by_name_only_is_a_version_without_a_text():
    """Llama 3 is on record by name: its text is of the family, not a modified Llama 3.1."""
    text = read_text("llama-3.1-license-2024").replace("3.1", "3").replace("July 23", "April 18")
    text = text.replace("monthly active users", "people").replace("Acceptable Use Policy", "Rules")
    found = identify(text)
    assert (found.standing, found.family) == (Standing.FAMILY, "llama")
    assert "version `3`" in found.reason


@pytest.mark.parametrize("name", [n for n in every_licence() if not licence(n).texts])
def test_a_licence_without_a_text_is_declared_only(name):
    """Its id, its name and a file that holds nothing else: named, with no text to compare."""
    for said in (name, licence(name).name):
        found = identify(said)
        assert (found.standing, found.licences) == (Standing.DECLARED_ONLY, (name,))


def test_a_name_alone_is_declared_only():
    """A file that holds nothing but a licence's name has no text to compare."""
    for text in ("Apache License 2.0\n", "SPDX-License-Identifier: MIT", "llama3.1"):
        assert identify(text).standing is Standing.DECLARED_ONLY


@pytest.mark.parametrize(
    "text", ["", "\x00\ufffd", "hello " * 30_000, "---\nkey: mit\n", "(" * 9_000]
)
def test_foreign_text_is_none(text):
    """What is like nothing on record is none, whatever it is."""
    assert identify(text).standing is Standing.NONE


def test_a_front_matter_that_obliges_is_text():
    """Only a description of the very text is set aside; a restriction in it is not."""
    for matter in (
        "key: mit\nnotes: commercial use requires payment",
        "key: apache-2.0\nname: Apache",
        "key: mit\nterms: none for companies",
    ):
        assert identify(f"---\n{matter}\n---\n{read_text('mit')}").standing is Standing.MODIFIED
    assert identify(f"---\nkey: mit\nname: MIT\n---\n{read_text('mit')}").standing is Standing.EXACT


def test_names_and_notices_are_no_change():
    """Real heads and real names: titles, several holders, a filled-in organisation."""
    mit = read_text("mit")
    for head in (
        "MIT License\n\nCopyright (c) 2020 Will McGugan\n\n",
        "The MIT License (MIT)\n\nCopyright 2011-2026 The Authors <a@b.example>, https://b.example\n",
        "# MIT\n\nCopyright (C) 2021 Jane Doe\nCopyright © 2022 Acme Limited and contributors\n",
    ):
        assert identify(head + mit).standing is Standing.EXACT, head
    bsd = read_text("bsd-new").replace("the ORGANIZATION", "Acme Research, Inc.")
    assert identify("BSD 3-Clause License\n\n" + bsd).standing is Standing.EXACT
    lettered = bsd.replace("\n\nRedistributions", "\n\n1. Redistributions", 1)
    assert identify(lettered).standing is Standing.EXACT
    assert (
        identify(bsd.replace("Acme Research", "Acme, if commercial,")).standing is Standing.MODIFIED
    )


def test_an_optional_part_is_left_out_whole_or_not_at_all():
    """Apache-2.0 without its appendix is exact; with half of it, it is not."""
    text = read_text("apache-2.0")
    start = text.index("APPENDIX")
    assert identify(text[:start]).standing is Standing.EXACT
    assert identify(text[: start + 400]).standing is Standing.MODIFIED


def test_homoglyphs_and_hidden_characters_are_changes():
    """A letter of another alphabet or a hidden mark inside a word is residue."""
    text = read_text("mit")
    assert identify(text.replace("without", "with\u043eut", 1)).standing is Standing.MODIFIED
    assert identify(text.replace("without", "with\u200bout", 1)).standing is Standing.MODIFIED


def test_what_hides_from_a_reader_is_a_change():
    """Comments, hidden elements, attributes that carry words, marks that turn the writing."""
    text = read_text("mit")
    for hidden in (
        f"{text}<!-- no commercial use -->",
        f'{text}<span style="display:none">No commercial use</span>',
        f'<p title="no commercial use">{text}</p>',
        f"<script>deny()</script>{text}",
        f"\u202e{text}",
        f"<style>p::after {{ content: 'no commercial use' }}</style><p>{text}</p>",
        f"<style>/* no commercial use */</style><p>{text}</p>",
        "<p>" + text.replace("without", '<span style="display:none">without</span>', 1),
        "<p>" + text.replace("without", "<span hidden>without</span>", 1),
        "<p>" + text.replace("without", "<s>without</s>", 1),
    ):
        assert identify(hidden).standing is Standing.MODIFIED, hidden[:40]


def test_what_is_explained_is_shown():
    """A notice that was set aside can be read in the report."""
    part = identify(headed(read_text("mit"))).parts[0]
    assert part.explained == (
        "a title or copyright notice: `Copyright (c) 2025 Example Corporation. All rights reserved`",
    )


def test_words_set_aside_case_and_marks_only():
    """Quotes, dashes, case and the copyright sign have one form; numbers keep theirs."""
    assert words_of("“AS IS” – Don’t © 1,000 3.1 $20") == (
        "as", "is", "don't", "c", "1,000", "3.1", "$", "20",
    )  # fmt: skip
