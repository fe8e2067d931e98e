"""Coverage by the Foundation Model Transparency Index: which of 100 indicators are disclosed.

Reads the index's own sheets: a score sheet (one column a developer) or a report
(one row an indicator, columns `Disclosure` and `Score`). Scores are 0 or 1 and the
published figure is their sum.

Source: stanford-crfm/fmti f4500c5; indicators of December 2025.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from openweir.artifact import show
from openweir.dossier.openness.rule_set import rule_data
from openweir.errors import DossierError

__all__ = ["FmtiResult", "coverage", "is_fmti"]

_MAX_BYTES = 16 * 1024 * 1024
_DESCRIPTIVE = frozenset({"Domain", "Subdomain", "Indicator", "Total"})
_SCORES = {"0": False, "1": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class FmtiResult:
    """What one developer discloses.

    Attributes:
        name: the developer.
        total: indicators disclosed.
        asked: indicators in the sheet.
        edition: `fmti-2025` where these are the indicators of December 2025, else "".
        domains: (domain, disclosed, asked); () where the sheet and the edition give no domains.
        undisclosed: indicators that are not disclosed, in the sheet's order.
        stated: the total that the sheet itself gives; None where it gives none.
    """

    name: str
    total: int
    asked: int
    edition: str
    domains: tuple[tuple[str, int, int], ...]
    undisclosed: tuple[str, ...]
    stated: int | None


def is_fmti(data: bytes) -> bool:
    """Whether a CSV file begins like a sheet of the index that holds scores."""
    head = data[:4096].decode("utf-8-sig", "replace").partition("\n")[0]
    columns = [column.strip() for column in head.split(",")]
    return "Indicator" in columns[:3] and ("Definition" not in columns or "Score" in columns)


def coverage(data: bytes, *, name: str = "", where: str = "") -> tuple[FmtiResult, ...]:
    """Return the coverage of every developer in a sheet, in the sheet's order.

    Args:
        data: the CSV file.
        name: of the developer, where the sheet is a report about one.
        where: the file's name, for errors.

    Raises:
        DossierError: not such a sheet, an indicator stands twice, or a score is not 0 or 1.
    """
    header, rows = _table(data, where)
    report = "Score" in header
    developers = (
        [(name, "Score")]
        if report
        else [(column, column) for column in header if column not in _DESCRIPTIVE]
    )
    indicators = [row["Indicator"].strip() for row in rows if row["Indicator"].strip() != "Total"]
    if not indicators or not developers or len(set(indicators)) != len(indicators):
        raise DossierError(
            "expected one row for each indicator and a column for each developer",
            code="fmti",
            where=where,
        )
    edition, domains = _edition(indicators, rows)
    found = []
    for label, column in developers:
        place = f"{where}: {label}"
        cells = [(row["Indicator"].strip(), row[column].strip()) for row in rows]
        found.append(_result(label, cells, edition, domains, place))
    return tuple(found)


def _result(
    label: str,
    cells: Sequence[tuple[str, str]],
    edition: str,
    domains: dict[str, str],
    where: str,
) -> FmtiResult:
    disclosed: dict[str, bool] = {}
    stated = None
    for indicator, cell in cells:
        if indicator == "Total":
            stated = int(cell) if cell.isascii() and cell.isdigit() else None
        elif cell in _SCORES:
            disclosed[indicator] = _SCORES[cell]
        else:
            raise DossierError(
                f"the score `{show(cell, 40)}` of `{show(indicator)}` is not 0 or 1",
                code="fmti-score",
                where=where,
            )
    names = dict.fromkeys(domains[indicator] for indicator in disclosed if indicator in domains)
    return FmtiResult(
        name=label,
        total=sum(disclosed.values()),
        asked=len(disclosed),
        edition=edition,
        domains=tuple(
            (
                domain,
                sum(disclosed[key] for key in disclosed if domains.get(key) == domain),
                sum(domains.get(key) == domain for key in disclosed),
            )
            for domain in names
        ),
        undisclosed=tuple(key for key, value in disclosed.items() if not value),
        stated=stated,
    )


def _edition(
    indicators: Sequence[str], rows: Sequence[dict[str, str]]
) -> tuple[str, dict[str, str]]:
    """Return the edition that has exactly these indicators, and the domain of each."""
    listed = {
        row.text("name"): row.text("domain")
        for row in rule_data("fmti-2025.toml").read.objects("indicator")
    }
    if set(indicators) == set(listed):
        return "fmti-2025", listed
    return "", {row["Indicator"].strip(): row["Domain"] for row in rows if row.get("Domain")}


def _table(data: bytes, where: str) -> tuple[Sequence[str], Sequence[dict[str, str]]]:
    if len(data) > _MAX_BYTES or not is_fmti(data):
        raise DossierError("not a sheet of the transparency index", code="fmti", where=where)
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        header = [column.strip() for column in next(reader)]
        rows = [row for row in reader if any(row)]
    except (csv.Error, UnicodeDecodeError, StopIteration):
        raise DossierError("not a CSV table in UTF-8", code="fmti", where=where) from None
    if len(set(header)) != len(header) or any(len(row) != len(header) for row in rows):
        raise DossierError(
            "the header names a column twice, or a row has another length than the header",
            code="fmti",
            where=where,
        )
    return header, [dict(zip(header, row, strict=True)) for row in rows]
