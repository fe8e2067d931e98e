"""`openweir decide`: the tier in one line, and for each higher tier what is missing."""

import argparse
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

from openweir.cli import output
from openweir.decision import SPEAKS_AGAINST, Decision, Lack, Need, Proof, Status
from openweir.desk import clock
from openweir.desk.decide import Outcome, decide_case
from openweir.desk.home import Home
from openweir.desk.pack import DEFAULT_PACK
from openweir.tier import Tier

__all__ = ["add_policy", "configure", "home_of", "run"]

_PERMITS = {
    Tier.SEALED: "nothing leaves the house; outside evaluators may work inside it",
    Tier.TRUSTED_HOSTED: "hosted access for vetted organisations with a declared purpose",
    Tier.PUBLIC_HOSTED: "hosted access for anyone under a usage policy",
    Tier.GATED_WEIGHTS: "the weights, to named recipients under a contract",
    Tier.OPEN_WEIGHTS: "the weights, to anyone; what is out stays out",
    Tier.FULLY_OPEN: "weights, code and data information, to anyone; what is out stays out",
}
_SHOWN_NEEDS = 8
_SHOWN_FAILED = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    add_policy(parser)
    parser.add_argument(
        "--register",
        metavar="DIR|URL",
        help="decide nothing while this log holds an order about the release that the case lacks",
    )
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir decide my-case\n"
        "  openweir decide my-case --as-of 2026-11-20 --json\n"
        "  openweir decide my-case --policy packs/our-own\n"
        "  openweir decide my-case --policy openweir-baseline --policy packs/our-own\n\n"
        "Writes decision.json into the case when it changed. Exit code 0 when a decision\n"
        "was made, whatever the tier; 2 when the case or the policy cannot be read."
    )
    parser.set_defaults(run=run)


def add_policy(parser: argparse.ArgumentParser) -> None:
    """Add `--policy`, `--as-of` and `--home`, which every verb on a decision shares."""
    parser.add_argument(
        "--policy",
        metavar="PACK",
        action="append",
        help=f"a shipped pack's name or a folder (default {DEFAULT_PACK});"
        " may be repeated: then the least tier counts",
    )
    parser.add_argument(
        "--as-of", metavar="DATE", help="the day to decide for, YYYY-MM-DD (default today, UTC)"
    )
    parser.add_argument("--home", metavar="DIR", help="(default: $OPENWEIR_HOME or ~/.openweir)")


def home_of(arguments: argparse.Namespace) -> Home:
    """Return whose trust counts for overrides and orders."""
    return Home.find(arguments.home)


def run(arguments: argparse.Namespace) -> int:
    """Decide and print."""
    if arguments.register is not None:
        # Only who asks for it pays for loading cryptography.
        from openweir.desk.orders import require_taken  # noqa: PLC0415

        require_taken(
            arguments.case,
            register=arguments.register,
            home=home_of(arguments),
            as_of=clock.today(arguments.as_of),
        )
    # Looking for cycles among the values of a case of 10,000 records would take longer
    # than deciding it, and there are none.
    looking = gc.isenabled()
    gc.disable()
    try:
        outcome = decide_case(
            arguments.case,
            policy=arguments.policy,
            as_of=arguments.as_of,
            home=home_of(arguments),
        )
    finally:
        if looking:
            gc.enable()
    if arguments.json:
        sys.stdout.buffer.write(outcome.data)
        sys.stdout.flush()
    else:
        output.emit(arguments, None, "\n".join(_lines(outcome, arguments.case)))
    return 0


def _lines(outcome: Outcome, case: Path) -> Iterator[str]:
    decision = outcome.decision
    yield f"{decision.name}: {decision.effective_tier.word}"
    yield f"  permits  {_PERMITS[decision.effective_tier]}"
    yield from _adjusted(decision)
    for component in decision.components:
        if component.tier < decision.effective_tier:
            yield f"  held     {component.component}: {component.tier.word}"
    roles = " and ".join(decision.approvals.roles)
    many = "signature" if decision.approvals.signatures == 1 else "signatures"
    yield f"  needs    {decision.approvals.signatures} {many} ({roles})"
    review = decision.review_by.isoformat()
    yield f"  until    {decision.valid_until.isoformat()}, review by {review}"
    yield (
        f"  by       {decision.policy.id} {decision.policy.version}"
        f" as of {decision.as_of.isoformat()}"
    )
    for name, reason in outcome.rejected:
        yield f"  unused   {name}: {reason}"
    for note in outcome.notes:
        yield f"  note     {' '.join(note.split())}"
    if outcome.outdated:
        yield f"  note     case.toml has changed since inspect: run openweir inspect {case}"
    yield from _missing(decision)
    if decision.whynot and decision.cost_of_withholding:
        yield f"\nWhat withholding costs: {decision.cost_of_withholding}"
    step = "explain" if decision.effective_tier is Tier.SEALED else "sign"
    key = " --key NAME" if step == "sign" else ""
    yield f"\nNext: openweir {step} {case}{key}"


def _adjusted(decision: Decision) -> Iterator[str]:
    """Say what lies between the computed and the effective tier, and what does not count."""
    for item in decision.adjustments:
        if item.kind == "hold" and item.to < decision.tier:
            yield f"  held     the evidence supports {decision.tier.word}; its owner holds it back"
        elif item.kind != "hold" and item.refused:
            yield f"  unused   {item.file}: {item.refused}"
        elif item.kind != "hold":
            verb = "ordered" if item.kind == "order" else "override"
            who = " and ".join(name for name, _ in item.signers)
            until = f"until {item.until}; computed {decision.tier.word}"
            yield f"  {verb:<8} to {item.to.word} by {who} {until}; dissent: {item.dissent}"
    for one in decision.policies:
        where = f" ({one.jurisdiction})" if one.jurisdiction else ""
        yield f"  alone    {one.policy.id}{where}: {one.tier.word}"


def _missing(decision: Decision) -> Iterator[str]:
    told: set[str] = set()
    said: set[str] = set()
    for lack in decision.whynot:
        needs = _nearest(lack)
        fresh = [need for need in needs if need.asked not in told]
        above = _above(told, {need.asked for need in needs})
        told |= {need.asked for need in needs}
        other = len(lack.sets) - 1
        ways = f" ({other} other way{'' if other == 1 else 's'})" if other > 0 else ""
        yield ""
        said |= {need.reason for need in needs}
        yield from _failed(decision, lack, said)
        if fresh:
            and_ = " and " if above else ""
            yield f"{lack.tier.word} lacks {above}{and_}{len(fresh)} to show{ways}:"
        else:
            yield f"{lack.tier.word} lacks {above} and nothing more{ways}"
        fresh.sort(key=lambda need: not need.refuted)
        for need in fresh[:_SHOWN_NEEDS]:
            yield f"  - {need.label}: {need.reason.partition(': ')[2]}"
        if len(fresh) > _SHOWN_NEEDS:
            yield f"  - and {len(fresh) - _SHOWN_NEEDS} more, see --json"
        if lack.alternative:
            yield f"  meanwhile: {lack.alternative}"


def _failed(decision: Decision, lack: Lack, said: set[str]) -> Iterator[str]:
    """Say which evidence stops a tier, each finding once, where the way told next goes around it.

    What was tried and failed is the first reason; what is only missing comes after it.
    """
    stopping = [item.proof for item in decision.requirements if item.id in lack.blocking]
    found: dict[str, Proof] = {}
    for leaf in (leaf for proof in stopping for leaf in _lacking(proof)):
        if leaf.kind == "claim" and leaf.status is Status.REFUTED and leaf.reason not in said:
            found.setdefault(leaf.reason, leaf)
    said.update(found)
    if found:
        yield f"{lack.tier.word} is refused by what was shown:"
    for reason, leaf in list(found.items())[:_SHOWN_FAILED]:
        yield f"  - {leaf.label}: {reason.partition(': ')[2]}"
    if len(found) > _SHOWN_FAILED:
        yield f"  - and {len(found) - _SHOWN_FAILED} more, see openweir explain"


def _lacking(proof: Proof) -> Iterator[Proof]:
    """Yield the leaves below which nothing is demonstrated."""
    if proof.status is not Status.DEMONSTRATED:
        if not proof.children:
            yield proof
        for child in proof.children:
            yield from _lacking(child)


def _above(told: set[str], asked: set[str]) -> str:
    """Return how to speak of what was told already: all of it, a part, or nothing."""
    if not told & asked:
        return ""
    return "the above" if told <= asked else f"{len(told & asked)} of the above"


def _nearest(lack: Lack) -> tuple[Need, ...]:
    """Return the smallest set that asks for nothing of which the opposite is known."""

    def against(need: Need) -> bool:
        return need.reason.startswith("refuted") or need.reason.endswith(SPEAKS_AGAINST)

    return min(lack.sets, key=lambda needs: (any(map(against, needs)), len(needs)), default=())
