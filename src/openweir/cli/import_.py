"""`openweir import`: take facts over from the form of another tool into a case."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from openweir.artifact import show
from openweir.cli import output
from openweir.desk.import_ import Imported, import_file
from openweir.dossier import Component, Value
from openweir.dossier.exchange import TAKEN_FORMS
from openweir.dossier.fact import Estimate

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  openweir import OLMo-7B.yml --case olmo
  openweir import notable_ai_models.csv --case olmo --row "Olmo 3"
  openweir import README.md --case my-case --from hf-card

Facts and components go to the end of case.toml, each with its source; nothing that stands
there is changed. What tables and indexes say counts as secondary: no policy has to take it
for demonstrated until someone reads the source.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="YAML, CSV or a model card")
    parser.add_argument(
        "--case", type=Path, metavar="DIR", required=True, help="the case; begun if there is none"
    )
    parser.add_argument(
        "--from",
        dest="form",
        metavar="FORM",
        help=f"{', '.join(TAKEN_FORMS)}; found out by default",
    )
    parser.add_argument("--row", metavar="NAME", help="the model meant, in Epoch AI's table")
    parser.add_argument("--name", metavar="ORG/NAME", help="the release's name, for a new case")
    output.add_json(parser)
    parser.epilog = _EXAMPLES
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Import, and show what was added and what was left out."""
    found = import_file(
        arguments.file,
        arguments.case,
        form=arguments.form,
        row=arguments.row,
        name=arguments.name,
    )
    output.emit(arguments, _json(found), "\n".join(_lines(found)))
    return 0


def _json(found: Imported) -> dict[str, object]:
    return {
        "case": str(found.case),
        "begun": found.begun,
        "name": found.name,
        "form": found.form,
        "title": found.title,
        "sha256": found.sha256,
        "facts": [fact.to_json() for fact in found.facts],
        "components": [_component(component) for component in found.components],
        "already": found.already,
        "left_out": [{"what": item.what, "why": item.why} for item in found.left_out],
        "next": _next(found),
    }


def _component(component: Component) -> dict[str, object]:
    return {
        "name": component.name,
        "present": component.present,
        "licence": component.licence,
        "certainty": component.certainty.value,
        "reference": component.reference,
    }


def _lines(found: Imported) -> Iterator[str]:
    verb = "began" if found.begun else "added to"
    yield f"{verb} {found.case} ({found.name}): {found.form}, {found.title}"
    for fact in found.facts:
        yield f"  {fact.predicate:<20}{_value(fact.value)}  ({fact.certainty})"
    for component in found.components:
        licence = f", {component.licence}" if component.licence else ""
        yield f"  {component.name}: {component.present}{licence}  ({component.certainty})"
    if found.already:
        yield f"{found.already} stood there already"
    for item in found.left_out:
        yield f"left out {show(item.what)}: {show(item.why, 200)}"
    yield f"next: {_next(found)}"


def _value(value: Value) -> str:
    if isinstance(value, Estimate):
        return f"{value.lower:.4g} to {value.upper:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return show(value if isinstance(value, str) else ", ".join(value), 100)


def _next(found: Imported) -> str:
    return f"openweir inspect {found.case}"
