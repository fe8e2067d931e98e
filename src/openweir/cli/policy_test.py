"""`openweir policy test`: does the pack answer its own cases?"""

import argparse
from collections.abc import Iterator

from openweir.cli import output
from openweir.desk.policy_test import Tested, answer_cases

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("pack", metavar="PACK", help="a shipped pack's name or a folder")
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir policy test openweir-baseline\n"
        "  openweir policy test my-pack --json\n\n"
        "A case names a dossier in a few words, the tier it must reach and every rule it\n"
        "must fail. Rules that fail in no case are listed. Exit codes: 0 all cases pass and\n"
        "every rule fails in one, 1 otherwise, 2 error."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the cases and print."""
    policy, found, untested = answer_cases(arguments.pack)
    failed = [item for item in found if not item.passed]
    value = {
        "ok": not failed and not untested,
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "passed": len(found) - len(failed),
        "failed": len(failed),
        "untested": list(untested),
        "cases": [_case(item) for item in found],
    }
    lines = [*_lines(failed)]
    lines += [f"rule {rule} fails in no case: nobody would see it go" for rule in untested]
    lines.append(f"{len(found) - len(failed)} of {len(found)} cases pass")
    output.emit(arguments, value, "\n".join(lines))
    return 1 if failed or untested else 0


def _case(item: Tested) -> dict[str, object]:
    return {
        "name": item.name,
        "passed": item.passed,
        "tier": {"expected": item.expected[0], "found": item.found[0]},
        "failing": {"expected": list(item.expected[1]), "found": list(item.found[1])},
    }


def _lines(failed: list[Tested]) -> Iterator[str]:
    for item in failed:
        yield f"failed: {item.name}"
        if item.expected[0] != item.found[0]:
            yield f"  tier {item.found[0]}, expected {item.expected[0]}"
        more = sorted(set(item.found[1]) - set(item.expected[1]))
        less = sorted(set(item.expected[1]) - set(item.found[1]))
        if more:
            yield f"  fails beyond the case: {', '.join(more)}"
        if less:
            yield f"  does not fail: {', '.join(less)}"
