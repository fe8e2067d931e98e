"""`openweir whynot`: all smallest sets of what a higher tier lacks, with target numbers."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from openweir.cli import output
from openweir.cli.decide import add_policy, home_of
from openweir.decision import Decision, Lack, Need
from openweir.decision.lack import need_to_json
from openweir.desk.whynot import Missing, whynot_case
from openweir.tier import Tier

__all__ = ["add_tier", "configure", "heading", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    add_tier(parser)
    add_policy(parser)
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir whynot my-case --to open-weights\n"
        "  openweir whynot my-case --to gated-weights --as-of 2026-11-20 --json\n\n"
        "Showing all of any one set reaches the tier, and no part of it does. Sets that need\n"
        "something of which the opposite is shown come last: no evidence can open them, only\n"
        "another model or release."
    )
    parser.set_defaults(run=run)


def add_tier(parser: argparse.ArgumentParser) -> None:
    """Add `--to`."""
    parser.add_argument(
        "--to",
        metavar="TIER",
        required=True,
        help="one of " + ", ".join(tier.word for tier in Tier),
    )


def run(arguments: argparse.Namespace) -> int:
    """Ask and print."""
    found = whynot_case(
        arguments.case,
        to=arguments.to,
        policy=arguments.policy,
        as_of=arguments.as_of,
        home=home_of(arguments),
    )
    output.emit(arguments, _value(found), "\n".join(_lines(found, arguments.case)))
    return 0


def heading(decision: Decision, to: Tier) -> dict[str, object]:
    """Return what every answer about a tier starts with."""
    return {
        "name": decision.name,
        "as_of": decision.as_of.isoformat(),
        "policy": decision.policy.to_json(),
        "tier": decision.tier.word,
        "effective_tier": decision.effective_tier.word,
        "to": to.word,
        "reached": to <= decision.tier,
    }


def _value(found: Missing) -> dict[str, object]:
    lack = found.lack
    value = heading(found.decision, found.to)
    value["blocking"] = [] if lack is None else list(lack.blocking)
    value["sets"] = [] if lack is None else [_set(lack, place) for place in range(len(lack.sets))]
    value["unavoidable"] = [] if lack is None else _unavoidable(lack)
    value["complete"] = lack is None or lack.complete
    value["alternative"] = "" if lack is None else lack.alternative
    value["cost_of_withholding"] = found.decision.cost_of_withholding
    return value


def _set(lack: Lack, place: int) -> dict[str, object]:
    needs = lack.sets[place]
    return {
        "size": len(needs),
        "open_to_evidence": place < lack.open_sets,
        "needs": [need_to_json(need) for need in needs],
    }


def _unavoidable(lack: Lack) -> list[str]:
    """Return what every set asks that evidence can open, or every set where none can."""
    sets = lack.sets[: lack.open_sets] or lack.sets
    if not sets:
        return []
    return sorted(set.intersection(*({need.asked for need in needs} for needs in sets)))


def _lines(found: Missing, case: Path) -> Iterator[str]:
    decision, lack = found.decision, found.lack
    if lack is None:
        yield f"{decision.name}: the evidence supports {found.to.word} already"
        if decision.effective_tier < found.to:
            yield f"  held     at {decision.effective_tier.word}: see `openweir explain {case}`"
        return
    yield f"{decision.name}: {decision.tier.word}, not {found.to.word}"
    yield f"  blocked by {', '.join(lack.blocking)}"
    everywhere = set(_unavoidable(lack))
    for place, needs in enumerate(lack.sets):
        yield ""
        yield f"way {place + 1}: {_kind(lack, place)}, {len(needs)} to show"
        for need in needs:
            yield from _need(need, always=need.asked in everywhere and len(lack.sets) > 1)
    if not lack.complete:
        yield "\nThere are more ways than these."
    if lack.alternative:
        yield f"\nMeanwhile: {lack.alternative}"
    if decision.cost_of_withholding:
        yield f"\nWhat withholding costs: {decision.cost_of_withholding}"
    if lack.open_sets:
        yield f"\nNext: openweir next-test {case} --to {found.to.word}"


def _kind(lack: Lack, place: int) -> str:
    return "open to evidence" if place < lack.open_sets else "not open to evidence"


def _need(need: Need, *, always: bool) -> Iterator[str]:
    yield f"  - {need.asked}{' (no way around it)' if always else ''}"
    yield f"      now {need.found}"
    yield f"      {need.reason}"
