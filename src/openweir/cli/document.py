"""`openweir document`: fill in a document from a case."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk.document import document

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    parser.add_argument(
        "--form", default="release-summary", help="which document (default: release-summary)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it here, as Markdown")
    output.add_json(parser)
    parser.epilog = (
        "Each sentence names what it rests on; what is not known is printed as `not stated`.\n\n"
        "examples:\n"
        "  openweir document my-case\n"
        "  openweir document my-case --form release-summary --output SUMMARY.md\n"
        "  openweir document my-case --json"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the document, or say where it was written."""
    filled = document(arguments.case, form=arguments.form, output=arguments.output)
    lines = (
        filled.to_markdown()
        if arguments.output is None
        else f"wrote {arguments.output}\nnext: read it, then put it beside the release"
    )
    output.emit(arguments, filled.to_json(), lines)
    return 0
