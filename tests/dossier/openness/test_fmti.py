"""The transparency index: totals equal the published ones, malformed sheets are refused."""

import pytest

from openweir.dossier.openness.fmti import coverage
from openweir.errors import DossierError
from shared_data import shared

PUBLISHED_2025 = {
    "IBM": 95,
    "Writer": 72,
    "AI21 Labs": 66,
    "Anthropic": 46,
    "Google": 41,
    "Amazon": 39,
    "OpenAI": 35,
    "DeepSeek": 32,
    "Meta": 31,
    "Alibaba": 26,
    "Mistral": 18,
    "xAI": 14,
    "Midjourney": 14,
}


def test_totals_2025():
    """The 13 totals of December 2025, with their three domains of 34, 30 and 36."""
    found = coverage(shared("fmti/Dec2025_scores.csv").read_bytes())
    assert {sheet.name: sheet.total for sheet in found} == PUBLISHED_2025
    for sheet in found:
        assert sheet.edition == "fmti-2025"
        assert {name: asked for name, _, asked in sheet.domains} == {
            "Upstream": 34,
            "Model": 30,
            "Downstream": 36,
        }
        assert sum(score for _, score, _ in sheet.domains) == sheet.total
        assert len(sheet.undisclosed) == 100 - sheet.total


@pytest.mark.parametrize(("name", "count"), [("May2024", 14), ("October2023", 10)])
def test_totals_before(name, count):
    """The 14 and 10 totals of the earlier editions equal those in their own last row."""
    found = coverage(shared(f"fmti/{name}_scores.csv").read_bytes())
    assert len(found) == count
    assert all(sheet.stated == sheet.total and sheet.asked == 100 for sheet in found)
    assert all(sheet.edition == "" for sheet in found)


def test_report():
    """A report about one developer is read by its `Score` column."""
    sheet = b"Indicator,Definition,Disclosure,Score\nA,a,text,1\nB,b,,0\n"
    (found,) = coverage(sheet, name="Acme")
    assert (found.name, found.total, found.asked, found.undisclosed) == ("Acme", 1, 2, ("B",))


@pytest.mark.parametrize(
    ("sheet", "text"),
    [
        (b"Indicator,Acme\nA,2\n", "the score `2` of `A` is not 0 or 1"),
        (b"Indicator,Acme\nA,1\nA,1\n", "one row for each indicator"),
        (b"Indicator,Acme\n", "one row for each indicator"),
        (b"Indicator\nA\n", "a column for each developer"),
        (b"Indicator,Acme,Acme\nA,1,1\n", "names a column twice"),
        (b"Indicator,Acme\nA\n", "another length"),
        (b"Indicator,Acme\n\xff,1\n", "not a CSV table"),
        (b'Indicator,Acme\n"A,1\n', "not a CSV table"),
        (b"Name,Acme\nA,1\n", "not a sheet"),
    ],
)
def test_malformed(sheet, text):
    """Each fault is named."""
    with pytest.raises(DossierError, match=text) as found:
        coverage(sheet, where="x.csv")
    assert found.value.code in ("dossier.fmti", "dossier.fmti-score")
