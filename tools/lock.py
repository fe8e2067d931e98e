"""Resolve requirements/*.txt from pyproject.toml: exact versions, with hashes, for every platform.

Needs `uv` on the path (`pip install uv`). The files name no package registry.
"""

import subprocess
import sys

LOCKS = {"run": ("hub", "build"), "dev": ("dev",)}

for name, extras in LOCKS.items():
    command = [
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--universal",
        "--python-version",
        "3.11",
        "--generate-hashes",
        "--no-header",
        "--no-annotate",
        "--quiet",
        "--output-file",
        f"requirements/{name}.txt",
    ]
    for extra in extras:
        command += ["--extra", extra]
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"could not resolve requirements/{name}.txt")
