"""What a downstream user has of a release, however they got it, before any of it is believed."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath

from openweir.artifact import read_manifest, show
from openweir.desk.case import CaseFolder
from openweir.desk.decide import SIGNED_FOLDERS
from openweir.desk.left_out import loadable_below
from openweir.desk.sign import bundle_of
from openweir.desk.summaries import read_summaries
from openweir.errors import ArtifactError, UsageError
from openweir.hub import Bundle, Check
from openweir.hub.accept import is_statement_file
from openweir.hub.summaries import SUMMARIES

__all__ = ["Obtained", "Way", "from_folder"]

_MAX_STATEMENT_BYTES = 64 * 1024 * 1024
_MAX_STATEMENTS = 10_000
# What a loader would pick up if it lay beside a case that speaks of another folder.
_LOADABLE = frozenset((".bin", ".gguf", ".h5", ".onnx", ".pt", ".pth", ".py", ".safetensors"))


class Way(StrEnum):
    """How the files were obtained; the tier must allow it."""

    OWN_CASE = "own case"
    IN_HAND = "in hand"
    SERVED_TO_ANYONE = "served to anyone"
    SERVED_TO_YOU = "served to you"
    NOT_SERVED = "not served to you"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """A release as found: nothing in it is verified.

    Attributes:
        way: how the files came.
        bundle: decision, signatures and proof.
        inputs: (name, bytes) of dossier, plan, evidence, as far as they are at hand.
        files: (path, size in bytes, SHA-256) of every file, hashed here unless `way` says
            that they were not served.
        asked: the `org/name` that was asked for, where the way of obtaining tells.
        unserved: paths of the files that the hub only lists and did not serve.
        note: what the files check has to add though it holds; "" where there is nothing.
        wrong: what already went wrong on the way.
        summaries: (name, envelope) of the summaries for other tools.
    """

    way: Way
    bundle: Bundle
    inputs: tuple[tuple[str, bytes], ...]
    files: tuple[tuple[str, int, str], ...]
    asked: str | None = None
    unserved: tuple[str, ...] = ()
    note: str = ""
    wrong: tuple[Check, ...] = ()
    summaries: tuple[tuple[str, bytes], ...] = ()


def from_folder(root: Path, progress: Callable[[int], object] | None = None) -> Obtained:
    """Read a folder: a download with `.openweir/`, a Hugging Face cache snapshot, or a case.

    Args:
        root: the folder.
        progress: called with the number of bytes just hashed.

    Raises:
        UsageError: there is no such folder.
    """
    if not root.is_dir():
        raise UsageError(
            f"`{root}` is not a folder",
            code="no-folder",
            hint="a download, a case, or an address such as http://HOST/ORG/NAME",
        )
    # `.openweir` goes first: a case file slipped into a download must not point elsewhere.
    if not (root / ".openweir").exists() and (root / "case.toml").is_file():
        return _from_case(CaseFolder.open(root), progress)
    return _from_download(root, progress)


def _from_case(case: CaseFolder, progress: Callable[[int], object] | None) -> Obtained:
    model = case.declaration().model
    files, wrong = ((), ()) if model is None else _hashed(model, progress)
    beside = tuple(
        Check(
            name="files",
            ok=False,
            detail=f"`{path.name}` lies in the case folder, where no decision covers it",
        )
        for path in sorted(case.root.iterdir())
        if path.suffix in _LOADABLE or path.name == "config.json"
    )
    names = ("case.toml", "dossier.json", "plan.json", "stages.json")
    inputs = [(name, case.path(name).read_bytes()) for name in names if case.path(name).is_file()]
    return Obtained(
        way=Way.OWN_CASE,
        bundle=bundle_of(case),
        inputs=(*inputs, *case.evidence_files(), *_signed(case)),
        summaries=read_summaries(case),
        files=files,
        note="" if model is None or not files else _note(model),
        # A case inside its own model folder has the model's files around it.
        wrong=wrong if model == case.root.resolve() else (*wrong, *beside),
    )


def _signed(case: CaseFolder) -> Iterator[tuple[str, bytes]]:
    for folder in SIGNED_FOLDERS:
        for path in case.listed(folder, "*.dsse.json"):
            data = _statement(path, case.root)
            yield f"{folder}{path.name}", b"" if data is None else data


def _from_download(root: Path, progress: Callable[[int], object] | None) -> Obtained:
    files, wrong = _hashed(root, progress)
    statements: dict[str, bytes] = {}
    strays: list[str] = []
    for path in _below(root / ".openweir"):
        name = PurePosixPath(*path.relative_to(root).parts).as_posix()
        data = _statement(path, root) if is_statement_file(name) else None
        if data is None:
            strays.append(name)
        else:
            statements[name.removeprefix(".openweir/")] = data
    bundle = Bundle(
        decision=statements.pop("decision.json", b""),
        envelope=statements.pop("decision.dsse.json", b""),
        log_proof=statements.pop("decision.tlog-proof", None),
        model_signature=statements.pop("model.sig", None),
    )
    return Obtained(
        way=Way.IN_HAND,
        bundle=bundle,
        inputs=tuple(
            sorted(item for item in statements.items() if not item[0].startswith(SUMMARIES))
        ),
        summaries=tuple(
            sorted(
                (name.removeprefix(SUMMARIES), data)
                for name, data in statements.items()
                if name.startswith(SUMMARIES)
            )
        ),
        files=files,
        asked=_asked(root.resolve()),
        note=_note(root) if files else "",
        wrong=(*wrong, *(_stray(name) for name in sorted(strays))),
    )


def _asked(root: Path) -> str | None:
    """Return the name under which a Hugging Face cache holds a snapshot."""
    kind, _, name = root.parent.parent.name.partition("--")
    if root.parent.name != "snapshots" or kind != "models":
        return None
    return name.replace("--", "/")


def _hashed(
    root: Path, progress: Callable[[int], object] | None
) -> tuple[tuple[tuple[str, int, str], ...], tuple[Check, ...]]:
    try:
        manifest = read_manifest(root, progress)
    except ArtifactError as error:
        place = f"{error.where}: " if error.where else ""
        return (), (Check(name="files", ok=False, detail=f"{place}{error.message}"),)
    files = tuple((file.path, file.size, file.sha256) for file in manifest.files)
    return files, _among_notes(root)


def _among_notes(root: Path) -> tuple[Check, ...]:
    # Nothing that a loader runs belongs to a downloader's notes: who put it there hid it.
    found = loadable_below(root, ".cache/huggingface")
    if not found:
        return ()
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    detail = f"`{show(found[0], 200)}` is loadable and no note of the downloader's{more}"
    return (Check(name="files", ok=False, detail=detail),)


def _note(root: Path) -> str:
    # Clones are legitimate, but the reader must know what no decision covers.
    found = loadable_below(root, ".git")
    if not found:
        return ""
    files = "1 loadable file" if len(found) == 1 else f"{len(found)} loadable files"
    return f"note: {files} under `.git`, which no decision covers, first `{show(found[0], 200)}`"


def _stray(name: str) -> Check:
    return Check(
        name="files", ok=False, detail=f"`{show(name, 200)}` does not belong to the statements"
    )


def _below(folder: Path) -> Iterator[Path]:
    """Yield what lies below a folder, sorted, links not followed, up to a bound."""
    if folder.is_symlink():
        yield folder
        return
    count = 0
    for where, folders, names in os.walk(folder):
        links = [name for name in folders if (Path(where) / name).is_symlink()]
        folders.sort()
        for name in sorted([*names, *links]):
            count += 1
            if count > _MAX_STATEMENTS:
                raise UsageError(
                    f"more than {_MAX_STATEMENTS} statement files",
                    code="too-many",
                    where=str(folder),
                )
            yield Path(where) / name


def _statement(path: Path, root: Path) -> bytes | None:
    """Return the bytes of a regular file of bounded size inside the release, else None."""
    top = root.resolve()
    homes = (top, top.parent.parent / "blobs") if top.parent.name == "snapshots" else (top,)
    try:
        source = path.resolve(strict=True)
        found = source.stat()
        inside = any(source.is_relative_to(home) for home in homes)
        if not (inside and stat.S_ISREG(found.st_mode) and found.st_size <= _MAX_STATEMENT_BYTES):
            return None
        return source.read_bytes()
    except OSError:
        return None
