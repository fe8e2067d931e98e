"""The options that say which hub is meant, for the verbs that look after one."""

import argparse

from openweir.cli import output
from openweir.desk.home import Home
from openweir.desk.hub_place import Place

__all__ = ["add_place", "place_of"]


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, `--database`, `--blobs`, `--home` and `--json`."""
    parser.add_argument("--data", metavar="DIR", help="the hub's data (default: HOME/hub)")
    parser.add_argument(
        "--database",
        metavar="URL",
        help="postgresql://..., of a hub with replicas ($OPENWEIR_DATABASE)",
    )
    parser.add_argument(
        "--blobs", metavar="URL", help="s3://BUCKET[/PREFIX], of such a hub ($OPENWEIR_BLOBS)"
    )
    parser.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
    output.add_json(parser)


def place_of(arguments: argparse.Namespace) -> Place:
    """Return where the hub is that the options name."""
    return Place.stated(
        Home.find(arguments.home),
        data=arguments.data,
        database=arguments.database,
        blobs=getattr(arguments, "blobs", None),
    )
