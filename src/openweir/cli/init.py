"""`openweir init`: start a case."""

import argparse
import sys
from pathlib import Path

from openweir.cli.output import add_json, emit
from openweir.desk.init import init
from openweir.tier import Tier

__all__ = ["configure", "run"]

_EXAMPLES = """\
examples:
  openweir init ./my-model --case ./my-model-case
  openweir init ./my-model --case cases/m --name acme/m --contact safety@acme.example
  openweir init ./my-model --case cases/m --hold gated-weights
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", metavar="MODEL_DIR", type=Path, help="the model folder")
    parser.add_argument(
        "--case", metavar="DIR", type=Path, required=True, help="the case folder to make"
    )
    parser.add_argument("--name", metavar="ORG/NAME", help="the release's name on a hub")
    parser.add_argument("--contact", metavar="TEXT", help="where to report a problem")
    parser.add_argument("--hold", metavar="TIER", help="the most open tier you want")
    add_json(parser)
    parser.epilog = _EXAMPLES
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the case and say what comes next."""
    hold = None if arguments.hold is None else Tier.parse(arguments.hold, where="--hold")
    contact = arguments.contact
    if contact is None:
        contact = _ask() if sys.stdin.isatty() and not arguments.json else ""
    started = init(arguments.model, arguments.case, name=arguments.name, contact=contact, hold=hold)
    step = f"openweir inspect {started.case}"
    emit(
        arguments,
        {
            "case": str(started.case),
            "model": str(started.model),
            "name": started.name,
            "contact": started.contact,
            "next": step,
        },
        f"started the case of {started.name} in {started.case}\n"
        f"what you can state stands, explained, in {started.case / 'case.toml'}\n"
        f"next: {step}",
    )
    return 0


def _ask() -> str:
    try:
        return input("Where can people report a problem? (mail or web address, may be empty) ")
    except EOFError:
        return ""
