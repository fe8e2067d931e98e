"""`openweir hub backup`: a copy of a hub, made while it serves."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from openweir.cli import output
from openweir.cli.hub_place import add_place, place_of
from openweir.desk.hub_backup import back_up
from openweir.instant import format_instant

__all__ = ["configure", "run"]

_YES, _NO = 0, 1


def configure(things: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `backup` below `openweir hub`."""
    parser = things.add_parser(
        "backup",
        help="copy the hub while it serves",
        description="Copy a hub's database, files and audit key into a folder, consistently, "
        "while it serves. A later backup into the same folder adds what is new.",
        epilog="  openweir hub backup --to /srv/backup\n"
        "The folder can be read by its owner only; keep it like the hub itself. Trust file and\n"
        "register are files of their own: copy them too.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", metavar="DIR", required=True, help="a folder of its own")
    parser.add_argument(
        "--link",
        action="store_true",
        help="link files on the same disk instead of copying: no room, and no second disk",
    )
    parser.add_argument(
        "--deep", action="store_true", help="also compare again what the folder has already"
    )
    add_place(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Back up, and say what the folder holds."""
    to = Path(arguments.to)
    with ExitStack() as stack:
        bars = []

        def begun(total: int) -> None:
            bars.append(stack.enter_context(output.progress("backing up", total=total)))

        done = back_up(
            place_of(arguments),
            to,
            link=arguments.link,
            deep=arguments.deep,
            begun=begun,
            advanced=lambda count: [bar(count) for bar in bars],
        )
    manifest = done.manifest
    value = {
        "to": str(to),
        "manifest_sha256": done.manifest_sha256,
        "made_at": format_instant(manifest.made_at),
        "revision": manifest.revision,
        "blobs": manifest.blobs,
        "blob_bytes": manifest.blob_bytes,
        "new": done.new,
        "new_bytes": done.new_bytes,
        "rows": sum(manifest.rows.values()),
        "missing": list(manifest.missing),
    }
    new = f"{done.new} new, {done.new_bytes} bytes"
    lines = [
        f"{manifest.blobs} files, {manifest.blob_bytes} bytes ({new}), {value['rows']} rows",
        f"manifest: {done.manifest_sha256}",
        "keep this digest somewhere else: restore compares it",
    ]
    if manifest.missing:
        lines.append(f"the hub has lost {len(manifest.missing)} files: openweir hub fsck --deep")
    lines.append(
        f"next: openweir hub restore {to} --data NEW --manifest-sha256 {done.manifest_sha256}"
    )
    output.emit(arguments, value, "\n".join(lines))
    return _NO if manifest.missing else _YES
