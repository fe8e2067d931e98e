"""Score systems as the European Open Source AI Index does, and its predecessor of March 2025.

The index takes the mean over its parameters that apply to a system's types, open
1, partial 1/2, closed or unstated 0, and ranks by it; equal scores stand in
falling order of file names. The predecessor took the sum of 14 features.

Source: osai-index.eu, main-database 5a388e8 and website 0e1cc2b; opening-up-chatgpt 801f687.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from openweir.dossier.openness.from_osai import OsaiSystem
from openweir.dossier.openness.rule_set import rule_data, rule_set

__all__ = ["OsaiResult", "rank", "score"]

_WORTH = {"open": Fraction(1), "partial": Fraction(1, 2), "closed": Fraction(0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class OsaiResult:
    """What the index says of one system.

    Attributes:
        rules: name of the rule set.
        score: mean in [0, 1] (`osai-12`) or sum in [0, 14] (`osai-14`), exact.
        categories: (category, mean or sum of its parameters).
        lacking: (parameter, class) of every parameter that is not open; "" is unstated.
    """

    system: OsaiSystem
    rules: str
    score: Fraction
    categories: tuple[tuple[str, Fraction], ...]
    lacking: tuple[tuple[str, str], ...]


def score(system: OsaiSystem, rules: str = "osai-12") -> OsaiResult:
    """Score one system.

    Args:
        system: with the index's judgements.
        rules: `osai-12` or `osai-14`.

    Raises:
        DossierError: no such rule set.
    """
    read = rule_data(rule_set(rules).data).read
    whole = read.object("rules").text("aggregate") == "sum"
    by_category: dict[str, list[Fraction]] = {}
    lacking = []
    for row in read.objects("parameter"):
        types = row.texts("types")
        if types and not set(types) & set(system.types):
            continue
        judged = system.judged(row.text("name"))
        by_category.setdefault(row.text("category"), []).append(_WORTH.get(judged, Fraction(0)))
        if judged != "open":
            lacking.append((row.text("name"), judged))
    every = [worth for worths in by_category.values() for worth in worths]
    return OsaiResult(
        system=system,
        rules=rules,
        score=_aggregate(every, whole=whole),
        categories=tuple(
            (category, _aggregate(worths, whole=whole)) for category, worths in by_category.items()
        ),
        lacking=tuple(lacking),
    )


def rank(results: Iterable[OsaiResult]) -> tuple[OsaiResult, ...]:
    """Return results in the index's order: the first is rank 1, and no rank is shared."""
    # Two stable sorts: file names compare by UTF-16 code units there, falling.
    by_file = sorted(results, key=lambda found: found.system.file.encode("utf-16-be"), reverse=True)
    return tuple(sorted(by_file, key=lambda found: found.score, reverse=True))


def _aggregate(worths: list[Fraction], *, whole: bool) -> Fraction:
    total = sum(worths, start=Fraction(0))
    return total if whole or not worths else total / len(worths)
