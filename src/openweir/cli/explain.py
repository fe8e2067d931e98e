"""`openweir explain`: the proof tree, from rule and quoted source to number and evidence file."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from openweir.cli import output
from openweir.cli.decide import add_policy, home_of
from openweir.desk.explain import Explained, explain_case

__all__ = ["configure", "run"]

_MARKS = {"demonstrated": "yes ", "refuted": "no  ", "undetermined": "?   ", "": "    "}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    parser.add_argument(
        "--requirement",
        metavar="ID",
        help="only this one: PE2@gated-weights, or PE2 for all tiers that ask it",
    )
    add_policy(parser)
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir explain my-case\n"
        "  openweir explain my-case --requirement PE2@gated-weights\n"
        "  openweir explain my-case --as-of 2026-11-20 --json\n\n"
        "Explains decision.json as it stands; with --policy or --as-of, or without a\n"
        "decision.json, decides anew and writes nothing. yes: demonstrated, no: refuted,\n"
        "?: undetermined, with the reason."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain and print."""
    explained = explain_case(
        arguments.case,
        requirement=arguments.requirement,
        policy=arguments.policy,
        as_of=arguments.as_of,
        home=home_of(arguments),
    )
    lines = "\n".join(_lines(explained, arguments.case))
    output.emit(arguments, explained.explanation.to_json(explained.decision), lines)
    return 0


def _lines(explained: Explained, case: Path) -> Iterator[str]:
    found = explained.explanation
    yield f"{found.name}: {found.tier} as of {found.as_of}"
    yield f"policy {found.policy} sha256:{found.policy_sha256}"
    if explained.changed:
        names = ", ".join(explained.changed[:5])
        yield f"careful: changed since this decision was made: {names}"
        yield f"         decide again with `openweir decide {case}`"
    for line in found.lines:
        if line.depth == 0:
            yield ""
        yield f"{_MARKS[line.status]}{'  ' * line.depth}{line.text}"
