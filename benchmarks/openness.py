"""4,000 random releases classed by `mof-1.0/mot`, beside reading the same lines with `json`.

The claim: under one second once parsed. The Model Openness Tool itself reads its
licence list anew for each component; it needs a database and PHP, so the baseline
here is the standard library's `json.loads` on the same lines in the same process.
"""

import json
import random
import sys
import time

from openweir.dossier.openness import class_release, mof_rules, release_from_mot_json

COUNT = 4_000
LIMIT_S = 1.0
RULES = ("mof-1.0/mot", "mof-1.0/strict")


def releases() -> list[bytes]:
    """Random releases as JSON lines; the same on every run."""
    rnd = random.Random(20261120)
    rules = mof_rules("mof-1.0/mot")
    names = [component.name for component in rules.components]
    licences = [*sorted(rules.open_ids), "unlicensed", "Undisclosed", "Apache 2.0", "gemma", ""]
    lines = []
    for number in range(COUNT):
        share = rnd.choice((0.2, 0.5, 0.8, 1.0))
        components: list[dict[str, str]] = []
        for name in names:
            if rnd.random() < share:
                own = {"license": rnd.choice(licences)} if rnd.random() < 0.5 else {}
                components.append({"name": name, "description": "d" * 40, **own})
        release = {
            "name": f"release-{number}",
            "producer": "p",
            "license": {"distribution": {"name": rnd.choice(licences), "path": ""}},
            "components": components,
        }
        lines.append(json.dumps(release).encode())
    return lines


def timed(label: str, baseline_s: float | None, work: object) -> float:
    """Run `work` three times; print and return the best time."""
    assert callable(work)
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    best = min(times)
    ratio = "" if baseline_s is None else f"  {best / baseline_s:6.1f} x json.loads"
    print(f"{label:34}{best:8.3f} s  {COUNT / best:10,.0f} releases/s{ratio}")
    return best


def main() -> int:
    """Print the times; 1 when the claim does not hold."""
    lines = releases()
    read = [release_from_mot_json(line) for line in lines]
    baseline = timed("json.loads", None, lambda: [json.loads(line) for line in lines])
    timed("strict reading into releases", baseline, lambda: list(map(release_from_mot_json, lines)))
    worst = 0.0
    for name in RULES:
        rules = mof_rules(name)
        took = timed(
            f"class by {name}",
            baseline,
            lambda rules=rules: [class_release(one, rules) for one in read],
        )
        worst = max(worst, took)
    print(f"claim: {COUNT} classed in under {LIMIT_S} s: {'holds' if worst < LIMIT_S else 'FAILS'}")
    return int(worst >= LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
