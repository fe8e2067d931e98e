"""`openweir policy check`: find the faults of a pack before anyone relies on it."""

import argparse

from openweir.cli import output
from openweir.desk.pack import load_pack

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("pack", metavar="PACK", help="a shipped pack's name or a folder")
    output.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check and print."""
    policy = load_pack(arguments.pack)
    value = {"id": policy.id, "version": policy.version, "sha256": policy.sha256}
    output.emit(arguments, value, f"{policy.id} {policy.version} loads")
    return 0
