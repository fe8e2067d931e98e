"""`openweir lineage`: whether one model's weights derive from another's."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk.lineage import lineage
from openweir.weights import Comparison, Verdict

__all__ = ["configure", "run"]

_EXIT = {Verdict.DERIVED: 0, Verdict.NO_EVIDENCE: 1, Verdict.CANNOT_COMPARE: 2}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("first", type=Path, metavar="A", help="a model folder")
    parser.add_argument("second", type=Path, metavar="B", help="another model folder")
    output.add_json(parser)
    parser.epilog = (
        "Between models trained from independent random weights each sign agrees like a fair\n"
        "coin, so the chance of the counts is exact. The test is symmetric: it says nothing of\n"
        "who came first, and it is blind to whoever shuffled or flipped neurons on purpose.\n\n"
        "Exit codes: 0 derived, 1 no evidence of derivation, 2 cannot compare or error.\n\n"
        "examples:\n"
        "  openweir lineage base-model fine-tuned-model\n"
        "  openweir lineage base-model fine-tuned-model --json"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print the counts and the verdict."""
    with output.progress("comparing") as report:
        found = lineage(arguments.first, arguments.second, report)
    output.emit(arguments, _to_json(found), "\n".join(_lines(found)))
    return _EXIT[found.verdict]


def _to_json(found: Comparison) -> dict[str, object]:
    return {
        "verdict": found.verdict.value,
        "reason": found.reason,
        "tensors": found.tensors,
        "tests": [
            {
                "name": test.name,
                "n": test.n,
                "agreements": test.k,
                "dropped": test.dropped,
                "log10_p": test.log10_p,
                "void": test.void,
            }
            for test in found.tests
        ],
    }


def _lines(found: Comparison) -> list[str]:
    lines = [f"{found.verdict.value}: {found.reason}"]
    for test in found.tests:
        line = f"  {test.name}: {test.k} of {test.n} signs agree, log10 p <= {test.log10_p}"
        lines.append(line + (f" (not counted: {test.void})" if test.void else ""))
    if found.verdict is Verdict.DERIVED:
        lines.append("  one derives from the other, or both from a third; which came first is not")
        lines.append("  in the weights: look at the days in the register")
    return lines
