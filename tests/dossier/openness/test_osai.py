"""The European Open Source AI Index: scores, ranks and the frozen table of March 2025."""

import csv
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openweir.dossier.openness.from_osai import (
    OsaiSystem,
    system_from_osai_yaml,
    systems_from_osai_table,
)
from openweir.dossier.openness.osai import rank, score
from openweir.errors import DossierError
from shared_data import shared

PARAMETERS = [
    *("datasources_basemodel", "datasources_endmodel", "weights_basemodel", "weights_endmodel"),
    *("trainingcode", "code", "hardware_architecture", "preprint", "paper", "modelcard"),
    *("datasheet", "licenses"),
]


@pytest.fixture(scope="module")
def ranked():
    """All systems of the index, ranked."""
    return rank(
        score(system_from_osai_yaml(path.read_bytes(), file=path.name))
        for path in shared("osai").glob("*.yaml")
        if path.name != "a_submission_template.yaml"
    )


class TestIndex:
    """The index of June 2026 (main-database 5a388e8)."""

    def test_count_and_mean(self, ranked):
        """193 systems, mean 0.487, 93 at or above one half, two with everything open."""
        scores = [found.score for found in ranked]
        assert len(scores) == 193
        assert round(float(sum(scores) / 193), 3) == 0.487
        assert sum(found >= Fraction(1, 2) for found in scores) == 93
        assert scores.count(Fraction(1)) == 2

    def test_order_with_ties(self, ranked):
        """Equal scores stand in falling order of file names."""
        assert [found.system.name for found in ranked[:8]] == [
            *("YuLan", "Mustango", "BLOOMZ", "OLMo", "Apertus", "SmolLM", "mT0", "SantaCoder")
        ]
        assert ranked[-1].system.name == "Lumo AI"

    def test_every_score_from_the_file(self, ranked):
        """Each score is the plain mean of the twelve judgements."""
        worth = {"open": 2, "partial": 1, "closed": 0, "": 0}
        for found in ranked:
            total = sum(worth[found.system.judged(name)] for name in PARAMETERS)
            assert found.score == Fraction(total, 24)


class TestRules:
    """How a score is made."""

    def _system(self, **classes):
        return OsaiSystem(
            name="s", file="s.yaml", types=("text",), classes=tuple(classes.items()), licence=""
        )

    def test_unstated_counts_as_closed(self):
        """A parameter without a judgement counts 0 and is named."""
        found = score(self._system(paper="open"))
        assert found.score == Fraction(1, 12)
        assert ("licenses", "") in found.lacking

    def test_categories(self):
        """Each category has its own mean."""
        found = score(self._system(licenses="partial", code="open"))
        assert dict(found.categories) == {
            "availability": 0,
            "documentation": Fraction(1, 6),
            "access": Fraction(1, 2),
        }

    def test_other_types(self):
        """A system of a type that no parameter applies to has nothing to score."""
        system = OsaiSystem(name="s", file="s", types=("smell",), classes=(("paper", "open"),))
        assert (score(system).score, score(system).categories) == (0, ())

    @given(st.permutations([("A.yaml", "open"), ("B.yaml", "closed"), ("b.yaml", "closed")]))
    def test_order_of_reading_does_not_matter(self, rows):
        """Ranks depend on scores and file names only."""
        found = rank(
            score(OsaiSystem(name=file, file=file, types=("text",), classes=(("paper", judged),)))
            for file, judged in rows
        )
        assert [result.system.file for result in found] == ["A.yaml", "b.yaml", "B.yaml"]

    @pytest.mark.parametrize("text", [b"system: x", b"a: b", b"system: {name: a}", b"[]", b""])
    def test_not_a_system(self, text):
        """A file without a named and typed system is refused."""
        with pytest.raises(DossierError, match="expected a `system`") as found:
            system_from_osai_yaml(text, file="x.yaml")
        assert found.value.code == "dossier.osai"


class TestTable:
    """Opening up ChatGPT, frozen in March 2025: 14 features, summed."""

    def test_sums(self):
        """46 of 46 sums equal the published column."""
        path = shared("osai/opening-up-chatgpt_df_2025-03.csv")
        with path.open(encoding="utf-8", newline="") as stream:
            published = [Fraction(row["openness"]) for row in csv.DictReader(stream)]
        systems = systems_from_osai_table(path.read_bytes())
        assert [score(system, "osai-14").score for system in systems] == published
        assert len(published) == 46

    def test_other_table(self):
        """Another table is refused."""
        with pytest.raises(DossierError, match="not the index's table") as found:
            systems_from_osai_table(b"a,b\n1,2\n", where="x.csv")
        assert found.value.code == "dossier.osai-table"
