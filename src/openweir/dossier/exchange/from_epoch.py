"""Take one row over from Epoch AI's table of models: numbers as intervals, never as points.

A figure that the table is `Confident` of is taken as exact to its last digit for
parameters and data, and within a factor of 3 for compute; `Likely` is a factor of 10
and `Speculative` one of 30, for all three, as Epoch describes its labels. A row
without such a label gives no numbers. A figure that its own note contradicts by a
thousand or a million is left out.

Source: Epoch AI, notable AI models (CC-BY-4.0), columns of January 2026.
"""

import csv
import difflib
import io
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from openweir import digest
from openweir.artifact import show
from openweir.canonical import decimal_text
from openweir.dossier.dossier import Component
from openweir.dossier.exchange.name import hub_name
from openweir.dossier.exchange.taken import LeftOut, Taken
from openweir.dossier.fact import Certainty, Estimate, Fact, Source, Value
from openweir.errors import DossierError, UsageError
from openweir.instant import parse_day

__all__ = ["is_epoch", "take_epoch"]

_MAX_BYTES = 16 * 1024 * 1024
_MOST_ROWS = 20_000
_MAX_TEXT = 512
_NEEDED = ("Model", "Parameters", "Training compute (FLOP)", "Confidence", "Model accessibility")
_FACTORS = {"Confident": Decimal(3), "Likely": Decimal(10), "Speculative": Decimal(30)}
# The column of data points was renamed; both spellings are in use.
_DATA = ("Training dataset size (gradients)", "Training dataset size (datapoints)")
_WORTH = {
    "thousand": 3, "k": 3, "million": 6, "m": 6, "billion": 9, "b": 9, "bn": 9,
    "trillion": 12, "t": 12,
}  # fmt: skip
_FIGURE = re.compile(
    r"(?<![\w.])(\d{1,6}(?:\.\d{1,6})?)\s?(thousand|million|billion|trillion|bn|[kmbt])\b",
    re.IGNORECASE | re.ASCII,
)
_MOST = Decimal(10) ** 40


def is_epoch(data: bytes) -> bool:
    """Whether a file begins with the header of the table."""
    head = data[:8192].decode("utf-8-sig", "replace").partition("\n")[0]
    return all(name in head for name in _NEEDED)


def take_epoch(data: bytes, *, file: str, row: str | None = None) -> Taken:
    """Take one row over.

    Args:
        data: the CSV file.
        file: its name.
        row: the model as its column names it; may be left out where there is one row.

    Raises:
        DossierError: not that table, or damaged.
        UsageError: no row or more than one is called so; the hint names near ones.
    """
    if len(data) > _MAX_BYTES or not is_epoch(data):
        raise DossierError("not Epoch AI's table of models", code="epoch", where=file)
    try:
        chosen = _choose(data.decode("utf-8-sig"), row, file)
    except (csv.Error, UnicodeDecodeError):
        raise DossierError("not a CSV table in UTF-8", code="epoch", where=file) from None
    return _Row(chosen, digest.sha256(data), file).taken()


def _choose(table: str, name: str | None, file: str) -> dict[str, str]:
    """Return the one row of that name; rows are read one by one, so that none piles up."""
    names: list[str] = []
    found: list[dict[str, str]] = []
    for row in csv.DictReader(io.StringIO(table, newline=""), strict=True):
        model = (row.get("Model") or "").strip()
        if len(names) < _MOST_ROWS:
            names.append(model)
        if name is None or model == name.strip():
            found = [*found[:1], {key: text for key, text in row.items() if key and text}]
    if len(found) == 1:
        return found[0]
    if name is None:
        problem = "no rows" if not found else "which row is meant?"
    else:
        problem = f"{'more than one row is' if found else 'no row is'} called `{show(name)}`"
    near = difflib.get_close_matches((name or "")[:_MAX_TEXT], names, n=3, cutoff=0.4)
    listed = ", ".join(f"`{show(model)}`" for model in near)
    raise UsageError(
        problem,
        code="epoch-row",
        where=file,
        hint=f"--row NAME{': ' + listed if near else ', as the column Model has it'}",
    )


class _Row:
    """One row, being turned into facts."""

    def __init__(self, row: Mapping[str, str], sha256: str, file: str) -> None:
        self._row = row
        self._sha256 = sha256
        self._file = file
        self._facts: list[Fact] = []
        self._components: list[Component] = []
        self._left_out: list[LeftOut] = []
        self._title = show(self._cell("Model"), _MAX_TEXT)

    def taken(self) -> Taken:
        """Read every column that a dossier has a word for."""
        self._numbers()
        self._words()
        self._access()
        return Taken(
            form="epoch",
            title=self._title,
            name=hub_name(self._cell("Link")),
            facts=tuple(self._facts),
            components=tuple(self._components),
            left_out=tuple(self._left_out),
        )

    def _cell(self, column: str) -> str:
        found = self._row.get(column)
        return found.strip() if isinstance(found, str) else ""

    def _add(
        self, predicate: str, value: Value, column: str, method: str, unit: str | None = None
    ) -> None:
        self._facts.append(
            Fact(
                predicate=predicate,
                value=value,
                unit=unit,
                method=method,
                certainty=Certainty.SECONDARY,
                source=self._source(column),
            )
        )

    def _source(self, column: str) -> Source:
        return Source(
            kind="publication",
            ref=f"Epoch AI, {show(self._file)}",
            sha256=self._sha256,
            locator=f"row {self._title}, column {column}",
        )

    def _skip(self, what: str, why: str) -> None:
        self._left_out.append(LeftOut(what=what, why=why))

    def _numbers(self) -> None:
        label = self._cell("Confidence")
        factor = _FACTORS.get(label)
        sure = label == "Confident"
        points = next((name for name in _DATA if self._cell(name)), _DATA[0])
        for predicate, column, unit, exact, note in (
            ("parameters", "Parameters", "parameter", sure, "Parameters notes"),
            ("training-tokens", points, "token", sure, "Dataset size notes"),
            (
                "training-compute",
                "Training compute (FLOP)",
                "FLOP",
                False,
                "Training compute notes",
            ),
        ):
            if not self._cell(column):
                continue
            number = _number(self._cell(column))
            why = ""
            if number is None:
                why = "not a number"
            elif factor is None:
                why = f"the row states no confidence (`{show(label)}`)"
            elif predicate != "training-compute" and (off := _off(number, self._cell(note))):
                why = f"the column says {decimal_text(number)}, its note says {off}"
            elif predicate == "training-tokens" and "token" not in self._cell(note).lower():
                why = "the note does not say that the data points are tokens"
            if why or number is None or factor is None:
                self._skip(column, why)
            else:
                self._add_number(predicate, number, column, unit, factor, exact=exact)

    def _add_number(
        self,
        predicate: str,
        number: Decimal,
        column: str,
        unit: str,
        factor: Decimal,
        *,
        exact: bool,
    ) -> None:
        value = _to_last_digit(number) if exact else _within(number, factor)
        method = "stated, to its last digit" if exact else f"stated, within a factor of {factor}"
        if predicate == "training-tokens":
            epochs = _number(self._cell("Epochs"))
            if epochs is None:
                method += "; the number of epochs is not stated"
            else:
                value = Estimate(lower=value.lower * epochs, upper=value.upper * epochs)
                method += f", times {decimal_text(epochs)} epochs"
        self._add(predicate, value, column, method, unit)

    def _words(self) -> None:
        day = self._cell("Publication date")
        if day and _is_day(day):
            self._add("release-date", day, "Publication date", "stated")
        elif day:
            self._skip("Publication date", f"`{show(day)}` is not a day")
        base = self._cell("Base model")
        if base:
            parents = tuple(show(name.strip(), _MAX_TEXT) for name in base.split(","))
            self._add("base-model", tuple(filter(None, parents)), "Base model", "stated")
        domains = {name.strip() for name in self._cell("Domain").split(",")}
        if "Biology" in domains:
            self._add("specialised-domain", "biology", "Domain", "stated")
        for column in ("Training hardware", "Training time (hours)", "Hardware quantity"):
            if self._cell(column):
                self._skip(column, "wall-clock and accelerator time are mixed in the column")
                break

    def _access(self) -> None:
        access = self._cell("Model accessibility")
        if access:
            self._add("released-as", show(access, _MAX_TEXT), "Model accessibility", "stated")
        for name, column in (
            ("Model parameters (Final)", "Model accessibility"),
            ("Training code", "Training code accessibility"),
            ("Inference code", "Inference code accessibility"),
        ):
            stated = self._cell(column)
            if not stated:
                continue
            there = stated.startswith("Open")
            self._components.append(
                Component(
                    name=name,
                    present="yes" if there else "no",
                    certainty=Certainty.SECONDARY,
                    reference=f"Epoch AI, row {self._title}, {column}: {show(stated)}",
                )
            )


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    # A hostile exponent would make every later sum and product astronomically long.
    return number if number.is_finite() and 0 < number < _MOST and len(text) < 64 else None


def _to_last_digit(number: Decimal) -> Estimate:
    """Return the interval that rounds to `number`: half a unit of its last digit each way."""
    sign, digits, exponent = number.as_tuple()
    kept = "".join(map(str, digits)).rstrip("0")
    place = int(exponent) + len(digits) - len(kept)
    half = Decimal((sign, (5,), place - 1))
    return Estimate(lower=number - half, upper=number + half)


def _within(number: Decimal, factor: Decimal) -> Estimate:
    # Divided to fewer digits and outwards: the interval may be wider, never narrower.
    lower = (number / factor) * Decimal("0.999999")
    return Estimate(lower=lower.normalize(), upper=number * factor)


def _off(number: Decimal, note: str) -> str:
    """Return the figure of a note that the column missed by thousands, or ""."""
    written = [
        (found[0], Decimal(found[1]).scaleb(_WORTH[found[2].lower()]))
        for found in _FIGURE.finditer(note[:4096])
    ]
    if any(abs(value - number) <= number / 2 for _, value in written):
        return ""
    for text, value in written:
        for power in (3, 6, 9):
            for off in (value.scaleb(-power), value.scaleb(power)):
                if abs(off - number) * 20 <= number:
                    return f"{text}"
    return ""


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except UsageError:
        return False
    return True
