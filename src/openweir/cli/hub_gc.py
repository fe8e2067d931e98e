"""`openweir hub gc`: let go of what nothing names."""

import argparse

from openweir.cli import output
from openweir.cli.hub_place import add_place, place_of
from openweir.desk.hub_gc import DAYS, gc

__all__ = ["configure", "run"]

_YES = 0


def configure(things: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `gc` below `openweir hub`."""
    parser = things.add_parser(
        "gc",
        help="let go of what nothing names",
        description="Let go of old files that no release, draft or history names, of uploads that "
        "were left, of tokens and logins that ended. The hub may serve meanwhile.",
        epilog="  openweir hub gc --dry-run              what would go\n"
        "  openweir hub gc --older-than 90        only what came 90 days ago or before",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--older-than",
        metavar="DAYS",
        type=int,
        default=DAYS,
        help="what is younger stays (%(default)s); xorbs stay for 28 days at the least",
    )
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would go")
    add_place(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Let go, and say of what."""
    with output.progress("letting go", unit=" files") as bar:
        found = gc(
            place_of(arguments),
            days=arguments.older_than,
            dry_run=arguments.dry_run,
            advanced=bar,
        )
    value = {
        "dry_run": arguments.dry_run,
        "blobs": [{"sha256": digest, "size": size} for digest, size in found.blobs],
        "freed_bytes": found.freed_bytes,
        "xorbs": found.xorbs,
        "uploads": found.uploads,
        "writes": found.writes,
        "tokens": found.tokens,
        "logins": found.logins,
    }
    verb = "would go" if arguments.dry_run else "gone"
    ended = f"{found.tokens} tokens and {found.logins} logins that ended"
    left = f"{found.xorbs} xorbs, {found.uploads} uploads and {found.writes} writes that were left"
    lines = [
        f"{verb}: {len(found.blobs)} files, {found.freed_bytes} bytes",
        f"{verb}: {left}, {ended}",
        "next: openweir hub gc" if arguments.dry_run else "next: openweir hub fsck",
    ]
    output.emit(arguments, value, "\n".join(lines))
    return _YES
