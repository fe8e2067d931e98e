"""The ladder table: what policymakers edit, one row per parameter, one column per tier."""

import csv
import io
from dataclasses import dataclass

from openweir.policy.place import Place
from openweir.tier import Tier

__all__ = ["Ladder", "Row", "read_ladder"]

_TIERS = tuple(tier for tier in Tier if tier is not Tier.SEALED)
_COLUMNS = ["row", "parameter", "unit", *(tier.word for tier in _TIERS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One parameter over the tiers.

    Attributes:
        id: `row.parameter`, as a formula refers to it.
        unit: `proportion`, `day`, `rung`, `FLOP`, ...; checked against what uses the row.
        cells: one per tier above `sealed`; empty where the tier does not ask.
        place: its line in the file.
    """

    id: str
    unit: str
    cells: tuple[str, ...]
    place: Place

    def at(self, tier: Tier) -> str:
        """Return the cell of a tier; empty where the tier does not ask."""
        return "" if tier is Tier.SEALED else self.cells[_TIERS.index(tier)]

    def tiers(self) -> frozenset[Tier]:
        """Return the tiers that ask."""
        return frozenset(tier for tier in _TIERS if self.at(tier))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Every row of `ladders.csv`, in the file's order."""

    rows: tuple[Row, ...]

    def row(self, row_id: str) -> Row | None:
        """Return the row of that id, or None."""
        return next((row for row in self.rows if row.id == row_id), None)


def read_ladder(text: str, *, file: str) -> Ladder:
    """Read `ladders.csv`.

    Args:
        text: the file's content.
        file: its name for messages.

    Raises:
        PolicyError: the header or a row has another shape, or a row stands twice.
    """
    lines = tuple(text.split("\n"))
    whole = Place(file=file, lines=lines, first=0, last=len(lines))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[Row] = []
    try:
        for number, fields in enumerate(reader):
            place = Place(
                file=file,
                lines=lines,
                first=max(0, min(reader.line_num, len(lines)) - 1),
                last=min(reader.line_num, len(lines)),
            )
            if number == 0:
                if fields != _COLUMNS:
                    place.fail(
                        "the header is not that of a ladder",
                        code="ladder-header",
                        hint=",".join(_COLUMNS),
                    )
            elif fields:
                rows.append(_row(fields, place, rows))
    except csv.Error as error:
        whole.fail(f"not valid CSV: {error}", code="not-csv")
    if not lines[0].strip():
        whole.fail("the ladder is empty", code="ladder-header", hint=",".join(_COLUMNS))
    return Ladder(rows=tuple(rows))


def _row(fields: list[str], place: Place, before: list[Row]) -> Row:
    if len(fields) != len(_COLUMNS):
        place.fail(
            f"a row of {len(fields)} cells; the header has {len(_COLUMNS)}", code="ladder-row"
        )
    name, parameter, unit, *cells = (field.strip() for field in fields)
    row = Row(
        id=f"{name}.{parameter}",
        unit=unit,
        cells=tuple(cells),
        place=place.inside(f"{name}.{parameter}"),
    )
    if not (name and parameter and unit):
        place.fail("a row needs a name, a parameter and a unit", code="ladder-row")
    if any(row.id == other.id for other in before):
        place.fail(f"row `{row.id}` stands twice", code="duplicate")
    if not row.tiers():
        place.fail(f"row `{row.id}` asks nothing at any tier", code="ladder-row")
    return row
