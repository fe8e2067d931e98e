"""The ladder table: what policymakers edit, one row per parameter, one column per tier.

The same table can be written as CSV, for a spreadsheet, and as TOML, for a text editor;
each reads back as the same cells.
"""

import csv
import io
import json
import tomllib
from dataclasses import dataclass

from openweir.policy.place import Place, Table
from openweir.tier import Tier

__all__ = ["Ladder", "Row", "ladder_from_toml", "ladder_to_toml", "read_ladder", "write_ladder"]

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


def write_ladder(ladder: Ladder) -> str:
    """Return `ladders.csv`: what `read_ladder` reads back as the same cells."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for row in ladder.rows:
        writer.writerow([*row.id.split(".", 1), row.unit, *row.cells])
    return out.getvalue()


def ladder_to_toml(ladder: Ladder) -> str:
    """Return the table as TOML: one `[[row]]` each, cells as text by tier, empty ones left out."""
    blocks = []
    for row in ladder.rows:
        name, parameter = row.id.split(".", 1)
        pairs = [("row", name), ("parameter", parameter), ("unit", row.unit)]
        pairs += [(tier.word, row.at(tier)) for tier in _TIERS if row.at(tier)]
        # TOML's basic strings take JSON's escapes; it also wants DEL escaped.
        lines = [
            f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007F")
            for key, value in pairs
        ]
        blocks.append("\n".join(["[[row]]", *lines]))
    return "\n\n".join(blocks) + "\n"


def ladder_from_toml(text: str, *, file: str) -> Ladder:
    """Read what `ladder_to_toml` writes.

    Raises:
        PolicyError: not TOML, or not the table of a ladder.
    """
    lines = tuple(text.split("\n"))
    whole = Place(file=file, lines=lines, first=0, last=len(lines))
    try:
        rows = tomllib.loads(text).get("row", [])
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        whole.fail(f"not valid TOML: {str(error)[:200]}", code="not-toml")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for found in rows if isinstance(rows, list) else ():
        table = Table(found, whole.inside("row"))
        table.only(*_COLUMNS)
        texts = [table.text(key) for key in _COLUMNS[:3]]
        writer.writerow([*texts, *(table.text(tier.word, "") for tier in _TIERS)])
    return read_ladder(out.getvalue(), file=file)


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
