"""What lies where the walk of a model folder does not look, and a loader would run."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["loadable_below"]

_MAX_ENTRIES = 1_000_000
# Told by the name alone: code, libraries, scripts, and what is read by unpickling. The
# downloader's own notes (`*.metadata`, `*.lock`, `.gitignore`, `CACHEDIR.TAG`) are none.
_LOADABLE = re.compile(
    r"\.(?:py[cdx]?|sh|bash|bat|cmd|ps1|exe|dll|dylib|so(?:\.\d+)*"
    r"|bin|pt|pth|ckpt|pkl|pickle|joblib)\Z",
    re.IGNORECASE,
)


def loadable_below(root: Path, place: str) -> tuple[str, ...]:
    """Return the files that a loader would run or unpickle, told by their names, sorted.

    What cannot be looked into counts as well: a link to a folder, a folder that cannot be
    listed, and `place` itself when more than 1,000,000 entries lie there.

    Args:
        root: the model folder.
        place: a folder in it, with `/` between parts; it may be absent.

    Returns:
        Paths relative to `root`, with `/` between parts.
    """
    top = root / place
    if top.is_symlink():
        return (place,)
    if not top.is_dir():
        return ()
    return tuple(sorted(path.relative_to(root).as_posix() for path in _found(top)))


def _found(top: Path) -> Iterator[Path]:
    unlisted: list[Path] = []

    def keep(error: OSError) -> None:
        unlisted.append(Path(error.filename))

    seen = 0
    for where, folders, names in os.walk(top, onerror=keep):
        seen += len(folders) + len(names)
        if seen > _MAX_ENTRIES:
            yield top
            break
        yield from (Path(where, name) for name in names if _LOADABLE.search(name))
        yield from (Path(where, name) for name in folders if Path(where, name).is_symlink())
    yield from unlisted
