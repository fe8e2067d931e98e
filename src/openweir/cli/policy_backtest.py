"""`openweir policy backtest`: the pack over what was really released."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from openweir.cli import output
from openweir.desk.policy_backtest import Tested, backtest_pack
from openweir.tier import Tier

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("pack", metavar="PACK", help="a shipped pack's name or a folder")
    parser.add_argument(
        "population", type=Path, metavar="POPULATION", help="a CSV table, or a folder of cases"
    )
    parser.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="TOML: how the columns become facts (default: the shipped one that fits)",
    )
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw it as SVG")
    parser.add_argument(
        "--as-of", metavar="DATE", help="the day evidence is aged to (default today, UTC)"
    )
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir policy backtest openweir-baseline notable_ai_models.csv\n"
        "  openweir policy backtest my-pack examples/releases --picture backtest.svg\n\n"
        "Shown is the tier that what is known demonstrates; possible is the tier that nothing\n"
        "known refutes. The rates compare shown with what was done in fact, which is no norm.\n"
        "Exit code 0 whatever comes out; 2 when pack or population cannot be read."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the pack over the population and print."""
    tested = backtest_pack(
        arguments.pack,
        arguments.population,
        mapping=arguments.mapping,
        as_of=arguments.as_of,
        drawing=arguments.picture,
    )
    output.emit(arguments, _value(tested), "\n".join(_lines(tested, arguments.picture)))
    return 0


def _value(tested: Tested) -> dict[str, object]:
    found, policy = tested.found, tested.policy
    over, under, refuted = found.over(), found.under(), found.refuted()
    return {
        "policy": {"id": policy.id, "version": policy.version, "sha256": policy.sha256},
        "population": {
            "id": tested.population.id,
            "text": tested.population.text,
            "models": len(found.outcomes),
            "compared": len(found.compared()),
            "assumed": [
                {"fact": name, "value": value} for name, value in tested.population.assumed
            ],
        },
        "histogram": {
            which: {tier.word: count for tier, count in found.tiers(which)}
            for which in ("actual", "shown", "possible")
        },
        "limits": [limit.to_json() for limit in found.limits],
        "over_restriction": {
            "models": len(over),
            "rate": found.rate(over),
            "refuted": len(refuted),
            "not_shown": len(over) - len(refuted),
        },
        "under_restriction": {"models": len(under), "rate": found.rate(under)},
        "table": [
            {
                "actual": "unknown" if actual is None else actual.word,
                "shown": {tier.word: counts[tier] for tier in Tier},
            }
            for actual, counts in found.table()
        ],
        "models": [
            {
                "name": item.name,
                "actual": None if item.actual is None else item.actual.word,
                "shown": item.shown.word,
                "possible": item.possible.word,
            }
            for item in found.outcomes
        ],
    }


def _lines(tested: Tested, drawing: Path | None) -> Iterator[str]:
    found, policy = tested.found, tested.policy
    known = len(found.compared())
    yield f"{policy.id} {policy.version} over {tested.population.text}"
    yield f"  releases  {len(found.outcomes)}, how released is known of {known}\n"
    yield f"  {'tier':16}{'in fact':>9}{'shown':>9}{'possible':>10}"
    counts = [dict(found.tiers(which)) for which in ("actual", "shown", "possible")]
    for tier in reversed(Tier):
        actual, shown, possible = (one[tier] for one in counts)
        yield f"  {tier.word:16}{actual:>9}{shown:>9}{possible:>10}"
    over, under = found.over(), found.under()
    refuted = len(found.refuted())
    yield f"\n  over-restriction   {len(over)} of {known} ({found.rate(over)}) were released more"
    yield f"                     openly than is shown: {refuted} refuted, the others not shown"
    yield f"  under-restriction  {len(under)} of {known} ({found.rate(under)}) were kept closer"
    yield "                     than the policy asks\n"
    for limit in found.limits:
        all_, opened = limit.at_or_above
        yield (
            f"  {limit.predicate} at or above {limit.to_json()['limit']} {limit.unit}:"
            f" {all_}, of which {opened} with open weights"
        )
    for limit in found.limits[:1]:
        all_, opened = limit.unknown
        yield f"  {limit.predicate} unknown: {all_}, of which {opened} with open weights"
    if tested.population.assumed:
        names = ", ".join(name for name, _ in tested.population.assumed)
        yield f"  taken as given for every release: {names}"
    if drawing is not None:
        yield f"\nPicture: {drawing}"
    else:
        yield "\nNext: the same with --picture backtest.svg, or --json for every model"
