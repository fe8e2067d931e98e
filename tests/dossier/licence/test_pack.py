"""The pack: pinned texts with a source each, and terms that can be looked up in them."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from openweir import digest
from openweir.dossier.licence import PREDICATES, every_licence, every_text, licence, terms_of
from openweir.dossier.licence import pack as pack_file
from openweir.dossier.licence.pack import families, read_text
from openweir.dossier.licence.sketch import read_sketch, write_sketch
from openweir.dossier.licence.term import UNKNOWN, WHOLE_TEXT
from openweir.dossier.licence.words import words_of
from openweir.errors import DossierError

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(pack_file.__file__).parent / "data"


def test_the_index_follows_from_texts_and_records():
    """The generated index is current."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "licence_pack.py"), "--check"], check=False
    )
    assert done.returncode == 0, "run python tools/licence_pack.py"


def test_each_text_is_pinned_and_has_a_source():
    """At least 60 texts; each has a digest, a licensor, and where the copy was taken from."""
    rows = tomllib.loads((DATA / "provenance.toml").read_text(encoding="utf-8"))["text"]
    assert {row["text"]: row["sha256"] for row in rows} == {
        known.text: known.sha256 for known in every_text()
    }
    assert len(rows) >= 60
    assert {f"{row['text']}.txt" for row in rows} == {
        path.name for path in (DATA / "texts").iterdir()
    }
    for row in rows:
        assert row["licensor"], row["text"]
        assert row["taken_from"], row["text"]
        assert digest.sha256((DATA / "texts" / f"{row['text']}.txt").read_bytes()) == row["sha256"]


@pytest.mark.parametrize("name", every_licence())
def test_each_term_is_found_where_it_says(name):
    """A value has a clause; its words are in a text of the licence; a silence names the whole text."""
    record = licence(name)
    texts = [f" {' '.join(words_of(read_text(text)))} " for text in record.texts]
    assert tuple(record.terms) == tuple(PREDICATES)
    for term in record.terms.values():
        if not term.known:
            assert (term.words, term.condition) == ("", "")
            continue
        assert texts, f"{name} has terms and no text"
        assert term.clause
        if term.clause != WHOLE_TEXT:
            words = f" {' '.join(words_of(term.words))} "
            assert words.strip(), f"{name} {term.predicate} has no words"
            assert any(words in text for text in texts), f"{name} {term.predicate}: {term.words}"
        answers = PREDICATES[term.predicate].answers
        assert not answers or set(term.values) <= {*answers, UNKNOWN}
    if not record.texts:
        assert all(not term.known for term in record.terms.values())


@pytest.mark.parametrize("name", every_licence())
def test_each_phrase_of_a_record_is_in_its_text(name):
    """What may be left out or filled in is there to be."""
    record = licence(name)
    texts = [f" {' '.join(words_of(read_text(text)))} " for text in record.texts]
    phrases = [*record.blanks, *(phrase for pair in record.optional for phrase in pair)]
    for phrase in phrases:
        assert any(f" {' '.join(words_of(phrase))} " in text for text in texts), phrase


def test_families_name_licences_on_record():
    """Each member is on record and says it belongs there where versions are told apart."""
    for family in families().values():
        assert family.members
        for member in family.members:
            record = licence(member)
            if family.version:
                assert (record.family, bool(record.version)) == (family.family, True)


def test_a_licence_without_a_text_is_unknown_on_everything():
    """Llama 3 is known by name only: nobody read its text for these questions."""
    assert {term.values for term in terms_of("llama-3-license-2024")} == {(UNKNOWN,)}


def test_a_changed_text_of_the_pack_is_refused(monkeypatch):
    """Bytes that are not the pinned ones are never compared with."""
    read_text.cache_clear()
    real = pack_file._load
    monkeypatch.setattr(
        pack_file, "_load", lambda path: b"x" if path.startswith("texts/") else real(path)
    )
    with pytest.raises(DossierError, match="is not the pinned one") as caught:
        read_text("mit")
    assert caught.value.code == "dossier.licence-pack"


def test_what_is_not_there_is_refused():
    """A text or a licence that nobody has is an error with a code."""
    with pytest.raises(DossierError) as caught:
        licence("zebra")
    assert caught.value.code == "dossier.licence"
    with pytest.raises(DossierError) as caught:
        read_text("../index")
    assert caught.value.code == "dossier.licence-text"


def test_a_sketch_reads_back():
    """What is written is what is read."""
    numbers = (0, 1, 4_294_967_295)
    assert tuple(read_sketch(write_sketch(numbers))) == numbers
