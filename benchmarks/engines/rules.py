"""The policy that is measured: 40 rules over 24 metrics and 10 facts, and seeded dossiers.

Each rule is one or two alternatives. A metric passes when it is there, its bound is on
the safe side, it is young enough and its evaluator good enough; a fact when it is "yes".
"""

from collections.abc import Callable
from random import Random
from typing import Any

from openweir.policy.program import Check, Join, Leaf, Program, Rule, Slot

RISKS = tuple(f"risk{index}" for index in range(10))
SAFEGUARDS = tuple(f"guard{index}" for index in range(8))
OTHERS = tuple(f"other{index}" for index in range(6))
FACTS = tuple(f"fact{index}" for index in range(10))
Dossier = dict[str, dict[str, Any]]
Test = Callable[[Dossier], bool]
Decide = Callable[[Dossier], tuple[int, list[str]]]
FIELDS = tuple((name, "number") for name in ("age", "hi", "level", "lo"))


def policy(seed: int = 40) -> Program:
    """Return the program; the same for the same seed."""
    random = Random(seed)
    rules = tuple(
        Rule(f"R{index:02}", 1 + index // 8, _alternatives(random, index // 8))
        for index in range(40)
    )
    slots = [Slot(name, FIELDS) for name in (*RISKS, *SAFEGUARDS, *OTHERS)]
    slots += [Slot(name, (("word", "word"),)) for name in FACTS]
    return Program("benchmark 1", "0" * 64, rules, tuple(sorted(slots, key=lambda s: s.name)))


def _alternatives(random: Random, step: int) -> Leaf | Join:
    metrics = random.sample((*RISKS, *SAFEGUARDS, *OTHERS), 2)
    first = _metric(random, metrics[0], step)
    kind = random.random()
    if kind < 0.3:
        return first
    if kind < 0.6:
        return Join(1, (first, _metric(random, metrics[1], step)))
    return Join(1, (first, Leaf(random.choice(FACTS), (Check("word", "in", words=("yes",)),))))


def _metric(random: Random, name: str, step: int) -> Leaf:
    upper = name in RISKS or (name in OTHERS and int(name[-1]) < 3)
    limit = random.randrange(500, 800) - 60 * step
    bound = Check("hi", "at-most", limit) if upper else Check("lo", "at-least", 1000 - limit)
    age = Check("age", "at-most", random.choice((90, 180, 365)))
    return Leaf(name, (bound, age, Check("level", "at-least", random.randrange(1, 4))))


def dossiers(many: int, seed: int = 976) -> list[Dossier]:
    """Return seeded records; how good and how complete they are differs."""
    random = Random(seed)
    return [_dossier(random, random.random() ** 0.35) for _ in range(many)]


def _dossier(random: Random, quality: float) -> Dossier:
    found: Dossier = {}
    for name in (*RISKS, *SAFEGUARDS, *OTHERS):
        if random.random() > 0.5 + quality / 2:
            continue
        good = random.random() < quality
        low = random.randrange(0, 150) if good else random.randrange(0, 900)
        high = min(1000, low + random.randrange(0, 100))
        if not (name in RISKS or (name in OTHERS and int(name[-1]) < 3)):
            low, high = 1000 - high, 1000 - low
        age = random.randrange(0, 80) if good else random.randrange(0, 500)
        level = 3 if good else random.randrange(0, 4)
        found[name] = {"lo": low, "hi": high, "age": age, "level": level}
    for name in FACTS:
        word = random.choices(("yes", "no", "unknown"), (quality, 1 - quality, 0.1))[0]
        found[name] = {"word": word}
    return found


def closures(program: Program, *, unrolled: bool = False) -> Decide:
    """Return the baseline: one plain closure for each rule over closures for its atoms.

    Args:
        program: the rules.
        unrolled: write out the two alternatives of this very policy instead of asking
            `any` of them, which is as far as closures can be pushed by hand.
    """
    join = _either if unrolled else _any
    tests = [(rule.id, rule.tier, _closure(rule.node, join)) for rule in program.rules]

    def decide(record: Dossier) -> tuple[int, list[str]]:
        failing: list[str] = []
        tier = 5
        for name, asked, test in tests:
            if not test(record):
                if not failing:
                    tier = asked - 1
                failing.append(name)
        return tier, failing

    return decide


def _any(tests: tuple[Test, ...]) -> Test:
    return lambda record: any(test(record) for test in tests)


def _either(tests: tuple[Test, ...]) -> Test:
    first, second = tests
    return lambda record: first(record) or second(record)


def _closure(node: Leaf | Join, join: Callable[[tuple[Test, ...]], Test]) -> Test:
    if isinstance(node, Join):
        return join(tuple(_closure(child, join) for child in node.children))
    name = node.slot
    if len(node.checks) == 1:

        def fact(record: Dossier) -> bool:
            found = record.get(name)
            return found is not None and found["word"] == "yes"

        return fact
    bound, age, level = (check.number for check in node.checks)

    def upper(record: Dossier) -> bool:
        found = record.get(name)
        return (
            found is not None
            and found["hi"] <= bound
            and found["age"] <= age
            and found["level"] >= level
        )

    def lower(record: Dossier) -> bool:
        found = record.get(name)
        return (
            found is not None
            and found["lo"] >= bound
            and found["age"] <= age
            and found["level"] >= level
        )

    return upper if node.checks[0].field == "hi" else lower
