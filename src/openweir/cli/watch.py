"""`openweir watch`: what is due or was advised since the decision."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk.clock import today
from openweir.desk.watch import Watch, watch

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    parser.add_argument(
        "--advisories", type=Path, metavar="DIR", help="a folder of OSV files to look through"
    )
    parser.add_argument("--as-of", metavar="DATE", help="the day to ask about (default: today)")
    output.add_json(parser)
    parser.epilog = (
        "Exit codes: 0 nothing is due, 1 something is, 2 error.\n\n"
        "examples:\n"
        "  openweir watch my-case\n"
        "  openweir watch my-case --advisories advisories --as-of 2027-01-15\n"
        "  openweir watch my-case --json"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what is due; 1 when something is."""
    seen = watch(arguments.case, advisories=arguments.advisories, as_of=today(arguments.as_of))
    output.emit(arguments, _to_json(seen), "\n".join(_lines(seen)))
    return 1 if seen.anything_due else 0


def _to_json(seen: Watch) -> dict[str, object]:
    return {
        "name": seen.decision.name,
        "as_of": seen.as_of.isoformat(),
        "tier": seen.decision.effective_tier.word,
        "valid_until": seen.decision.valid_until.isoformat(),
        "review_by": seen.decision.review_by.isoformat(),
        "due": [
            {
                "kind": trigger.kind,
                "day": None if trigger.day is None else trigger.day.isoformat(),
                "sentence": trigger.sentence,
                "next": trigger.next_step,
            }
            for trigger in seen.triggers
        ],
        "advisories_read": seen.advisories_read,
        "advisories": [
            {
                "id": hit.advisory.id,
                "summary": hit.advisory.summary,
                "by": hit.by,
                "certain": hit.certain,
                "detail": hit.detail,
            }
            for hit in seen.hits
        ],
        "levers": list(seen.levers),
    }


def _lines(seen: Watch) -> list[str]:
    decision = seen.decision
    lines = [f"{decision.name}: {decision.effective_tier.word}, as of {seen.as_of}"]
    for trigger in seen.triggers:
        lines += [f"  {trigger.kind}: {trigger.sentence}", f"    next: {trigger.next_step}"]
    for hit in seen.hits:
        sureness = "affected" if hit.certain else "possibly affected"
        lines.append(f"  advisory {hit.advisory.id}: {sureness}, {hit.detail}")
        if hit.advisory.summary:
            lines.append(f"    {' '.join(hit.advisory.summary.split())[:300]}")
    if seen.levers:
        lines.append("  what can be done at this tier:")
        lines += [f"    - {lever}" for lever in seen.levers]
    if not seen.anything_due:
        read = f"; {seen.advisories_read} advisories read" if seen.advisories_read else ""
        lines.append(f"  nothing is due before {decision.valid_until}{read}")
    return lines
