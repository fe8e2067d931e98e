"""`openweir hub fsck`: is everything there that the hub names?"""

import argparse
from contextlib import ExitStack

from openweir.cli import output
from openweir.cli.hub_place import add_place, place_of
from openweir.desk.hub_fsck import fsck
from openweir.hub.upkeep import Examined

__all__ = ["configure", "run"]

_YES, _NO = 0, 1


def configure(things: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `fsck` below `openweir hub`."""
    parser = things.add_parser(
        "fsck",
        help="is everything there that the hub names?",
        description="Examine a hub: references, commits, folders, files, releases, audit chain. "
        "Nothing is changed; the hub may serve meanwhile.",
        epilog="  openweir hub fsck                  sizes and ids: minutes for a large hub\n"
        "  openweir hub fsck --deep           every byte is read and compared\n"
        "Exit codes: 0 the hub is whole, 1 it is not, 2 it could not be examined.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--deep", action="store_true", help="read every file and compare its digest"
    )
    add_place(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Examine, and say what was found."""
    with ExitStack() as stack:
        bars = []

        def begun(total: int) -> None:
            bars.append(stack.enter_context(output.progress("reading", total=total)))

        found = fsck(
            place_of(arguments),
            deep=arguments.deep,
            begun=begun,
            advanced=lambda count: [bar(count) for bar in bars],
        )
    output.emit(arguments, _value(found), "\n".join(_lines(found, deep=arguments.deep)))
    return _YES if found.ok else _NO


def _value(found: Examined) -> dict[str, object]:
    left = found.left
    return {
        "ok": found.ok,
        "repositories": found.repositories,
        "references": found.references,
        "commits": found.commits,
        "releases": found.releases,
        "events": found.events,
        "blobs": found.blobs,
        "bytes": found.bytes,
        "hashed": found.hashed,
        "faults": [fault.to_json() for fault in found.faults],
        "left": {
            "unnamed": left.unnamed,
            "unnamed_bytes": left.unnamed_bytes,
            "publications": left.publications,
            "parts": left.parts,
            "writes": left.writes,
            "xorbs": left.xorbs,
        },
    }


def _lines(found: Examined, *, deep: bool) -> list[str]:
    left = found.left
    counted = (
        f"{found.repositories} repositories with {found.references} references and "
        f"{found.commits} commits, {found.releases} releases, {found.events} audit events"
    )
    lines = [
        counted,
        f"{found.blobs} files, {found.bytes} bytes"
        + (f", {found.hashed} of them read and compared" if deep else ""),
    ]
    for fault in found.faults:
        lines += [f"fault ({fault.code}): {fault.where}: {fault.message}", f"  next: {fault.hint}"]
    begun = left.publications + left.parts + left.writes
    if begun or left.xorbs:
        lines.append(
            f"under way or given up: {left.publications} publications, {left.parts} uploads by "
            f"parts, {left.writes} writes, {left.xorbs} xorbs"
        )
    if left.unnamed:
        lines.append(f"nothing names {left.unnamed} files, {left.unnamed_bytes} bytes")
    if begun or left.xorbs or left.unnamed:
        lines.append("next: openweir hub gc --dry-run")
    count = len(found.faults)
    lines.append("the hub is whole" if found.ok else f"{count} fault{'s' * (count > 1)}")
    return lines
