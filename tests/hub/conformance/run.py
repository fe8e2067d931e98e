"""Run huggingface_hub's own tests against a hub of ours.

    python tests/hub/conformance/run.py                 # the list of in-scope.txt
    python tests/hub/conformance/run.py --everything    # every test, to see what is left
    python tests/hub/conformance/run.py --client 1.19.0 # our own checks with another client
    python tests/hub/conformance/run.py --no-xet        # the list, large files by Git LFS

The suite comes from the package index (its digest is pinned here) and is unpacked into a
cache folder; nothing of it is kept in this repository. Its sdist holds the tests without
their fixtures: those are `suite_conftest.py` and `suite_helpers.py` beside this file.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parents[2] / "src"))

import pytest  # noqa: E402 - with the servers of the larger sizes
from served import ENTERPRISE, OTHER, USER, Running, running  # noqa: E402 - beside this file

SUITE, SUITE_SHA256 = "2.4.0", "13a6158b9e3393d9d3f248ce99074d50c2a0a1449fb9d8e2f710751e2084c188"
NEEDED = (
    "pytest>=9,<10",
    "pytest-mock>=3",
    "pytest-asyncio>=1",
    "pytest-timeout>=2",
    "jinja2>=3",
    "jedi",
    # What the suite's tests of logins need.
    "authlib>=1.6",
    "fastapi>=0.120",
    "itsdangerous>=2",
)
DEAD = "http://127.0.0.1:9"
# Modules that name the staging hub in their text; everywhere else that text is data.
LITERAL = ("test_hf_api.py", "test_file_download.py", "test_xet_upload.py")
# Whole modules about what a hub of ours does not have, or about the suite's own source.
APART = re.compile(r"test_(bucket|generate|inference|sandbox|jobs|kernels)")
# What these tell holds only where a file came by Xet.
BY_XET = frozenset(
    {
        "test_hf_file_system.py::TestHfFileSystemRepositoryRO::test_get_file_with_xet",
        "test_snapshot_download.py::TestSnapshotDownload::test_xet_file_skips_per_file_head_call",
    }
)
CLIENT_OF_OURS = "client_checks.py"


class UnreachableError(RuntimeError):
    """The package index does not give what is needed."""


def main() -> int:
    """Run what the command line asks for; 0 when all of the list passed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--client", default=SUITE, help="version of huggingface_hub")
    parser.add_argument("--python", help="an interpreter that has all of it already")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache/openweir-conformance")
    parser.add_argument("--everything", action="store_true", help="not only the list")
    parser.add_argument("--dead", action="store_true", help="without a hub: what fails then?")
    parser.add_argument("--ours", action="store_true", help="our own checks, with any client")
    parser.add_argument("--no-xet", action="store_true", help="by Git LFS, as older clients do")
    parser.add_argument("--workers", default="0", help="processes that share the tests")
    parser.add_argument("--report", type=Path, help="where to write one line per test")
    parser.add_argument("words", nargs="*", help="for pytest")
    asked = parser.parse_args()
    asked.cache.mkdir(parents=True, exist_ok=True)
    python = asked.python or interpreter(asked.cache, asked.client)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if asked.dead:
            hub = Running(
                url=DEAD,
                tokens=dict.fromkeys((USER, OTHER, ENTERPRISE), "hf_" + "0" * 37),
            )
            return suite(asked, folder, python, hub)
        with running(folder / "hub") as hub:
            if asked.client != SUITE or asked.ours:
                return ours(asked, python, hub, folder)
            return suite(asked, folder, python, hub)


def ours(asked: argparse.Namespace, python: str, hub: Running, folder: Path) -> int:
    """Run our own checks with whatever client an interpreter has."""
    done = subprocess.run(
        [python, str(HERE / CLIENT_OF_OURS), hub.url, hub.tokens[USER], hub.tokens[OTHER]],
        env=clean(asked, hub, folder),
        check=False,
    )
    return done.returncode


def suite(asked: argparse.Namespace, folder: Path, python: str, hub: Running) -> int:
    """Run the suite; tell what passed and what did not."""
    tests = unpack(asked.cache, folder, hub)
    listed = listing() - (BY_XET if asked.no_xet else frozenset())
    chosen = asked.words or sorted(listed)
    if asked.everything and not asked.words:
        chosen = sorted(path.name for path in tests.glob("test_*.py") if not APART.match(path.name))
    report = folder / "report.txt"
    words = [python, "-m", "pytest", "-p", "no:cacheprovider", "-c", str(folder / "suite.ini")]
    words += ["--rootdir", str(tests.parent), "-q", "-rA", "--timeout=120", "--tb=short"]
    words += ["-n", asked.workers] if asked.workers != "0" else []
    words += [f"tests/{name}" for name in chosen]
    environment = clean(asked, hub, folder)
    with report.open("wb") as stream:
        subprocess.run(
            words, cwd=tests.parent, env=environment, stdout=stream, stderr=stream, check=False
        )
    text = report.read_text(errors="replace")
    if asked.report:
        asked.report.write_text(text)
    outcome = outcomes(text)
    passed = {name for name, word in outcome.items() if word == "PASSED"}
    wanted = set(outcome) if asked.everything or asked.words else listed
    missing = sorted(wanted - passed)
    for name in missing:
        print(f"{outcome.get(name, 'NOT RUN'):8}{name}")
    print(f"{len(wanted & passed)} of {len(wanted)} passed")
    return 1 if missing else 0


def outcomes(text: str) -> dict[str, str]:
    """Return test -> last word of a pytest report made with `-rA`."""
    found: dict[str, str] = {}
    for line in re.findall(r"^(?:PASSED|FAILED|ERROR) tests/\S+.*$", text, re.MULTILINE):
        word, _, rest = line.partition(" ")
        name = rest.removeprefix("tests/").partition(" - ")[0].strip()
        if found.get(name) not in ("FAILED", "ERROR"):
            found[name] = word
    return found


def listing() -> set[str]:
    """Return the tests of the list: those that fail without a hub and must pass with ours."""
    path = HERE / "in-scope.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def excluded() -> dict[str, str]:
    """Return test -> why it is not on the list."""
    table = tomllib.loads((HERE / "excluded.toml").read_text())
    return {name: entry["reason"] for entry in table["excluded"] for name in entry["tests"]}


def unpack(cache: Path, folder: Path, hub: Running) -> Path:
    """Lay the suite's tests out beside our fixtures and return their folder."""
    archive = cache / f"huggingface_hub-{SUITE}.tar.gz"
    if not archive.exists():
        get = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary",
            ":all:",
        ]
        got = subprocess.run(
            [*get, f"huggingface_hub=={SUITE}", "-d", str(cache)],
            capture_output=True,
            text=True,
            check=False,
        )
        if got.returncode:
            raise UnreachableError(got.stderr.strip().rpartition("\n")[2])
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SUITE_SHA256:
        raise UnreachableError(f"{archive} is not the suite that is pinned here")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    tests = folder / f"huggingface_hub-{SUITE}" / "tests"
    (tests / "__init__.py").touch()
    (tests / "conftest.py").write_text((HERE / "suite_conftest.py").read_text())
    (tests / "testing_utils.py").write_text((HERE / "suite_helpers.py").read_text())
    # The one card that a test sends to the hub; the suite's own are not in its sdist.
    cards = tests / "fixtures" / "cards"
    cards.mkdir(parents=True)
    (cards / "sample_simple.md").write_text("---\nlicense: mit\ntags: [a]\n---\n\n# A card\n")
    constants = tests / "testing_constants.py"
    told = {
        "USER": USER,
        "TOKEN": hub.tokens[USER],
        "OTHER_TOKEN": hub.tokens[OTHER],
        "ENTERPRISE_TOKEN": hub.tokens[ENTERPRISE],
        "ENDPOINT_STAGING": hub.url,
    }
    text = constants.read_text()
    for name, value in told.items():
        text, count = re.subn(rf'^{name} = ".*"$', f'{name} = "{value}"', text, flags=re.MULTILINE)
        assert count == 1, name
    constants.write_text(text)
    for name in LITERAL:
        path = tests / name
        path.write_text(path.read_text().replace("https://hub-ci.huggingface.co", hub.url))
    # The suite runs against what is installed, not against the source beside it.
    (folder / f"huggingface_hub-{SUITE}" / "src").rename(folder / "unused")
    marks = (
        "api",
        "transfer",
        "inference",
        "xet",
        "no_xet",
        "production",
        "deprecated",
        "git_lfs",
        "vcr",
    )
    lines = [
        "[pytest]",
        "asyncio_mode = auto",
        "filterwarnings =",
        "    error::FutureWarning",
        "markers =",
    ]
    (folder / "suite.ini").write_text(
        "\n".join([*lines, *(f"    {mark}: of the suite" for mark in marks)]) + "\n"
    )
    return tests


def clean(asked: argparse.Namespace, hub: Running, folder: Path) -> dict[str, str]:
    """Return an environment in which a client knows our hub and nothing else."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "HUGGING", "PYTEST", "PYTHONPATH"))
    }
    home = folder / "client"
    home.mkdir(exist_ok=True)
    return {
        **kept,
        "HOME": str(home),
        "HF_ENDPOINT": hub.url,
        "HF_HOME": str(home / "hf"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "*",
        **({"HF_HUB_DISABLE_XET": "1"} if asked.no_xet else {}),
    }


def interpreter(cache: Path, client: str) -> str:
    """Return a Python that has this client and pytest, making it if need be."""
    folder = cache / f"client-{client}-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    # What it was made with: an older one is made anew.
    complete, wanted = folder / "complete", [f"huggingface_hub=={client}", "hf_xet"]
    if client == SUITE:
        wanted += NEEDED  # our own checks need nothing but the client
    if not complete.exists() or complete.read_text() != "\n".join(wanted):
        venv.create(folder, with_pip=True, clear=True)
        got = subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", *wanted],
            capture_output=True,
            text=True,
            check=False,
        )
        if got.returncode:
            raise UnreachableError(got.stderr.strip().rpartition("\n")[2])
        complete.write_text("\n".join(wanted))
    return str(python)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (UnreachableError, pytest.skip.Exception) as error:
        print(f"cannot run: {error}")
        sys.exit(3)
