"""Training compute against Epoch AI's notable models: what the two formulas come to.

Data: Epoch AI, notable AI models, January 2026, CC-BY-4.0; found beside the repository.
"""

import csv
import re
import statistics
from decimal import Decimal, InvalidOperation
from functools import cache

from openweir.dossier import Certainty, Estimate, Fact, Source
from openweir.dossier.compute import estimate_compute
from shared_data import shared

_MIXTURE = re.compile(r"\bMoE\b|mixture[- ]of[- ]experts", re.IGNORECASE)
_SIZE = r"~?(\d+(?:\.\d+)?) ?(B|billion|M|million)"
_ACTIVE = (
    re.compile(rf"activ\w+(?: only)?(?: parameters)?[^.\n\d]{{0,24}}{_SIZE}", re.IGNORECASE),
    re.compile(rf"{_SIZE}(?: parameters)?[^.,\n]{{0,20}} (?:are |is )?activ", re.IGNORECASE),
)
_POWER = {"b": 10**9, "m": 10**6}


@cache
def rows():
    """Return the language models with parameters, data and compute."""
    path = shared("epoch/notable_ai_models_2026-01.csv")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = tuple(csv.DictReader(stream))
    return tuple(
        row for row in found
        if "Language" in row["Domain"] and all(map(row_number(row), ("Parameters", DATA, COMPUTE)))
    )  # fmt: skip


DATA, COMPUTE = "Training dataset size (gradients)", "Training compute (FLOP)"


def row_number(row):
    """Return a function from a column to its number, or None."""

    def number(column):
        try:
            return Decimal(row[column]) or None
        except InvalidOperation:
            return None

    return number


def ratio(row, *, active=None) -> Decimal:
    """Return the middle of our interval over Epoch's value."""
    number = row_number(row)
    facts = [
        ("parameters", number("Parameters"), "parameter"),
        ("dataset-tokens", number(DATA), "token"),
        ("epochs", number("Epochs") or Decimal(1), "pass"),
    ]
    if active is not None:
        facts.append(("active-parameters", active, "parameter"))
    [found] = estimate_compute(
        tuple(
            Fact(
                predicate=predicate, value=Estimate.exactly(value), unit=unit, method="stated",
                certainty=Certainty.SECONDARY, source=Source(kind="publication", ref="Epoch AI"),
            )
            for predicate, value, unit in facts
        ),
        whole_model=True,
    )  # fmt: skip
    return (found.value.lower + found.value.upper) / 2 / number(COMPUTE)


def mixture(row) -> bool:
    """Whether the row speaks of a mixture of experts."""
    return any(_MIXTURE.search(row[column]) for column in
               ("Model", "Abstract", "Parameters notes", "Training compute notes"))  # fmt: skip


def active_parameters(row) -> Decimal | None:
    """Return the parameters active for one token, as the row's notes state them."""
    for column in ("Parameters notes", "Training compute notes", "Abstract", "Dataset size notes"):
        for pattern in _ACTIVE:
            found = pattern.search(row[column])
            if found is not None:
                return Decimal(found[1]) * _POWER[found[2][0].lower()]
    return None


def test_confident_rows_come_out_as_published():
    """Of the 70 rows of confidence `Confident` with stated epochs, at least 57 within a factor of 3.

    The rest are rows whose data field does not count tokens, or fine-tunes whose published
    compute is their parent's.
    """
    found = [row for row in rows() if row["Confidence"] == "Confident" and row["Epochs"]]
    assert len(found) == 70
    ratios = [ratio(row, active=active_parameters(row) if mixture(row) else None) for row in found]
    assert sum(Decimal(1) / 3 <= value <= 3 for value in ratios) >= 57
    assert abs(statistics.median(ratios) - 1) <= Decimal("0.02")


def test_dense_models_with_stated_epochs_come_out_as_published():
    """The same share without the mixtures among them: the formula itself."""
    dense = [row for row in rows() if row["Confidence"] == "Confident" and row["Epochs"]]
    ratios = [ratio(row) for row in dense if not mixture(row)]
    near = sum(Decimal(1) / 3 <= value <= 3 for value in ratios)
    assert len(ratios) >= 60
    assert near * 70 >= 57 * len(ratios)
    assert abs(statistics.median(ratios) - 1) <= Decimal("0.02")


def test_mixtures_come_out_by_their_active_parameters():
    """The median is near 1 with active parameters, and far from it with all of them."""
    found = [(row, active_parameters(row)) for row in rows() if mixture(row)]
    found = [(row, active) for row, active in found if active is not None]
    assert len(found) >= 10
    median = statistics.median(ratio(row, active=active) for row, active in found)
    assert Decimal("0.8") <= median <= Decimal("1.25")
    assert statistics.median(ratio(row) for row, _ in found) > 3
