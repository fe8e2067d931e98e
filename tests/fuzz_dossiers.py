"""Hostile dossiers, plans, evidence and records: refused, or at most the tier they had before.

Run by the tests with a few thousand, and by `make fuzz` with a million:
`python tests/fuzz_dossiers.py MANY [SEED]`.
"""

import json
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from functools import lru_cache
from random import Random

import decision_cases as cases
import openweir.decision.case as case_room
from openweir.decision import read_case
from openweir.decision.compiled import compiled, program_of, quick_tier
from openweir.decision.record import check_record, record
from openweir.desk.pack import load_pack
from openweir.dossier import Estimate
from openweir.errors import OpenweirError

# The same bytes of evidence give the same value: only what changed is read again.
case_room._evidence = lru_cache(maxsize=256)(case_room._evidence)

AS_OF = date(2026, 6, 1)
STEP = 2_000
DEEP = "[" * 100_000
# Raw JSON that no honest tool writes in these places.
HOSTILE = (
    *("NaN", "Infinity", "-Infinity", "1e400", "-1e400", "-1", "-0.0", "1.5", "null", "[]", "{}"),
    *('""', '"NaN"', '"Infinity"', '"-1"', '"-1e30"', '"1e999999"', '"\\ud800"', '"\\u0000"'),
    *('"9999-12-31"', '"0000-00-00"', '"2026-13-01"', '"\u0430t-most"', "9" * 5000, DEEP),
    *('{"lower": "5", "upper": "-5"}', '{"lower": "-9", "upper": "-5"}', '["unknown", ""]'),
)
LOOKALIKES = {"a": "\u0430", "e": "\u0435", "o": "\u043e", "c": "\u0441", "i": "\u0456"}


def bases():
    """Return (name, files) of cases that reach different tiers, none the most open one."""
    large = Estimate.exactly(2 * 10**25)
    bad = [
        cases.evidence("bio-pe3", "bio.uplift", "PE3", "A5", events=60)
        if item.trial == "bio-pe3"
        else item
        for item in cases.EVIDENCE
    ]
    small = {**cases.FACTS, "training-compute": Estimate.exactly(10**21)}
    found = {
        "no evidence": cases.case({**cases.FACTS, "training-compute": large}, ()),
        "bad evidence": cases.case(items=bad),
        "small": cases.case(small, (), components=()),
        "complete but for components": cases.case(components=()),
        "custom code": cases.case({**small, "custom-code": True}, ()),
    }
    return [(name, cases.case_files(case)) for name, case in found.items()]


def mutated(files, random):
    """Return the files with one of them made hostile."""
    name = random.choice(sorted(files))
    text = files[name].decode()
    kind = random.randrange(10)
    if kind < 4:
        text = _replaced(text, random)
    elif kind == 4:
        text = _twice(text, random)
    elif kind == 5:
        place = random.randrange(len(text))
        text = (
            text[:place] + random.choice(("", "\u202e", "}", '"', ",", "\x00")) + text[place + 1 :]
        )
    elif kind == 6:
        letters = [at for at, letter in enumerate(text) if letter in LOOKALIKES]
        place = random.choice(letters)
        text = text[:place] + LOOKALIKES[text[place]] + text[place + 1 :]
    elif kind == 7:
        text = text[: random.randrange(len(text))]
    else:
        text = _grafted(text, random)
    return {**files, name: text.encode("utf-8", "surrogatepass")}


def _leaves(text):
    """Return where the values of a file's leaves stand: after a colon or alone on a line."""
    found = []
    at = 0
    for line in text.split("\n"):
        stripped = line.strip().rstrip(",")
        value = stripped.split('": ', 1)[-1]
        if value and value not in "{}[]":
            start = at + line.index(stripped) + len(stripped) - len(value)
            found.append((start, start + len(value)))
        at += len(line) + 1
    return found


def _replaced(text, random):
    start, end = random.choice(_leaves(text))
    return text[:start] + random.choice(HOSTILE) + text[end:]


def _grafted(text, random):
    """Put something hostile in the place of a whole branch."""
    value = json.loads(text)
    branches, mark = [(value, key) for key in value], "\uffff"
    for holder, key in branches:
        child = holder[key]
        if isinstance(child, (dict, list)):
            branches += [
                (child, inner)
                for inner in (child if isinstance(child, dict) else range(len(child)))
            ]
    holder, key = random.choice(branches)
    holder[key] = mark
    return json.dumps(value, ensure_ascii=False, indent=2).replace(
        f'"{mark}"', random.choice(HOSTILE)
    )


def _twice(text, random):
    lines = text.split("\n")
    keyed = [line for line in lines if '": ' in line and not line.rstrip().endswith(("{", "["))]
    again = random.choice(keyed).rstrip().rstrip(",")
    index = lines.index(next(line for line in lines if line.strip().startswith(again.strip())))
    key = again.split('": ')[0]
    return "\n".join(
        [*lines[: index + 1][:-1], f'{key}": {random.choice(HOSTILE)},', *lines[index:]]
    )


def fuzz_cases(many, seed=0):
    """Decide `many` hostile cases; return how many were refused, lower or as before."""
    policy, random, counts = load_pack(), Random(seed), Counter()
    known = [(files, quick_tier(read_case(files), policy, AS_OF)[0]) for _, files in bases()]
    for _ in range(many):
        files, before = random.choice(known)
        hostile = mutated(files, random)
        try:
            tier, _ = quick_tier(read_case(hostile), policy, AS_OF)
        except OpenweirError:
            counts["refused"] += 1
            continue
        if tier > before:
            changed = next(name for name in files if files[name] != hostile[name])
            raise AssertionError(f"{before} became {tier}: {changed}\n{hostile[changed].decode()}")
        counts["lower" if tier < before else "as before"] += 1
    return counts


VALUES = (
    *(None, True, False, -1, 1.5, float("nan"), float("inf"), 10**400, -(10**18), "", "x"),
    *("\u0430", [], {}, [None], [""], ["no", "\u0430"], {"word": 1}, b"no", ("no",), 2**53),
)


def fuzz_records(many, seed=0):
    """Answer `many` hostile records; return how many were refused, lower or as before."""
    policy, random, counts = load_pack(), Random(seed), Counter()
    program = program_of(policy)
    decide = compiled(program)
    known = [record(read_case(files), program, AS_OF) for _, files in bases()]
    for _ in range(many):
        said = random.choice(known)
        hostile = dict(said)
        name = random.choice(sorted(said))
        kind = random.randrange(5)
        if kind == 0:
            hostile[name] = random.choice(VALUES)
        elif kind == 1:
            hostile[name.replace("a", "\u0430", 1)] = hostile.pop(name)
        elif kind == 2:
            del hostile[name]
        elif said[name]:
            field = random.choice(sorted(said[name]))
            value = random.choice(VALUES)
            hostile[name] = {**said[name], field if kind == 3 else field + "\u0430": value}
        try:
            tier = decide(check_record(program, hostile))[0]
        except OpenweirError:
            counts["refused"] += 1
            continue
        before = decide(said)[0]
        assert tier <= before, (name, hostile.get(name), said[name])
        counts["lower" if tier < before else "as before"] += 1
    return counts


def _both(job):
    many, seed = job
    return fuzz_records(many // 2, seed), fuzz_cases(many - many // 2, seed)


def main():
    """Fuzz as many as asked, half of them records and half cases, on every processor."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    jobs = [(min(STEP, many - at), first + at // STEP) for at in range(0, many, STEP)]
    begun, records, read = time.perf_counter(), Counter(), Counter()
    with ProcessPoolExecutor() as pool:
        for done, (some, others) in enumerate(pool.map(_both, jobs), 1):
            records, read = records + some, read + others
            print(f"{done} of {len(jobs)}", file=sys.stderr)
    seconds = round(time.perf_counter() - begun)
    print(json.dumps({"many": many, "seconds": seconds, "records": records, "cases": read}))


if __name__ == "__main__":
    main()
