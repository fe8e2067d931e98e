"""An Inspect task as the scorer of a campaign: named by its owner, told apart by digest.

A task file is code. So it is run only where whoever starts a command names it there, in
`plan` and again in `run`; a campaign holds its digest and never its path, and a file inside
a model's folder is refused. Nothing here loads `inspect_ai`.
"""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from openweir.canonical import text
from openweir.digest import sha256
from openweir.errors import TrialError

__all__ = ["InspectTask", "parse_task"]

_MOST_BYTES = 4 * 1024 * 1024
_MOST_FILES = 1000
_EXTRA = "pip install 'openweir[trial-inspect]'"
_WRITTEN = "FILE.py@TASK, or PACKAGE/TASK for one of an installed package"


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectTask:
    """A task of Inspect.

    Attributes:
        name: of the task in its file or package.
        source: the file or the package.
        code: digest of the file and of the Python files beside it, or the package's version.
        library: version of `inspect_ai`.
    """

    name: str
    source: str
    code: str
    library: str

    @property
    def id(self) -> str:
        """Name and version, for the record and for the trial's id; no path is in it."""
        return f"inspect task {self.name} {self.code} inspect_ai {self.library}"

    @property
    def file(self) -> Path | None:
        """The task's file; None for one of a package."""
        return Path(self.source) if self.source.endswith(".py") else None

    def check_outside(self, folder: Path) -> None:
        """Refuse a task that lies in a model's folder: nobody runs what came with the weights.

        Raises:
            TrialError: it does.
        """
        if self.file is not None and self.file.resolve().is_relative_to(folder.resolve()):
            raise TrialError(
                "an Inspect task from a model's folder is never run",
                code="inspect-task",
                where=str(self.file),
                hint="read it, and copy it to a place of your own",
            )


def parse_task(word: str) -> InspectTask:
    """Read `FILE.py@TASK` or `PACKAGE/TASK`, and take its digest; nothing is run.

    Raises:
        TrialError: there is no such file or package, or `inspect_ai` is not installed.
    """
    source, at, name = word.rpartition("@")
    if not at:
        source, _, name = word.partition("/")
    if not source or not name.isidentifier() or bool(at) != source.endswith(".py"):
        raise TrialError(
            f"`{word[:80]}` names no Inspect task",
            code="inspect-task",
            where="--inspect-task",
            hint=_WRITTEN,
        )
    try:
        library = version("inspect_ai")
    except PackageNotFoundError:
        raise TrialError(
            "an Inspect task needs the library `inspect_ai`", code="missing-extra", hint=_EXTRA
        ) from None
    code = _digest(Path(source)) if at else _package(source)
    return InspectTask(name=name, source=source, code=code, library=library)


def _package(name: str) -> str:
    try:
        return f"{name} {version(name)}"
    except (PackageNotFoundError, ValueError):
        raise TrialError(
            f"no package `{name[:60]}` is installed",
            code="inspect-task",
            where="--inspect-task",
            hint=_WRITTEN,
        ) from None


def _digest(file: Path) -> str:
    """Return the first digits of the digest of a file and the Python files beside it."""
    try:
        beside = sorted(one for one in file.parent.glob("*.py") if one.is_file())
        if not file.is_file() or len(beside) > _MOST_FILES:
            raise TrialError(
                "there is no such task file, or too much beside it",
                code="inspect-task",
                where=str(file),
                hint="put the task into a folder of its own",
            )
        digests = {one.name: sha256(_read(one)) for one in beside}
    except OSError as error:
        raise TrialError(
            f"cannot read the task file: {error.strerror}", code="inspect-task", where=str(file)
        ) from None
    return sha256(text({"file": file.name, "files": digests}))[:16]


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise TrialError("a task file is too long", code="inspect-task", where=str(path))
    return data
