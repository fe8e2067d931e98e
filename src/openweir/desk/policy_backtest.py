"""Back-test a policy over a population, and draw it."""

from dataclasses import dataclass
from pathlib import Path

from openweir.decision.backtest import BackTest, backtest
from openweir.decision.backtest_picture import picture
from openweir.desk import clock
from openweir.desk.case import write_atomically
from openweir.desk.pack import load_pack
from openweir.desk.population import Population, read_population
from openweir.policy import Policy

__all__ = ["Tested", "backtest_pack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A back-test with what it was of."""

    policy: Policy
    population: Population
    found: BackTest


def backtest_pack(
    pack: str,
    population: Path,
    *,
    mapping: Path | None = None,
    as_of: str | None = None,
    drawing: Path | None = None,
) -> Tested:
    """Run a pack over a population.

    Args:
        pack: a shipped pack's name or a folder.
        population: a CSV table, or a folder of cases.
        mapping: how the table's columns become facts; a shipped one by default.
        as_of: the day the age of evidence is counted to; today in UTC by default.
        drawing: where to write the picture.

    Raises:
        OpenweirError: the pack or the population cannot be read, or the picture not written.
    """
    policy, members = load_pack(pack), read_population(population, mapping)
    found = backtest(members.members, policy, clock.today(as_of))
    if drawing is not None:
        text = picture(
            found,
            population=members.text,
            policy=f"{policy.id} {policy.version}",
            assumed=", ".join(name for name, _ in members.assumed),
        )
        write_atomically(drawing, text.encode())
    return Tested(policy=policy, population=members, found=found)
