"""Control organisms: raised once, kept in the user's cache, and believed only by their digest.

Every campaign needs the same two or three. The weights of one are kept in
`$XDG_CACHE_HOME/openweir/organisms` (`~/.cache` where that is not set) as
`<what was raised, by which versions>-<SHA-256 of the file>.safetensors`; all other files of its
folder follow from which organism it is, and are written anew. Bytes that are not those of the
name are not used, and a cache that cannot be read or written is as good as an empty one.
A control is worth what it does in its campaign, wherever it comes from: one that does not break,
or does not hold, makes the batch invalid.
"""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from openweir import __version__
from openweir.canonical import compact
from openweir.desk.case import write_atomically
from openweir.desk.trial.organism import raise_one, steps_to_raise
from openweir.digest import sha256
from openweir.errors import CaseError
from openweir.trial.organism import METHOD, Organism, write_organism

__all__ = ["organisms_kept", "put_control"]

_WEIGHTS = "model.safetensors"
_MOST_BYTES = 64 * 1024 * 1024


def put_control(
    organism: Organism, place: Path, progress: Callable[[int], object] | None = None
) -> None:
    """Put a control where it is missing: from the cache, or else raised, and then kept there.

    Args:
        organism: which one.
        place: its folder, new or empty.
        progress: called with the number of steps done or saved.

    Raises:
        TrialError: the folder cannot be written.
    """
    name = _name(organism)
    weights = None if name is None else _kept(name)
    if weights is not None:
        write_organism(organism, weights, place)
        if progress is not None:
            progress(steps_to_raise(organism))
        return
    raise_one(organism, place, progress=progress)
    if name is not None:
        raised = (place / _WEIGHTS).read_bytes()
        with suppress(CaseError):
            write_atomically(organisms_kept() / f"{name}-{sha256(raised)}.safetensors", raised)


def organisms_kept() -> Path:
    """Return the folder of the user's cache that weights of controls are kept in."""
    stated = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification of base directories has relative paths ignored.
    root = stated if stated.is_absolute() else Path.home() / ".cache"
    return root / "openweir" / "organisms"


def _name(organism: Organism) -> str | None:
    """Return what decides the weights, as a digest; None where there is no torch to ask."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        return None
    said = {
        "method": [METHOD, __version__, torch],
        "variant": organism.variant,
        "size": repr(asdict(organism.size)),
        "seed": organism.seed,
    }
    return sha256(compact(said))[:32]


def _kept(name: str) -> bytes | None:
    """Return the kept weights whose digest is the one they are named by; None for none."""
    with suppress(OSError):
        for path in sorted(organisms_kept().glob(f"{name}-*.safetensors")):
            data = _read(path)
            if data is not None and path.name == f"{name}-{sha256(data)}.safetensors":
                return data
    return None


def _read(path: Path) -> bytes | None:
    """Return a plain file of bounded size; None for a link, a device or a broken disk."""
    try:
        # Without waiting: what lies there may be a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        state = os.fstat(handle)
        if not stat.S_ISREG(state.st_mode) or state.st_size > _MOST_BYTES:
            return None
        with suppress(OSError):
            return stream.read(_MOST_BYTES)
    return None
