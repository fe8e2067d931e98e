"""The Open Source AI Definition: refuted by terms, otherwise for people; open weights stay that."""

import pytest

from openweir.dossier.openness import label, osaid, subjects_from_file
from openweir.dossier.openness.holding import Holding, Part
from openweir.dossier.openness.osaid import Judgement, Met
from openweir.errors import DossierError
from shared_data import shared

PARTS = ("weights", "training code", "inference code", "architecture", "data information")


def holding(licence="Apache-2.0", **present):
    """All parts there under one licence, but for those said otherwise."""
    return Holding(
        parts=tuple(
            Part(name=name, present=present.get(name.replace(" ", "_"), "yes"), licence=licence)
            for name in PARTS
        )
    )


def judged(element, met=True):
    """A person's judgement."""
    return Judgement(element=element, met=met, by="Ada", on="2026-11-20", reason="read it")


BOTH = (judged("data-information"), judged("code"))


class TestChecklist:
    """OSAID 1.0: four freedoms, data information, code, parameters."""

    def test_a_person_judges_completeness(self):
        """With everything there under Apache-2.0, data information and code still need a person."""
        found = {row.identity: row.met for row in osaid(holding()).elements}
        assert found == {
            "use": Met.MET,
            "study": Met.MET,
            "modify": Met.MET,
            "share": Met.MET,
            "data-information": Met.PERSON,
            "code": Met.PERSON,
            "parameters": Met.MET,
        }
        assert osaid(holding()).verdict is Met.PERSON

    def test_people_settle_it(self):
        """With both judgements the definition is met, and the reason names who judged."""
        found = osaid(holding(), BOTH)
        assert found.verdict is Met.MET
        assert "judged by Ada on 2026-11-20" in found.elements[4].reason
        assert osaid(holding(), (judged("code", met=False),)).verdict is Met.NOT_MET

    @pytest.mark.parametrize(
        ("licence", "failed"),
        [
            ("llama3.1", {"use", "modify", "share", "code", "parameters"}),
            ("openrail", {"use", "share", "code", "parameters"}),
            ("CC-BY-NC-4.0", {"use", "modify", "share", "code", "parameters"}),
        ],
    )
    def test_limits_fail_at_once(self, licence, failed):
        """Limits on use or scale refute, and no judgement undoes that."""
        judgements = tuple(judged(name) for name in sorted(failed))
        found = osaid(holding(licence), judgements)
        assert {row.identity for row in found.elements if row.met is Met.NOT_MET} == failed

    def test_absent_parts(self):
        """Weights or code that are not there refute; what is not said is for a person."""
        gone = {row.identity: row.met for row in osaid(holding(weights="no")).elements}
        assert gone["parameters"] is gone["use"] is gone["study"] is Met.NOT_MET
        silent = osaid(Holding(parts=()))
        assert {row.met for row in silent.elements} == {Met.PERSON}
        assert osaid(holding(training_code="no")).verdict is Met.NOT_MET

    def test_free_but_not_approved(self):
        """CC-BY-4.0 gives the freedoms, but the initiative has not approved it."""
        found = {row.identity: row.met for row in osaid(holding("CC-BY-4.0")).elements}
        assert (found["use"], found["parameters"]) == (Met.MET, Met.PERSON)

    @pytest.mark.parametrize(
        ("judgements", "text"),
        [
            ((judged("weights"),), "`weights` is no element"),
            ((judged("code"), judged("code")), "`code` is judged twice"),
        ],
    )
    def test_malformed_judgement(self, judgements, text):
        """A judgement of nothing, or twice of one thing, is refused."""
        with pytest.raises(DossierError, match=text) as found:
            osaid(holding(), judgements)
        assert found.value.code == "dossier.osaid-element"


class TestLabel:
    """`open source` is refused for open weights."""

    def test_open_weights_are_not_open_source(self):
        """Apache-2.0 weights alone are open weights, with the reasons."""
        found = label(holding(), osaid(holding()))
        assert found.words == "open weights"
        assert len(found.reasons) == 2

    def test_open_source_when_met(self):
        """Only a definition met in full gives the words."""
        found = label(holding(), osaid(holding(), BOTH))
        assert (found.words, found.reasons) == ("open source", ())

    @pytest.mark.parametrize(
        ("licence", "present", "words"),
        [
            ("Apache-2.0", "no", "weights not out"),
            ("Apache-2.0", "partial", "weights on request"),
            ("Apache-2.0", "unknown", "unknown"),
            ("Custom", "yes", "unknown"),
            ("", "yes", "unknown"),
            ("llama3.1", "yes", "open weights"),
            ("CC-BY-ND-4.0", "yes", "weights under a closed licence"),
        ],
    )
    def test_other_words(self, licence, present, words):
        """Each other state has its own words, none of them open source."""
        held = holding(licence, weights=present)
        found = label(held, osaid(held, BOTH))
        assert found.words == words
        assert found.reasons

    def test_no_model_of_mot_is_open_source_by_itself(self):
        """Nothing in MOT's 273 files suffices without a person."""
        for path in shared("mot/models").glob("*.yml"):
            (subject,) = subjects_from_file(path.read_bytes(), file=path.name)
            assert label(subject.holding, osaid(subject.holding)).words != "open source"
