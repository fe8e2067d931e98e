"""Tables with one row per sample: CSV, JSON lines or a JSON list, of any tool.

A table says which sample a row is about, what came out and, where rows are not independent,
which group they belong to. Which column says what is found by its name, or named by the user.
The exports of PyRIT (`AttackResult`: outcome success, failure or undetermined) are such tables.

Source: RFC 4180 (CSV); PyRIT 1.1, `pyrit.models.AttackResult`.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from io import TextIOWrapper
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from openweir.canonical import Object
from openweir.errors import EvidenceError
from openweir.evidence.bound import MAX_SAMPLES
from openweir.evidence.claim import slug
from openweir.evidence.clustered import grouped
from openweir.evidence.parts import Judge
from openweir.evidence.reading import (
    Log,
    Reading,
    day_of,
    judged,
    lines,
    log_json,
    outcome,
    printable,
)

__all__ = ["COLUMNS", "read_csv", "read_json_lines", "read_rows"]

COLUMNS: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        "id": ("id", "sample_id", "prompt_id", "attack_result_id", "conversation_id", "doc_id"),
        "outcome": ("outcome", "success", "correct", "is_correct", "result", "label", "score"),
        "cluster": ("cluster", "category", "family", "objective"),
        "epoch": ("epoch", "repeat", "generation"),
        "judge": ("judge", "grader", "scorer"),
        "date": ("date", "completed_at", "timestamp"),
        "model": ("model", "target"),
    }
)
"""What a column can say, and the names it is known by, best first."""

_NONE = ("", "UNDETERMINED", "UNKNOWN", "ERROR", "NONE", "NULL", "NAN", "N/A")
_WORDS = MappingProxyType({"SUCCESS": True, "FAILURE": False})
_NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_LONGEST = 1_000
_LONGEST_CELL = 128 * 1024
_MOST_COLUMNS = 1_000
_PYRIT = frozenset(("conversation_id", "objective", "outcome"))

_Row = tuple[str, dict[str, Any]]  # where it stands; column -> value


@dataclass(slots=True)
class _Seen:
    """What the rows said so far; built once and then read."""

    answers: dict[tuple[str, str], tuple[str, bool | None]]
    judges: set[str]
    models: set[str]
    days: set[str]


def read_csv(log: Log) -> tuple[Reading, ...]:
    """Read a CSV file with a head; separated by comma, semicolon or tab.

    Raises:
        EvidenceError: not UTF-8, without a head, a row with too many or too few cells, or as
            for `read_rows`.
    """
    text = TextIOWrapper(log.stream, encoding="utf-8-sig", newline="")
    try:
        head = text.readline(_LONGEST * 100)
        if not re.search(r"[,;\t]", head):
            raise EvidenceError("not an eval log", code="unknown-log", where=log.where)
        separator = max(",;\t", key=head.count)
        text.seek(0)
        return _read(_csv_rows(csv.reader(text, delimiter=separator, strict=True), log), log)
    except (UnicodeDecodeError, csv.Error) as error:
        raise EvidenceError(
            f"not a table in UTF-8: {str(error)[:120]}", code="log-table", where=log.where
        ) from None
    finally:
        text.detach()


def read_json_lines(log: Log) -> tuple[Reading, ...]:
    """Read one JSON object per line; errors as for `read_rows`."""
    return _read(
        (
            (where, dict(Object(log_json(line, where), where).value))
            for number, line in lines(log.stream, log.where)
            for where in (f"{log.where}:{number}",)
        ),
        log,
    )


def read_rows(log: Log) -> tuple[Reading, ...]:
    """Read a list of objects that was parsed already.

    Raises:
        EvidenceError: a column is missing, a sample has no id or stands twice, an outcome is
            neither yes nor no, or nothing says when it was.
    """
    return _read(((f"{log.where}[{i}]", row) for i, row in enumerate(log.value)), log)


def _csv_rows(reader: Iterable[list[str]], log: Log) -> Iterator[_Row]:
    head: list[str] = []
    for number, cells in enumerate(reader, 1):
        where = f"{log.where}: row {number}"
        # Of our own, since the parser's limit is the whole process's and others set it.
        if any(len(cell) > _LONGEST_CELL for cell in cells):
            raise EvidenceError(
                f"a cell is longer than {_LONGEST_CELL} signs", code="log-table", where=where
            )
        if not head:
            head = [cell.strip() for cell in cells]
            if len(set(head)) != len(head) or len(head) > _MOST_COLUMNS:
                raise EvidenceError(
                    "two columns have one name, or there are too many",
                    code="log-table",
                    where=where,
                )
        elif len(cells) == len(head):
            yield where, dict(zip(head, cells, strict=True))
        elif cells:
            raise EvidenceError(
                f"{len(cells)} cells under {len(head)} columns",
                code="log-table",
                where=where,
                hint="quote cells that hold the separator; a row must not get lost",
            )


def _read(rows: Iterator[_Row], log: Log) -> tuple[Reading, ...]:
    columns: dict[str, str] = {}
    seen = _Seen(answers={}, judges=set(), models=set(), days=set())
    pyrit = False
    for count, (where, row) in enumerate(rows):
        if count == 0:
            columns = _columns(row, log)
            pyrit = set(row) >= _PYRIT
        if count >= MAX_SAMPLES:
            raise EvidenceError(f"over {MAX_SAMPLES} rows", code="counts", where=where)
        _take(row, columns, seen, log, where)
    said = [answer for _, answer in seen.answers.values()]
    if not said or all(answer is None for answer in said):
        raise EvidenceError("no row has an outcome", code="no-samples", where=log.where)
    together = grouped(list(seen.answers.values()))
    judge = Judge(id=", ".join(sorted(seen.judges))[:300]) if seen.judges else None
    threshold = log.told.threshold
    return (
        Reading(
            form="table",
            tool="pyrit" if pyrit else "table",
            tool_version="unknown",
            task=log.told.task or slug(PurePosixPath(log.where).name.split(".")[0]),
            task_version="0",
            metric=columns["outcome"] + ("" if threshold is None else f" >= {threshold}"),
            model=log.told.model or (seen.models.pop() if len(seen.models) == 1 else "unknown"),
            produced_on=_day(seen.days, log),
            correct=said.count(True),
            incorrect=said.count(False),
            unscored=said.count(None),
            notes=judged(judge),
            clusters=together if together.n < len(said) else None,
            judge=judge,
        ),
    )


def _columns(row: dict[str, Any], log: Log) -> dict[str, str]:
    """Return which column says what, from the first row."""
    found = {
        role: name
        for role, names in COLUMNS.items()
        for name in (next((name for name in names if name in row), None),)
        if name is not None
    }
    for role, name in log.told.columns:
        if role not in COLUMNS:
            raise EvidenceError(
                f"`{role[:40]}` is nothing that a column says",
                code="column",
                where="--column",
                hint="one of " + ", ".join(COLUMNS),
            )
        if name not in row:
            raise EvidenceError(
                f"there is no column `{name[:60]}`",
                code="column",
                where=log.where,
                hint="columns: " + ", ".join(map(str, row))[:300],
            )
        found[role] = name
    for role in ("id", "outcome"):
        if role not in found:
            raise EvidenceError(
                f"no column is known to say the {role} of a sample",
                code="column",
                where=log.where,
                hint=f"say --column {role}=NAME; columns: " + ", ".join(map(str, row))[:200],
            )
    return found


def _take(row: dict[str, Any], columns: dict[str, str], seen: _Seen, log: Log, where: str) -> None:
    name = _cell(row, columns["id"], where)
    if not name:
        raise EvidenceError("a row without an id", code="sample-id", where=where)
    epoch = _cell(row, columns["epoch"], where) if "epoch" in columns else ""
    if (name, epoch) in seen.answers:
        raise EvidenceError(
            f"sample `{name[:60]}` stands twice",
            code="duplicate-sample",
            where=where,
            hint="if each was asked several times, say --column epoch=NAME",
        )
    group = _cell(row, columns["cluster"], where) if "cluster" in columns else ""
    said = _outcome(row.get(columns["outcome"]), where, log.told.threshold)
    seen.answers[name, epoch] = (f"cluster {group}" if group else f"sample {name}", said)
    for role, kept in (("judge", seen.judges), ("model", seen.models)):
        value = _cell(row, columns[role], where) if role in columns else ""
        if value and len(kept) < 100:
            kept.add(printable(Object({role: value}, where), role))
    stamp = row.get(columns["date"]) if "date" in columns else None
    if stamp not in (None, "") and log.told.produced_on is None:
        seen.days.add(day_of(stamp, where))


def _cell(row: dict[str, Any], column: str, where: str) -> str:
    found = row.get(column)
    if found is None:
        return ""
    if isinstance(found, bool) or not isinstance(found, (str, int, Decimal)):
        raise EvidenceError(f"`{column[:60]}` holds no plain text", code="log-table", where=where)
    if len(str(found)) > _LONGEST:
        raise EvidenceError(
            f"`{column[:60]}` is longer than {_LONGEST} characters",
            code="log-table",
            where=where,
            hint="name a column of short ids or words with --column",
        )
    return str(found)


def _outcome(value: Any, where: str, threshold: Decimal | None) -> bool | None:
    if isinstance(value, str):
        word = value.strip()
        if word.upper() in _NONE:
            return None
        if word.upper() in _WORDS:
            return _WORDS[word.upper()]
        if _NUMBER.fullmatch(word):
            try:
                value = Decimal(word)
            except InvalidOperation:
                value = word
    return outcome(value, where, threshold)


def _day(days: set[str], log: Log) -> str:
    """Return the last day of the run, as for every other log."""
    if log.told.produced_on is not None:
        return log.told.produced_on
    if not days:
        raise EvidenceError(
            "the table does not say when the samples were taken",
            code="log-date",
            where=log.where,
            hint="say --produced-on YYYY-MM-DD, or name its column with --column date=NAME",
        )
    return max(days)
