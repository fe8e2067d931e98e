"""An Inspect log sample by sample: what it tells of each adds up to what it counts."""

import io
import json
import zipfile

import pytest

from evidence_values import GOLDEN
from openweir.errors import EvidenceError
from openweir.evidence.archive import Archive
from openweir.evidence.inspect_answers import read_answers


def members() -> dict:
    """Return the members of a golden log as parsed JSON."""
    with (GOLDEN / "plain.eval").open("rb") as stream:
        archive = Archive(stream, "plain.eval")
        return {name: json.loads(archive.read(name)) for name in archive.names("")}


def packed(documents: dict) -> io.BytesIO:
    """Return an archive of such members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, document in documents.items():
            archive.writestr(name, json.dumps(document))
    buffer.seek(0)
    return buffer


def samples(documents: dict) -> list[dict]:
    """Return the samples among the members."""
    return [one for name, one in documents.items() if name.startswith("samples/")]


def test_every_sample_has_its_own_verdict():
    """A real log: 3 right and 17 wrong, each with its id and its last words."""
    reading, found = read_answers(packed(members()), where="plain.eval")
    assert (reading.correct, reading.incorrect, reading.unscored) == (3, 17, 0)
    assert [sum(one.right is said for one in found) for said in (True, False)] == [3, 17]
    assert len({one.id for one in found}) == 20
    assert all(one.answer and one.refused is None for one in found)


def test_a_score_named_refusal_is_no_second_score():
    """It says what refuses; what is right is said by the other one."""
    documents = members()
    for place, one in enumerate(samples(documents)):
        one["scores"]["refusal"] = {"value": place % 2}
    del documents["summaries.json"]
    _, found = read_answers(packed(documents), where="plain.eval")
    assert sum(one.refused is True for one in found) == 10
    assert sum(one.right is True for one in found) == 3


def test_two_scores_are_no_verdict():
    """Who chooses among scores may have looked at them."""
    documents = members()
    for one in samples(documents):
        one["scores"]["other"] = {"value": 1}
    with pytest.raises(EvidenceError) as caught:
        read_answers(packed(documents), where="plain.eval")
    assert caught.value.code == "evidence.which-score"
    assert "match, other" in caught.value.message


def test_what_the_importer_refuses_is_refused():
    """A run that did not succeed tells nothing of any sample."""
    documents = members()
    documents["header.json"]["status"] = "error"
    with pytest.raises(EvidenceError) as caught:
        read_answers(packed(documents), where="plain.eval")
    assert caught.value.code == "evidence.not-success"
    with pytest.raises(EvidenceError):
        read_answers(io.BytesIO(b"no zip"), where="x")


def test_repeats_are_no_samples():
    """A question asked twice is refused: every question of a trial is asked once."""
    with (GOLDEN / "epochs.eval").open("rb") as stream, pytest.raises(EvidenceError) as caught:
        read_answers(stream, where="epochs.eval")
    assert caught.value.code == "evidence.epochs"
