"""How long a proof takes: growing synthetic policies, the shipped pack, and every mutant.

Run: `make bench`, or `python benchmarks/prove.py [--mutants]`. See benchmarks/README.md.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from openweir.decision import VOCABULARY
from openweir.desk.pack import load_pack
from openweir.desk.policy_prove import prove_pack
from openweir.policy import (
    Any,
    Approval,
    Claim,
    ClaimAtom,
    FactAtom,
    Formula,
    Policy,
    Quote,
    Requirement,
)
from openweir.policy.prove import with_cvc5, with_z3
from openweir.policy.prove.laws import Laws
from openweir.policy.prove.mutant import judge_mutant, mutants
from openweir.tier import Tier

SIZES = ((40, 24), (100, 60), (400, 120), (1_000, 300))
MOST_SECONDS = {"suite": 30.0, "largest": 10.0}
QUOTE = Quote(document="d", document_sha256="0" * 64, locator="l", quote="q")
FLAGS = tuple(sorted(name for name, (kind, _) in VOCABULARY.predicates.items() if kind == "flag"))


def synthetic(rules: int, metrics: int, *, seed: int = 0, single: int = 0) -> Policy:
    """Return a policy of so many rules, each met by one atom or by either of two.

    Args:
        rules: how many requirements; every fifth asks a fact instead of a claim.
        metrics: how many claims they are about.
        seed: of the choice of limits and levels.
        single: how many of the claim rules have one atom only; the rest has two.
    """
    chance = random.Random(seed)
    claims = [f"domain{index}.metric" for index in range(metrics)]
    sense = {claim: "at-least" if i % 3 == 2 else "at-most" for i, claim in enumerate(claims)}

    def atom(claim: str) -> ClaimAtom:
        return ClaimAtom(
            claim=claim,
            sense=sense[claim],
            number=Decimal(chance.randrange(10, 90)) / 100,
            # One kind per claim, so that two trials are enough to reach every tier.
            evaluations=(f"PE{claims.index(claim) % 3 + 1}",),
            rung=chance.choice(("A0", "A2", "A3")),
            independence=chance.choice(("contracted", "third-party")),
            access=chance.choice(("AL2", "AL3")),
            shelf_life_days=chance.choice((60, 90, 120, 180)),
            confidence=Decimal("0.95"),
        )

    found: list[Requirement] = []
    asked = 0
    for index in range(rules):
        formula: Formula
        if index % 5 == 4:
            formula = FactAtom(
                predicate=FLAGS[index // 5 % len(FLAGS)],
                test="is",
                words=("no",),
            )
        else:
            several = 1 if asked < single else 2
            picked = [claims[(asked + step * 7) % metrics] for step in range(several)]
            formula = Any(children=tuple(map(atom, picked)))
            asked += 1
        tier = Tier(1 + index * 5 // rules)
        found.append(
            Requirement(
                id=f"R{index}@{tier.word}", tier=tier, text="t", source=QUOTE, formula=formula
            )
        )
    return Policy(
        id=f"synthetic-{rules}",
        version="1",
        issuer="benchmark",
        sha256="0" * 64,
        language=1,
        effective_from=date(2026, 1, 1),
        effective_to=None,
        supersedes=None,
        review_days=180,
        accepted=("read", "verified"),
        claims=tuple(
            Claim(id=c, direction="", unit="proportion", confidence=Decimal("0.95"), text="t")
            for c in claims
        ),
        requirements=tuple(found),
        approvals=(Approval(tier=Tier.SEALED, signatures=1, roles=("developer",)),),
        alternatives=(),
    )


def growing() -> Iterator[dict[str, object]]:
    """Yield I1 on growing policies: writing the questions, Z3 and cvc5 answering them.

    The most open tier must be reachable, else the law would hold of nothing.
    """
    for rules, metrics in SIZES:
        begun = time.perf_counter()
        laws = Laws.of(synthetic(rules, metrics), VOCABULARY, trials=2)
        queries = [*laws.each_atom(), laws.connectives()]
        row: dict[str, object] = {
            "rules": rules,
            "claims": metrics,
            "questions": len(queries),
            "write_ms": milliseconds(begun),
        }
        for name, solve in (("z3", with_z3.solve), ("cvc5", with_cvc5.solve)):
            begun = time.perf_counter()
            row[name] = "/".join(sorted({solve(query).status for query in queries}))
            row[f"{name}_ms"] = milliseconds(begun)
        reached = with_z3.solve(list(laws.reachable())[-1])
        yield row | {
            "agree": row["z3"] == row["cvc5"],
            "fully_open_reached": reached.status == "sat",
        }


def milliseconds(begun: float) -> int:
    """Return how long it is since `begun`."""
    return round((time.perf_counter() - begun) * 1000)


def killed(name: str, policy: Policy, every: int = 1) -> dict[str, object]:
    """Return how many mutants of a policy each gate stops."""
    begun = time.perf_counter()
    counted: dict[str, dict[str, int]] = {}
    survivors = []
    for mutant in list(mutants(policy))[::every]:
        verdict = judge_mutant(mutant, policy, VOCABULARY, with_z3.solve)
        row = counted.setdefault(
            mutant.kind, {"mutants": 0, "equivalent": 0, "by_monotony": 0, "by_difference": 0}
        )
        row["mutants"] += 1
        row["equivalent"] += verdict.equivalent
        row["by_monotony"] += verdict.by_monotony
        row["by_difference"] += verdict.by_difference
        if not (verdict.equivalent or verdict.killed):
            survivors.append(mutant.name)
    return {
        "policy": name,
        "kinds": counted,
        "mutants": sum(row["mutants"] for row in counted.values()),
        "equivalent": sum(row["equivalent"] for row in counted.values()),
        "survivors": survivors,
        "seconds": round(time.perf_counter() - begun, 1),
    }


def main() -> int:
    """Print one JSON object; 1 if a proof fails, is too slow, or a mutant survives."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", action="store_true", help="all mutants, not every seventh")
    every = 1 if parser.parse_args().mutants else 7
    report = prove_pack("openweir-baseline")
    rows = list(growing())
    largest = rows[-1]
    studies = [
        killed("synthetic-36-atoms", synthetic(32, 24, single=16), every),
        killed("openweir-baseline", load_pack(), every),
    ]
    seconds = (int(str(largest["write_ms"])) + int(str(largest["z3_ms"]))) / 1000
    good = (
        report.proved
        and report.milliseconds / 1000 <= MOST_SECONDS["suite"]
        and seconds <= MOST_SECONDS["largest"]
        and all(row["agree"] and row["z3"] == "unsat" and row["fully_open_reached"] for row in rows)
        and not any(study["survivors"] for study in studies)
    )
    found = {
        "benchmark": "prove",
        "suite": {
            "pack": report.policy_id,
            "proved": report.proved,
            "milliseconds": report.milliseconds,
            "invariants": {item.id: item.milliseconds for item in report.findings},
        },
        "monotone": rows,
        "mutants": studies,
        "good": good,
    }
    print(json.dumps(found, indent=2))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
