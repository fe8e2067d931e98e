"""`openweir verify-decision`: have a decision re-checked without the engine."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk.verify_decision import verify_decision

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a decision.json, or a case that holds one"
    )
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir verify-decision my-case/decision.json\n"
        "  openweir verify-decision my-case --json\n\n"
        "Knows comparisons, AND, OR and k-of only, in at most 200 lines that import nothing\n"
        "of Openweir: from the grounds a decision carries it follows again, or it is refused\n"
        "(exit code 1). Who signed it, `openweir verify` says."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check and print."""
    found = verify_decision(arguments.file)
    value = {
        "file": str(arguments.file),
        "accepted": not found.fault,
        "tier": found.tier or None,
        "fault": found.fault,
    }
    lines = (
        f"refused: {found.fault}"
        if found.fault
        else f"accepted: {found.tier} follows from the grounds that the decision carries"
    )
    output.emit(arguments, value, lines)
    return 1 if found.fault else 0
