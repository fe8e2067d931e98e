"""Other people's clients, fetched once from their package index into a cache folder.

What cannot be fetched skips the test that asks for it, with the reason.
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

__all__ = ["node_with", "python_with"]

CACHE = Path(os.environ.get("OPENWEIR_CLIENTS", Path.home() / ".cache/openweir-conformance"))
_SECONDS = 400


def python_with(*wanted: str, over: bool = False) -> str:
    """Return a Python that has these packages, exactly these versions.

    Args:
        wanted: `name==version`; none of them brings others with it.
        over: whether it sees the packages of this interpreter too.
    """
    name = wanted[0].replace("==", "-")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = CACHE / f"{name}-{version}"
    python, complete = folder / "bin" / "python", folder / "complete"
    seen = [path for path in sys.path if path.endswith("site-packages")] if over else []
    made = "\n".join((*wanted, *seen))
    if not complete.exists() or complete.read_text() != made:
        venv.create(folder, with_pip=True, clear=True)
        _fetch([str(python), "-m", "pip", "install", "--quiet", "--no-deps", *wanted], folder)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "seen.pth").write_text("\n".join(seen))
        complete.write_text(made)
    return str(python)


def node_with(name: str, *wanted: str, optional: bool = False) -> tuple[str, Path]:
    """Return `node` and a folder in which these packages are installed.

    Args:
        name: of the folder in the cache.
        wanted: `package@version`.
        optional: whether what they can do without comes too, such as builds for this machine.
    """
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("node and npm are not installed")
    folder = CACHE / name
    complete = folder / "complete"
    if not complete.exists() or complete.read_text() != "\n".join(wanted):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text("{}")
        # What they bring is not run while it is installed.
        words = ["install", "--silent", "--ignore-scripts"]
        words += [] if optional else ["--omit=optional"]
        _fetch([npm, *words, *wanted], folder)
        complete.write_text("\n".join(wanted))
    return node, folder


def _fetch(words: list[str], folder: Path) -> None:
    got = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    if got.returncode:
        pytest.skip(f"cannot be fetched: {got.stderr.strip().rpartition(chr(10))[2][:200]}")
