"""`openweir policy book`: the pack as a page to read."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk.policy_book import write_book

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("pack", metavar="PACK", help="a shipped pack's name or a folder")
    parser.add_argument("--output", type=Path, metavar="FILE", required=True, help="the HTML file")
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir policy book openweir-baseline --output baseline.html\n\n"
        "One file, no scripts, nothing loaded from elsewhere: rules beside the sentences\n"
        "they rest on, the ladder, the argument as a picture, the sources with quotes marked."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the page and say where it is."""
    policy, size = write_book(arguments.pack, arguments.output)
    value = {
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "output": str(arguments.output),
        "bytes": size,
    }
    output.emit(arguments, value, f"wrote {policy.id} {policy.version} to {arguments.output}")
    return 0
