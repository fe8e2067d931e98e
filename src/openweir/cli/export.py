"""`openweir export`: write a case's dossier in the form of another tool."""

import argparse
import sys
from pathlib import Path

from openweir import digest
from openweir.cli import output
from openweir.desk.export import FORMS, export
from openweir.dossier.exchange import Written

__all__ = ["configure", "run"]

_TITLES = {
    "cyclonedx": "CycloneDX 1.7 JSON with a model card",
    "spdx3": "SPDX 3.0.1 JSON-LD with AI and Dataset classes; needs --as-of",
    "mot": "YAML of the Model Openness Tool",
    "osai": "YAML of the European Open Source AI Index; judgements are left to people",
    "hf-card": "front matter of a Hugging Face model card",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    parser.add_argument("--to", metavar="FORM", required=True, help="one of the forms below")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write it here")
    parser.add_argument("--as-of", metavar="DAY", help="the day to date the document by")
    output.add_json(parser)
    forms = "\n".join(f"  {name:<11}{_TITLES[name]}" for name in _TITLES if name in FORMS)
    parser.epilog = (
        f"forms:\n{forms}\n\n"
        "What the dossier does not state is left out and named; the same dossier and day give\n"
        "the same bytes.\n\n"
        "examples:\n"
        "  openweir export my-case --to cyclonedx --output model.cdx.json\n"
        "  openweir export my-case --to spdx3 --as-of 2026-11-20 --output model.spdx.json\n"
        "  openweir export my-case --to hf-card"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Write the file, or print it and say on standard error what is not in it."""
    written = export(
        arguments.case, form=arguments.to, output=arguments.output, as_of=arguments.as_of
    )
    lacking = [f"left out {item.what}: {item.why}" for item in written.left_out]
    if arguments.output is None and not arguments.json:
        sys.stdout.buffer.write(written.data)
        sys.stdout.flush()
        sys.stderr.write("".join(f"openweir: {line}\n" for line in lacking))
        return 0
    output.emit(
        arguments,
        _json(written, arguments.output),
        "\n".join((f"wrote {arguments.output}, {len(written.data)} bytes", *lacking)),
    )
    return 0


def _json(written: Written, target: Path | None) -> dict[str, object]:
    return {
        "form": written.form,
        "output": None if target is None else str(target),
        "sha256": digest.sha256(written.data),
        "size": len(written.data),
        "left_out": [{"what": item.what, "why": item.why} for item in written.left_out],
        "text": written.data.decode(),
    }
