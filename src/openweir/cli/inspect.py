"""`openweir inspect`: read a model folder into a dossier."""

import argparse
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from openweir.artifact import show
from openweir.canonical import decimal_text
from openweir.cli.output import add_json, emit, progress
from openweir.desk.inspect import Inspected, bytes_to_read, inspect
from openweir.dossier import Dossier, Estimate, Fact, Value

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  openweir inspect ./my-model-case          write dossier.json and show it
  openweir inspect ./my-model-case --json   print dossier.json
  openweir inspect ./my-model               look at a model folder, write nothing
  openweir inspect ./my-model --headers-only   the same in a moment, whatever its size

With --headers-only nothing is hashed and nothing written: no evidence, decision or
signature can be bound to what was seen.

Nothing in the folder is executed or unpickled, and no link out of it is followed.
"""
_SHOWN_FINDINGS = 20
_ROWS = (
    ("architecture", "architecture"),
    ("parameters", "parameters"),
    ("active", "active-parameters"),
    ("adapter", "adapter-parameters"),
    ("experts", "experts"),
    ("packed bits", "weight-bits"),
    ("types", "dtypes"),
    ("context", "context-length"),
    ("tokenizer", "tokenizer"),
    ("template", "chat-template"),
    ("licence", "licence"),
    ("base model", "base-model"),
    ("domain", "specialised-domain"),
    ("compute", "training-compute"),
)
_UNITS = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"))


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("path", metavar="CASE", type=Path, help="a case, or a model folder")
    parser.add_argument(
        "--headers-only",
        action="store_true",
        help="read headers and settings, hash nothing, write nothing",
    )
    add_json(parser)
    parser.epilog = _EXAMPLES
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Inspect, and show the dossier as a card."""
    if arguments.headers_only:
        found = inspect(arguments.path, digests=False)
    else:
        with progress("reading", total=bytes_to_read(arguments.path)) as advance:
            found = inspect(arguments.path, advance)
    emit(arguments, found.dossier.to_json(), "\n".join(_card(found, arguments.path)))
    return 0


def _card(found: Inspected, path: Path) -> Iterator[str]:
    dossier = found.dossier
    size = sum(file.size for file in dossier.files)
    files = f"{len(dossier.files)} files, {_bytes(size)}" if dossier.files else "no files at hand"
    yield f"{dossier.name}: {files}"
    for label, predicate in _ROWS:
        facts = list(dossier.facts_of(predicate))
        for index, fact in enumerate(facts):
            yield f"  {label if index == 0 else '':<13} {_value(fact)}"
        if not facts and predicate in ("parameters", "licence", "training-compute"):
            yield f"  {label:<13} not known"
    if found.case is not None and not any(dossier.facts_of("contact")):
        yield f"  {'contact':<13} not stated: add release.contact to {found.case / 'case.toml'}"
    names = [component.name for component in dossier.components if component.present == "yes"]
    yield f"  {'components':<13} {', '.join(names) or 'none stated'}"
    if dossier.model_sha256 is not None:
        yield f"  {'model':<13} sha256:{dossier.model_sha256}"
    yield from _findings(dossier)
    if found.case is None:
        yield f"next: openweir init {path} --case DIR"
    else:
        yield f"next: openweir decide {found.case}"


def _findings(dossier: Dossier) -> Iterator[str]:
    count = len(dossier.findings)
    yield f"findings: {count}" if count else "findings: none"
    for finding in dossier.findings[:_SHOWN_FINDINGS]:
        rules = ", ".join(finding.rules)
        place = f"{show(finding.path)}: " if finding.path else ""
        yield f"  {finding.verdict:<8} {place}{finding.detail} [{rules}]"
    if count > _SHOWN_FINDINGS:
        yield f"  and {count - _SHOWN_FINDINGS} more in the dossier"


def _value(fact: Fact) -> str:
    how = dict.fromkeys((fact.method, fact.certainty.value))
    return f"{_words(fact.value, fact.unit)}  ({', '.join(how)})"


def _words(value: Value, unit: str | None) -> str:
    if isinstance(value, Estimate):
        ends = [_number(end, unit) for end in (value.lower, value.upper)]
        amount = ends[0] if value.lower == value.upper else f"{ends[0]} to {ends[1]}"
        return f"{amount} {unit}" if unit == "FLOP" else amount
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show(value if isinstance(value, str) else ", ".join(value), 200)


def _number(number: Decimal, unit: str | None) -> str:
    """Round for the eye only; the dossier holds the exact number."""
    if unit == "FLOP" and number:
        return f"{number:.2e}".replace("e+", "e")
    if unit == "parameter":
        for size, letter in _UNITS:
            if number >= size:
                return f"{number / size:.2f}{letter}"
    return decimal_text(number)


def _bytes(size: int) -> str:
    for power, name in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
        if size >= 1000**power:
            return f"{Decimal(size) / 1000**power:.1f} {name}"
    return f"{size} B"
