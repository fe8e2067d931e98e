"""`openweir next-test`: untested claims by cost over the chance to fail."""

import argparse
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from openweir.canonical import decimal_text
from openweir.cli import output
from openweir.cli.decide import add_policy, home_of
from openweir.cli.whynot import add_tier, heading
from openweir.decision.next_test import WARNING, Candidate, NextTest, Way
from openweir.desk.next_test import Advised, next_test_case

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("case", type=Path, metavar="CASE", help="the case folder")
    add_tier(parser)
    parser.add_argument(
        "--costs", type=Path, metavar="FILE", help="TOML with what tests cost and how they fail"
    )
    add_policy(parser)
    output.add_json(parser)
    parser.epilog = (
        "Examples:\n"
        "  openweir next-test my-case --to open-weights\n"
        "  openweir next-test my-case --to open-weights --costs costs.toml --json\n\n"
        "costs.toml:\n"
        '  unit = "GPU-hour"\n'
        "  [[test]]\n"
        '  words = ["bio.uplift", "PE2"]     # all stand in what is asked\n'
        "  cost = 240\n"
        "  fails = 0.3                       # the chance that it does not suffice\n\n"
        "Without it every test costs one and fails every second time."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Order and print."""
    found = next_test_case(
        arguments.case,
        to=arguments.to,
        costs=arguments.costs,
        policy=arguments.policy,
        as_of=arguments.as_of,
        home=home_of(arguments),
    )
    output.emit(arguments, _value(found), "\n".join(_lines(found, arguments.case)))
    return 0


def _value(found: Advised) -> dict[str, object]:
    value = heading(found.missing.decision, found.missing.to)
    advice = found.advice
    first = None if advice is None else advice.first
    value["next"] = None if first is None else _test(first)
    value["ways"] = [] if advice is None else [_way(way) for way in advice.ways]
    value["unit"] = "" if advice is None else advice.unit
    value["assumed"] = advice is not None and advice.assumed
    value["warning"] = WARNING
    return value


def _way(way: Way) -> dict[str, object]:
    return {
        "tests": [_test(test) for test in way.tests],
        "expected_cost": _text(way.expected_cost),
        "chance": _text(way.chance),
    }


def _test(test: Candidate) -> dict[str, object]:
    return {
        "asked": test.need.asked,
        "label": test.need.label,
        "requirement": test.need.requirement,
        "reason": test.need.reason,
        "cost": decimal_text(test.cost),
        "fails": decimal_text(test.fails),
        "ratio": None if test.ratio is None else _text(test.ratio),
        "unavoidable": test.unavoidable,
        "again": test.again,
        "stated": test.stated,
    }


def _lines(found: Advised, case: Path) -> Iterator[str]:
    decision, to, advice = found.missing.decision, found.missing.to, found.advice
    if advice is None:
        yield f"{decision.name}: the evidence supports {to.word} already; there is nothing to test"
        return
    if advice.first is None:
        yield f"{decision.name}: no evidence can open {to.word} for this model"
        yield f"\nNext: openweir whynot {case} --to {to.word}"
        return
    yield f"{decision.name}: to {to.word}, test first"
    yield f"  {advice.first.need.asked}"
    for place, way in enumerate(advice.ways, start=1):
        yield ""
        chance = f"chance that all of it passes {_near(way.chance * 100)} %"
        yield f"way {place}: expected cost {_near(way.expected_cost)} {advice.unit}, {chance}"
        for number, test in enumerate(way.tests, start=1):
            yield f"  {number}. {test.need.label}{_marks(test)}"
    yield from _cautions(advice)


def _marks(test: Candidate) -> str:
    said = [f"cost {decimal_text(test.cost)}", f"fails {decimal_text(test.fails * 100)} %"]
    if test.unavoidable:
        said.append("no way around it")
    if test.again:
        said.append("tested before: it did not suffice")
    return f" ({', '.join(said)})"


def _cautions(advice: NextTest) -> Iterator[str]:
    yield ""
    if advice.assumed:
        yield "Where no cost is stated, a test costs one and fails every second time: see --costs."
    yield WARNING


def _text(number: Fraction) -> str:
    return str(number)


def _near(number: Fraction) -> str:
    """Return a fraction to three places, for reading only."""
    whole, rest = divmod(round(number * 1000), 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
