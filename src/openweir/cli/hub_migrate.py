"""`openweir hub migrate`: bring the database forward."""

import argparse

from openweir.cli import output
from openweir.cli.hub_place import add_place, place_of
from openweir.desk.hub_migrate import Migrated, migrate

__all__ = ["configure", "run"]

_YES = 0


def configure(things: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `migrate` below `openweir hub`."""
    parser = things.add_parser(
        "migrate",
        help="bring the database to this version",
        description="Bring the database of an earlier version forward, in one transaction. "
        "`openweir serve` does the same when it starts.",
        epilog="  openweir hub migrate --dry-run      what is due\n"
        "  openweir hub backup --to DIR && openweir hub migrate",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what is due")
    add_place(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bring it forward, and say what was done."""
    found = migrate(place_of(arguments), dry_run=arguments.dry_run)
    value = {
        "revision": found.revision,
        "newest": found.newest,
        "pending": [{"revision": number, "brings": brings} for number, brings in found.pending],
        "done": found.done,
    }
    output.emit(arguments, value, "\n".join(_lines(found)))
    return _YES


def _lines(found: Migrated) -> list[str]:
    stood = f"revision {found.revision}" if found.revision else "no revision yet"
    lines = [f"the database is at {stood}; this version works with {found.newest}"]
    lines += [f"{number}: {brings}" for number, brings in found.pending]
    if not found.pending:
        return [*lines, "nothing is due"]
    return [*lines, "done" if found.done else "next: openweir hub migrate"]
