"""Populations: a table or a folder of cases, read as releases whose fate is known.

How a table's columns become facts stands in a mapping file; those that ship are in
`populations/`. Nothing is guessed: an empty cell is an unknown fact.
"""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from openweir.canonical import Object
from openweir.decision import Case, read_case
from openweir.decision.backtest import Member
from openweir.desk.case import CaseFolder
from openweir.desk.decide import read_files
from openweir.dossier import PREDICATES, Certainty, Dossier, Estimate, Fact, Source, Value
from openweir.errors import CaseError, UsageError
from openweir.tier import Tier

__all__ = ["Population", "read_population"]

_SHIPPED = Path(__file__).resolve().parent.parent / "populations"
_MOST_ROWS = 1_000_000
_MOST_CASES = 10_000
_LONGEST_CELL = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """What a back-test runs over.

    Attributes:
        text: what it is, in words.
        assumed: (predicate, value) taken as given for every member.
    """

    id: str
    text: str
    members: tuple[Member, ...]
    assumed: tuple[tuple[str, str], ...] = ()


def read_population(path: Path, mapping: Path | None = None) -> Population:
    """Read a CSV file by a mapping, or a folder of cases.

    Args:
        path: the table, or a folder whose sub-folders are cases.
        mapping: TOML; for a table the shipped one whose columns it has, by default.

    Raises:
        UsageError: there is no such population, or it is not what the mapping says.
        OpenweirError: a case cannot be read.
    """
    if path.is_dir():
        return _cases(path, _mapping(mapping or _SHIPPED / "cases.toml"))
    if not path.is_file():
        raise UsageError(
            f"`{path}` is neither a table nor a folder of cases",
            code="no-population",
            hint="give a CSV file such as Epoch AI's notable models, or a folder of case folders",
        )
    rows = _rows(path)
    header = frozenset(rows[0]) if rows else frozenset[str]()
    chosen = _mapping(mapping) if mapping else _fitting(header, path)
    missing = sorted(_columns(chosen) - header)
    if missing:
        raise UsageError(
            f"the table has no column `{missing[0]}`",
            code="column",
            where=str(path),
            hint="name a mapping that fits its columns with --mapping",
        )
    head = chosen.object("population")
    return Population(
        id=head.text("id"),
        text=head.text("text"),
        members=tuple(
            _member(row, chosen, f"{path}:{number}") for number, row in enumerate(rows, 2)
        ),
        assumed=tuple(
            (item.text("predicate"), item.text("value")) for item in chosen.objects("assumed")
        ),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    # The limit is the whole process's: whoever reads another table finds it as it was.
    before = csv.field_size_limit(_LONGEST_CELL)
    rows: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream, strict=True, restkey="", restval=""):
                if len(rows) >= _MOST_ROWS:
                    raise UsageError("the table has too many rows", code="too-large")
                if "" in row:
                    raise UsageError(
                        "a row has more cells than the header",
                        code="row",
                        where=str(path),
                        hint="quote cells that hold commas; line 1 names the columns",
                    )
                rows.append(row)
    except (csv.Error, UnicodeDecodeError) as error:
        raise UsageError(
            f"not a CSV table: {error}",
            code="not-csv",
            where=str(path),
            hint="save it as CSV in UTF-8",
        ) from None
    finally:
        csv.field_size_limit(before)
    return rows


def _mapping(path: Path) -> Object:
    try:
        value = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise UsageError(
            f"cannot read: {error.strerror}", code="unreadable", where=str(path)
        ) from None
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise UsageError(f"not valid TOML: {error}", code="not-toml", where=str(path)) from None
    found = Object(value, path.name)
    for item in (*found.objects("fact"), *found.objects("assumed")):
        if item.text("predicate") not in PREDICATES:
            raise UsageError(
                f"`{item.text('predicate')}` is not a fact of a dossier",
                code="predicate",
                where=item.where,
            )
    for word in found.object("released").object("words").value.values():
        Tier.parse(str(word), where=f"{path.name}: released")
    return found


def _fitting(header: frozenset[str], path: Path) -> Object:
    for shipped in sorted(_SHIPPED.glob("*.toml")):
        mapping = _mapping(shipped)
        if mapping.object("released").value.get("column") and _columns(mapping) <= header:
            return mapping
    raise UsageError(
        "no shipped mapping fits the columns of this table",
        code="no-mapping",
        where=str(path),
        hint="write one like populations/epoch-notable.toml and name it with --mapping",
    )


def _columns(mapping: Object) -> frozenset[str]:
    facts = (item.text("column") for item in mapping.objects("fact"))
    head, released = mapping.object("population"), mapping.object("released")
    return frozenset((*facts, head.text("name"), released.text("column")))


def _member(row: Mapping[str, str], mapping: Object, where: str) -> Member:
    released = mapping.object("released")
    words = released.object("words")
    said = row[released.text("column")].strip()
    if said and said not in words.value:
        raise UsageError(
            f"`{said[:80]}` is not a way to release that the mapping knows",
            code="released",
            where=where,
            hint="add it under [released] words",
        )
    facts = [
        _fact(item.text("predicate"), _value(item, row, where), mapping, item.text("column"))
        for item in mapping.objects("fact")
        if row[item.text("column")].strip()
    ]
    facts += [
        _fact(item.text("predicate"), _stated(item.text("predicate"), item.text("value")), mapping)
        for item in mapping.objects("assumed")
    ]
    name = " ".join(row[mapping.object("population").text("name")].split())
    return Member(
        case=Case(
            dossier=Dossier(
                name=name[:200],
                release_sha256=None,
                model_sha256=None,
                facts=tuple(sorted(facts, key=lambda fact: fact.predicate)),
            )
        ),
        actual=Tier.parse(words.text(said)) if said else None,
    )


def _value(item: Object, row: Mapping[str, str], where: str) -> Value:
    cell = row[item.text("column")].strip()
    if "unit" in item.value:
        try:
            number = Decimal(cell)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or number < 0 or abs(number.adjusted()) > 100:
            raise UsageError(
                f"`{cell[:40]}` is not a quantity",
                code="number",
                where=f"{where}: {item.where}",
                hint="write a finite number such as 1e23, or leave the cell empty for unknown",
            )
        return Estimate.exactly(number)
    split = item.text("split", "")
    words = item.object("words") if "words" in item.value else None
    for part in cell.split(split) if split else [cell]:
        if words is not None and part.strip() in words.value:
            return words.text(part.strip())
    return item.text("otherwise") if words is not None else cell


def _stated(predicate: str, value: str) -> Value:
    return value == "yes" if PREDICATES[predicate].kind == "flag" else value


def _fact(predicate: str, value: Value, mapping: Object, column: str = "") -> Fact:
    source = mapping.object("population").text("text")
    return Fact(
        predicate=predicate,
        value=value,
        unit=PREDICATES[predicate].unit,
        source=Source(kind="publication", ref=source, locator=column or None),
        method="stated" if column else "assumed",
        # The table is taken at its word: what is tested is the policy, not the table.
        certainty=Certainty.DECLARED,
    )


def _cases(folder: Path, mapping: Object) -> Population:
    paths = sorted(path.parent for path in folder.glob("*/case.toml"))
    if not paths:
        raise UsageError(
            f"`{folder}` holds no case",
            code="no-population",
            hint="name a folder whose sub-folders hold a case.toml each",
        )
    if len(paths) > _MOST_CASES:
        raise CaseError(f"more than {_MOST_CASES} cases", code="too-many", where=str(folder))
    words = mapping.object("released").object("words")
    head = mapping.object("population")
    return Population(
        id=head.text("id"),
        text=f"{len(paths)} {head.text('text')}",
        members=tuple(_case(path, words) for path in paths),
    )


def _case(path: Path, words: Object) -> Member:
    case = read_case(read_files(CaseFolder.open(path)))
    said = {
        " ".join(fact.value.split()).casefold()
        for fact in case.dossier.facts_of("released-as")
        if isinstance(fact.value, str)
    }
    fitting = sorted(
        (word for word in words.value if any(one.startswith(word) for one in said)), key=len
    )
    return Member(case=case, actual=Tier.parse(words.text(fitting[-1])) if fitting else None)
