"""`openweir hub restore`: a hub from a backup."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from openweir.cli import output
from openweir.cli.hub_place import add_place, place_of
from openweir.desk.hub_restore import restore_hub
from openweir.instant import format_instant

__all__ = ["configure", "run"]

_YES, _NO = 0, 1


def configure(things: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `restore` below `openweir hub`."""
    parser = things.add_parser(
        "restore",
        help="make a hub from a backup",
        description="Make a hub from a backup, in an empty place. Every byte is compared before "
        "the hub is there; a backup of either size makes a hub of either size.",
        epilog="  openweir hub restore /srv/backup --data /srv/hub\n"
        "  openweir hub restore /srv/backup --database postgresql://hub@db/hub --blobs s3://models",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", metavar="FROM", help="the folder that `backup --to` wrote")
    parser.add_argument(
        "--manifest-sha256", metavar="HEX", help="what `backup` told; another one is refused"
    )
    add_place(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Restore, and say what the new hub holds."""
    place = place_of(arguments)
    with ExitStack() as stack:
        bars = []

        def begun(total: int) -> None:
            bars.append(stack.enter_context(output.progress("restoring", total=total)))

        done = restore_hub(
            Path(arguments.folder),
            place,
            manifest_sha256=arguments.manifest_sha256,
            begun=begun,
            advanced=lambda count: [bar(count) for bar in bars],
        )
    found = done.examined
    value = {
        "ok": found.ok,
        "made_at": format_instant(done.manifest.made_at),
        "data": str(place.data),
        "repositories": found.repositories,
        "releases": found.releases,
        "events": found.events,
        "blobs": found.blobs,
        "bytes": found.bytes,
        "faults": [fault.to_json() for fault in found.faults],
    }
    lines = [
        f"the hub as it was at {format_instant(done.manifest.made_at)}",
        f"{found.repositories} repositories, {found.releases} releases",
        f"{found.blobs} files, {found.bytes} bytes, {found.events} audit events",
    ]
    for fault in found.faults:
        lines += [f"fault ({fault.code}): {fault.where}: {fault.message}", f"  next: {fault.hint}"]
    # The address may hold a password.
    words = [] if place.database is None else ["--database URL"]
    words += [] if place.blobs is None else [f"--blobs {place.blobs}"]
    lines.append(" ".join(["next: openweir serve", f"--data {place.data}", *words]))
    output.emit(arguments, value, "\n".join(lines))
    return _YES if found.ok else _NO
