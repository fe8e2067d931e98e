"""`openweir policy export`: the pack in the language of another engine."""

import argparse
from pathlib import Path

from openweir import digest
from openweir.cli import output
from openweir.desk.policy_export import export_pack
from openweir.policy.export import LANGUAGES

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("pack", metavar="PACK", help="a shipped pack's name or a folder")
    parser.add_argument("--to", required=True, choices=LANGUAGES, help="the other language")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="PATH",
        help="a folder, or a file for the rules (default: print them)",
    )
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir policy export openweir-baseline --to cedar --output exported\n"
        "  openweir policy export openweir-baseline --to rego > policy.rego\n\n"
        "Every export reads records: flat maps from a slot to whole numbers and words, which\n"
        "the heading of the file explains. It names the failing rules; nothing missing and\n"
        "nothing of another type ever meets one."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Export, and write or print."""
    policy, found, written = export_pack(arguments.pack, arguments.to, arguments.output)
    value = {
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "to": found.language,
        "files": [
            {"name": name, "sha256": digest.sha256(text.encode()), "text": text}
            for name, text in found.files
        ],
        "written": [str(path) for path in written],
    }
    lines = "\n".join(f"wrote {path}" for path in written)
    output.emit(arguments, value, lines or "\n".join(text for _, text in found.files))
    return 0
