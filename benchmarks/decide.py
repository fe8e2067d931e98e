"""How long `openweir decide` takes from a cold start, beside a Python that does nothing.

Run: `make bench`, or `python benchmarks/decide.py [CASE]`. See benchmarks/README.md.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CASE = ROOT / "examples" / "releases" / "olmo-3-32b"
RUNS = 15
HEAVY = ("numpy", "torch", "z3", "starlette", "sqlalchemy", "jinja2", "huggingface_hub")


def seconds(command: list[str], environment: dict[str, str]) -> float:
    """Return how long one run takes."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def loaded(command: list[str], environment: dict[str, str]) -> list[str]:
    """Return the names of the modules one run imports."""
    done = subprocess.run(
        [command[0], "-X", "importtime", *command[1:]],
        check=True,
        env=environment,
        capture_output=True,
        text=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return [line.split("|")[-1].strip() for line in lines[1:]]


def main() -> int:
    """Print one JSON object; 1 if a heavy library was loaded."""
    case = Path(sys.argv[1]) if len(sys.argv) > 1 else CASE
    decide = [sys.executable, "-m", "openweir", "decide", str(case), "--as-of", "2026-11-20"]
    bare = [sys.executable, "-c", "pass"]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "OPENWEIR_HOME": home}
        names = loaded([*decide, "--json"], environment)
        heavy = sorted({name.split(".")[0] for name in names} & set(HEAVY))
        # Taken in turns, so that a busy moment of the machine falls on both.
        turns = [
            (seconds([*decide, "--json"], environment), seconds(bare, environment))
            for _ in range(RUNS)
        ]
    ours = statistics.median(turn[0] for turn in turns)
    idle = statistics.median(turn[1] for turn in turns)
    print(
        json.dumps(
            {
                "benchmark": "decide",
                "case": case.name,
                "runs": RUNS,
                "decide_ms": round(ours * 1000, 1),
                "bare_python_ms": round(idle * 1000, 1),
                "ratio": round(ours / idle, 2),
                "modules": len(names),
                "heavy_modules": heavy,
            },
            indent=2,
        )
    )
    return 1 if heavy else 0


if __name__ == "__main__":
    sys.exit(main())
