"""`openweir trial collect`: from outcomes to signed evidence that answers a plan."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk.clock import today
from openweir.desk.home import Home
from openweir.desk.keys import load_key
from openweir.desk.trial.collect import Collected, collect, results_sha256
from openweir.evidence import Conduct, parse_access, parse_independence
from openweir.trial.appraise import Appraised
from openweir.trial.worst import WorstCase, worst_cases

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "campaign", type=Path, nargs="+", metavar="CAMPAIGN", help="its folder, or its shards'"
    )
    parser.add_argument("--case", type=Path, metavar="CASE", help="hand the evidence to this case")
    parser.add_argument("--key", metavar="NAME", help="sign every record with this key")
    parser.add_argument("--evaluator", default="self", help="who ran the trials (default: self)")
    parser.add_argument("--independence", default="self", help="self, contracted, third-party, ...")
    parser.add_argument("--access", default="AL3", help="AL1 to AL3 (default: AL3, white box)")
    parser.add_argument("--audit", type=Path, metavar="FILE", help="answers people scored as well")
    parser.add_argument("--home", help="where keys lie (default: $OPENWEIR_HOME or ~/.openweir)")
    parser.add_argument("--as-of", metavar="DATE", help="the day it ended (default: today, UTC)")
    output.add_json(parser)
    parser.epilog = (
        "examples:\n"
        "  openweir trial collect campaign --case case --key ada\n"
        "  openweir trial collect shard-1 shard-2 shard-3 shard-4\n"
        "  openweir trial collect campaign --evaluator Institute --independence third-party\n\n"
        "A batch whose controls fail hands nothing over. Exit codes: 0 valid, 1 invalid, 2 error."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Collect and print; 0 for a valid batch, 1 for an invalid one."""
    key = None
    if arguments.key is not None:
        _, key = load_key(Home.find(arguments.home), arguments.key)
    found = collect(
        arguments.campaign,
        conduct=Conduct(
            evaluator=arguments.evaluator,
            independence=parse_independence(arguments.independence, where="--independence"),
            access=parse_access(arguments.access, where="--access"),
        ),
        on=today(arguments.as_of),
        case=arguments.case,
        key=key,
        audit=arguments.audit,
    )
    value = {
        **found.results,
        "results": str(found.file),
        "results_sha256": results_sha256(found),
        "evidence": [record.trial for record in found.evidence],
        "signed": found.signed,
        "missing": None if found.missing is None else list(found.missing),
    }
    output.emit(arguments, value, "\n".join(_lines(found, arguments)))
    return 0 if found.appraisal.valid else 1


def _lines(found: Collected, arguments: argparse.Namespace) -> list[str]:
    lines = ["controls"]
    for one in found.appraisal.controls:
        word = "passed" if one.passed else "FAILED" if one.needed else "failed"
        lines.append(f"  {one.series.id:<20} {one.events:>4} of {one.n:<4} {word}")
    valid = found.appraisal.valid
    if valid:
        lines.append("attacks")
        width = max(len(one.answer.id) for one in found.appraisal.appraised)
        lines += [_line(one, width) for one in found.appraisal.appraised]
        lines.append("worst case over all attacks, with 95 % bounds that allow for all of them")
        lines += [_worst(one) for one in worst_cases(found.appraisal)]
    else:
        lines.append("a needed control failed: the batch is invalid and hands nothing over")
    if found.campaign.label:
        lines.append(f"({found.campaign.label})")
    lines.append(
        f"{len(found.evidence)} records in {found.file.parent / 'evidence'}, {found.signed} signed"
        if valid
        else "no evidence"
    )
    if not valid:
        lines.append(
            "next: mend the stack, widen the sweep, or let `plan` raise the controls; then run a"
            " new campaign"
        )
    elif arguments.case is None:
        lines.append(f"next: openweir trial report {arguments.campaign[0]} --picture curve.svg")
    else:
        lines.append(f"next: openweir decide {arguments.case}")
    return lines


def _worst(one: WorstCase) -> str:
    least, most = (f"{end * 100:.1f}" for end in (one.lower, one.upper))
    told = f"  {one.claim:<20} {one.events:>4} of {one.n:<4} by {one.selected}: {least} to {most} %"
    left = len(one.inconclusive)
    return told + (f"; {left} of {one.attacks} attacks inconclusive" if left else "")


def _line(one: Appraised, width: int) -> str:
    told = f"  {one.answer.id:<{width}}  {one.worst.events:>4} of {one.worst.n:<4} {one.status}"
    if one.reason:
        told += f": {one.reason}"
    return told + (f"\n    warning: {one.warning}" if one.warning else "")
