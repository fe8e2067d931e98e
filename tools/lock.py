"""Resolve requirements/*.txt from pyproject.toml: exact versions, with hashes, for every platform.

Needs `uv` on the path (`pip install uv`). The files name no package registry.

`trial.txt` holds what the tests of tamper trials need on top of `dev.txt`, with a build of
PyTorch for processors: the one on the common index brings gigabytes for graphics cards.
"""

import re
import subprocess
import sys
from pathlib import Path

LOCKS = {"run": ("hub", "build"), "scale-out": ("scale-out", "build"), "dev": ("dev",)}
TRIAL = ("trial", "slurm")
TORCH = "2.13.0"
# SHA-256 of the wheels of that version built for processors, by Python and platform.
TORCH_WHEELS = {
    "cp311 manylinux x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
}
_GRAPHICS = re.compile(r"(nvidia-|cuda-|triton)")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==.*?(?=^[A-Za-z0-9]|\Z)", re.MULTILINE | re.DOTALL)


def compile_pins(source: list[str], output: str, extras: tuple[str, ...]) -> None:
    """Resolve one file."""
    command = [
        "uv",
        "pip",
        "compile",
        *source,
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
        "--output-file",
        output,
    ]
    for extra in extras:
        command += ["--extra", extra]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"could not resolve {output}")


def pins(path: Path) -> dict[str, str]:
    """Return name -> its lines; a name with several markers has them all."""
    found: dict[str, str] = {}
    for match in _PIN.finditer(path.read_text(encoding="utf-8")):
        found[match[1]] = found.get(match[1], "") + match[0]
    return found


def lock_trial() -> None:
    """Resolve `trial.txt`: what `dev.txt` lacks, without what graphics cards need."""
    path = Path("requirements/trial.txt")
    only = Path("requirements/.trial.in")
    only.write_text(f"torch=={TORCH}\npeft\n", encoding="utf-8")
    constraints = ["--constraint", "requirements/dev.txt"]
    try:
        compile_pins(["pyproject.toml", str(only), *constraints], str(path), TRIAL)
    finally:
        only.unlink()
    known = pins(Path("requirements/dev.txt"))
    wanted = {
        name: lines
        for name, lines in pins(path).items()
        if name not in known and not _GRAPHICS.match(name)
    }
    hashes = " \\\n".join(f"    --hash=sha256:{digest}" for digest in TORCH_WHEELS.values())
    wanted["torch"] = f"torch=={TORCH} \\\n{hashes}\n"
    path.write_text("".join(wanted[name] for name in sorted(wanted)), encoding="utf-8")


for lock, extras in LOCKS.items():
    compile_pins(["pyproject.toml"], f"requirements/{lock}.txt", extras)
lock_trial()
