"""Walk a model folder: which files it holds, without ever leaving it.

Left out at the top, since they are not part of a release: `.openweir/`
(statements about it), `.git/` and `.cache/huggingface/` (a downloader's notes).
"""

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from openweir.artifact.manifest import Verdict, VerdictKind
from openweir.artifact.show import is_plain, show
from openweir.errors import ArtifactError

__all__ = ["Found", "Listing", "name_fault", "open_found", "walk", "walk_file"]

_LEFT_OUT = frozenset({".openweir", ".git", ".cache/huggingface"})
_MAX_FILES = 100_000
_MAX_DEPTH = 32
_MAX_PATH_BYTES = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One regular file that may be read.

    Attributes:
        path: relative to the folder, `/` between parts.
        source: where its bytes lie; differs from the path only behind an allowed link.
        size: in bytes, when it was found.
    """

    path: str
    source: Path
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a walk found.

    Attributes:
        files: sorted by the bytes of their paths.
        refused: what lies in the folder but was not read: links that leave it, special
            files, names that two systems would spell differently; sorted by path.
    """

    files: tuple[Found, ...]
    refused: tuple[Verdict, ...]

    @property
    def total_bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size for file in self.files)


def walk(root: Path, *, empty: bool = False) -> Listing:
    """List the files of a folder.

    Links are followed only to a regular file inside the folder, or, when the folder is
    a snapshot of a Hugging Face cache (`.../snapshots/REVISION`), inside the `blobs`
    folder that belongs to it.

    Args:
        root: the folder.
        empty: whether a folder without a file that may be read is an answer, not an error.

    Raises:
        ArtifactError: `root` is missing, not a folder, unreadable, empty, or holds more
            than 100,000 files or 32 levels of folders.
    """
    if not root.exists():
        raise ArtifactError(f"`{show(str(root), 400)}` does not exist", code="missing")
    if not root.is_dir():
        raise ArtifactError(f"`{show(str(root), 400)}` is not a folder", code="not-a-folder")
    top = root.resolve()
    homes = (top, top.parent.parent / "blobs") if top.parent.name == "snapshots" else (top,)
    files: list[Found] = []
    refused: list[Verdict] = []
    for found in _entries(top, homes):
        if isinstance(found, Verdict):
            refused.append(found)
        else:
            files.append(found)
        if len(files) + len(refused) > _MAX_FILES:
            raise ArtifactError(
                f"more than {_MAX_FILES} files",
                code="too-many-files",
                where=str(root),
                hint="a release has far fewer: name the model's own folder",
            )
    if not files and not empty:
        raise ArtifactError("no file in it can be read", code="empty", where=str(root))
    return Listing(
        files=tuple(sorted(files, key=lambda file: file.path.encode())),
        refused=tuple(sorted(refused, key=lambda verdict: verdict.path.encode())),
    )


def walk_file(path: Path) -> Listing:
    """List one file, as if it lay alone in its folder.

    Raises:
        ArtifactError: there is nothing at `path`.
    """
    if not path.exists() and not path.is_symlink():
        raise ArtifactError(f"`{show(str(path), 400)}` does not exist", code="missing")
    top = path.parent.resolve()
    fault = name_fault(path.name, path.name)
    if fault is not None:
        return Listing(files=(), refused=(_refuse(path.name, *fault),))
    with os.scandir(top) as children:
        child = next((child for child in children if child.name == path.name), None)
    if child is None:
        raise ArtifactError(f"`{show(str(path), 400)}` does not exist", code="missing")
    found = _file(path.name, child, (top,))
    if isinstance(found, Verdict):
        return Listing(files=(), refused=(found,))
    return Listing(files=(found,), refused=())


def open_found(found: Found) -> BinaryIO:
    """Open a found file for reading bytes, making sure that it still is a regular file.

    Raises:
        ArtifactError: it is gone, unreadable, or was replaced by something else.
    """
    # O_NOFOLLOW: a link put in place since the walk must not lead out of the folder.
    # O_NONBLOCK: a pipe put in place must not hold the reader for ever.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        handle = os.open(found.source, flags)
    except OSError as error:
        raise ArtifactError(
            f"cannot read the file: {error.strerror}", code="unreadable", where=found.path
        ) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ArtifactError("no longer a regular file", code="changed", where=found.path)
    return os.fdopen(handle, "rb")


def _entries(top: Path, homes: tuple[Path, ...]) -> Iterator[Found | Verdict]:
    folders = [("", top, 0)]
    seen = 0
    while folders:
        prefix, folder, depth = folders.pop()
        if depth > _MAX_DEPTH:
            raise ArtifactError(
                f"folders nested deeper than {_MAX_DEPTH}", code="too-deep", where=show(prefix)
            )
        for child in _children(folder):
            path = prefix + child.name
            if path in _LEFT_OUT:
                continue
            fault = name_fault(child.name, path)
            if fault is not None:
                yield _refuse(path, *fault)
            elif child.is_dir(follow_symlinks=False):
                folders.append((path + "/", Path(child.path), depth + 1))
                seen += 1
                if seen > _MAX_FILES:
                    raise ArtifactError(
                        f"more than {_MAX_FILES} folders",
                        code="too-many-files",
                        where=str(top),
                        hint="a release has far fewer: name the model's own folder",
                    )
            else:
                yield _file(path, child, homes)


def _children(folder: Path) -> "Iterator[os.DirEntry[str]]":
    """Yield what lies in one folder, never holding more of it than the caller will take."""
    try:
        with os.scandir(folder) as children:
            yield from children
    except OSError as error:
        raise ArtifactError(
            f"cannot list the folder: {error.strerror}",
            code="unreadable",
            where=show(str(folder), 400),
        ) from None


def _file(path: str, child: "os.DirEntry[str]", homes: tuple[Path, ...]) -> Found | Verdict:
    source = Path(child.path)
    try:
        if child.is_symlink():
            # Resolved once, here; the reader opens what was resolved and follows no more links.
            source = source.resolve(strict=True)
            if not any(source.is_relative_to(home) for home in homes):
                return _refuse(path, "link-out", "a link that leads out of the folder")
        status = source.lstat()
    except (OSError, RuntimeError):
        return _refuse(path, "link-broken", "a link that leads nowhere")
    if stat.S_ISDIR(status.st_mode):
        return _refuse(path, "link-folder", "a link to a folder")
    if not stat.S_ISREG(status.st_mode):
        return _refuse(path, "special-file", "neither a file nor a folder")
    return Found(path=path, source=source, size=status.st_size)


def name_fault(name: str, path: str) -> tuple[str, str] | None:
    """Return rule and sentence against a name; None for a name that may stand.

    Args:
        name: the last part.
        path: all of it.
    """
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "name-encoding", "a name that is not UTF-8"
    if size > _MAX_PATH_BYTES:
        return "name-long", f"a path longer than {_MAX_PATH_BYTES} bytes"
    if not is_plain(name):
        return "name-hidden", "a name with hidden characters"
    if "\\" in name:
        return "name-backslash", "a name with a backslash, which some systems read as a folder"
    if unicodedata.normalize("NFC", name) != name:
        return "name-not-nfc", "a name that is not in Unicode NFC, so that two spellings look alike"
    return None


def _refuse(path: str, rule: str, detail: str) -> Verdict:
    return Verdict(
        path=show(path, _MAX_PATH_BYTES), verdict=VerdictKind.REFUSED, rules=(rule,), detail=detail
    )
