"""The house rules that a machine can hold."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import openweir.errors

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "openweir"
MODULES = sorted(SOURCE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = sorted(info.name for info in pkgutil.iter_modules([str(SOURCE)]) if info.ispkg)
MOST_LINES, MOST_FUNCTION_LINES = 400, 80


def relative(paths: list[Path]) -> list[str]:
    """Return how tests name files."""
    return [str(path.relative_to(ROOT)) for path in paths]


def parsed(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def tracked() -> list[Path]:
    """Return every file under version control, or every file if there is no git here."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=False
    )
    if done.returncode == 0:
        found = [ROOT / name.decode() for name in done.stdout.split(b"\0") if name]
    else:
        hidden = {".venv", ".git", "demo", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
        found = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    return [path for path in found if path.is_file()]


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_opens_with_its_page(room):
    """A room's docstring says what comes in, what goes out, and what it never does."""
    page = importlib.import_module(f"openweir.{room}").__doc__ or ""
    assert len(page) > 120, f"openweir.{room} has no page yet"
    if room not in ("cli", "desk"):
        for word in ("In:", "Out:", "Never:"):
            assert word in page


def exports(module: ast.Module) -> list[str] | None:
    """Return `__all__` as written, or None."""
    for node in module.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def public_names(module: ast.Module, *, package: bool) -> set[str]:
    """Return what a module defines, or what a package's `__init__` brings in, publicly."""
    found: set[str] = set()
    for node in module.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
        elif package and isinstance(node, ast.ImportFrom) and node.module != "typing":
            inside = str(node.module).startswith("openweir.")
            found |= {alias.asname or alias.name for alias in node.names if inside}
    return {name for name in found if not name.startswith("_")}


def rank(name: str) -> tuple[int, str]:
    """Return the order of `__all__`: constants, classes, functions, each by name."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("path", MODULES, ids=relative(MODULES))
def test_exports_are_sorted_and_complete(path):
    """`__all__` is in order and equals what the file defines or the package brings in."""
    if path.name == "__main__.py":
        return
    module = parsed(path)
    stated = exports(module)
    defined = public_names(module, package=path.name == "__init__.py")
    if stated is None:
        assert not defined, "public names without `__all__`"
        return
    plain = [name for name in stated if not name.startswith("__")]
    assert plain == sorted(plain, key=rank)
    brought = public_names(module, package=True)
    assert defined <= set(plain) <= brought


@pytest.mark.parametrize("path", MODULES, ids=relative(MODULES))
def test_files_and_functions_stay_readable(path):
    """No file is longer than 400 lines and no function longer than 80."""
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < MOST_FUNCTION_LINES, node.name


def test_nothing_is_called_utils():
    """Names say what a thing is for: no utils, helpers, managers or miscellany."""
    for path in MODULES:
        assert not re.search(r"util|helper|manager|misc|common", str(path.relative_to(SOURCE)))
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                assert not re.search(r"Manager|Helper|Utils?$", node.name), node.name


def test_tests_mirror_rooms():
    """Each folder of tests is a room, the shared nouns, the examples, or what runs them all."""
    folders = {
        path.name
        for path in (ROOT / "tests").iterdir()
        if path.is_dir() and any(path.rglob("test_*.py"))
    }
    assert folders <= {*ROOMS, "nouns", "examples", "whole", "past", "deploy"}


@pytest.mark.parametrize("path", TESTS, ids=relative(TESTS))
def test_every_test_says_what_it_expects(path):
    """Each test has a docstring that states the expectation."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith(
            "test_"
        ):
            assert ast.get_docstring(node), f"{path.name}: {node.name}"


def test_errors_carry_a_code():
    """Every error raised on purpose names its fault with a code in lower-case words."""
    bases = {name for name in dir(openweir.errors) if name.endswith("Error")}
    for path in MODULES:
        for node in ast.walk(parsed(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in bases:
                continue
            codes = [word.value for word in node.keywords if word.arg == "code"]
            assert codes, f"{path.name}:{node.lineno} has no code"
            if isinstance(codes[0], ast.Constant):
                assert re.fullmatch(r"[a-z0-9]+([.-][a-z0-9]+)*", codes[0].value), codes[0].value


def requirement_names(lines: list[str]) -> set[str]:
    """Return the distributions a list of requirements names, in the registry's spelling."""
    found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def test_every_dependency_has_its_reason():
    """docs/dependencies.md names exactly the dependencies of pyproject.toml."""
    project = PROJECT["project"]
    stated = requirement_names(project["dependencies"] + PROJECT["build-system"]["requires"])
    for lines in project["optional-dependencies"].values():
        stated |= requirement_names([line for line in lines if not line.startswith("openweir[")])
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \| \S.{10,}", text, re.MULTILINE)
    assert sorted(rows) == sorted(stated)


@pytest.mark.parametrize("name", ["run", "dev"])
def test_requirements_are_locked_by_hash(name):
    """Every pinned requirement is exact and has a hash, and no registry is named."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > 5
    for entry in entries:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,-]+\])?==\S+", entry), entry[:80]
        assert "--hash=sha256:" in entry, entry[:80]
    assert "://" not in text
    assert "index-url" not in text


def test_no_registry_and_no_machine_in_any_file():
    """No file names a package registry's host or a path of the machine it was made on."""
    hosts = ("pypi" + r"\.org", "python" + "hosted", "registry.npm" + "js", "crates" + r"\.io")
    places = ("(?<![\\w.])/" + "work/", "/" + "root/", "/home/" + r"(?!user\b)\w", "/" + "Users/")
    unwanted = re.compile("|".join((*hosts, *places)).encode())
    for path in tracked():
        if path.stat().st_size > 4_000_000:
            continue
        found = unwanted.search(path.read_bytes())
        assert found is None, f"{path.relative_to(ROOT)}: {found[0] if found else b''!r}"


def test_the_rooms_keep_their_contracts():
    """Imports go down the stack only."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_the_version_is_stated_once():
    """The package's version is the distribution's."""
    assert openweir.__version__ == PROJECT["project"]["version"]
