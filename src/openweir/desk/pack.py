"""Find a policy pack: one that ships with Openweir, by name, or a folder."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from openweir.decision import VOCABULARY
from openweir.errors import PolicyError
from openweir.policy import Policy, read

__all__ = [
    "DEFAULT_PACK",
    "accepted_policies",
    "load_pack",
    "pack_files",
    "read_pack",
    "shipped_packs",
]

DEFAULT_PACK = "openweir-baseline"

_SHIPPED = Path(__file__).resolve().parent.parent / "packs"
_MAX_FILES = 500
_MAX_BYTES = 16 * 1024 * 1024


def shipped_packs() -> tuple[str, ...]:
    """Return the names of the packs that ship with Openweir, sorted."""
    return tuple(sorted(path.parent.name for path in _SHIPPED.glob("*/policy.toml")))


def accepted_policies(more: Iterable[str] = ()) -> dict[str, Policy]:
    """Return SHA-256 -> policy of every shipped pack and of those named.

    Raises:
        PolicyError: one of those named does not load.
    """
    packs = [load_pack(name) for name in (*shipped_packs(), *more)]
    return {policy.sha256: policy for policy in packs}


def load_pack(reference: str = DEFAULT_PACK) -> Policy:
    """Read a policy pack.

    Args:
        reference: the name of a shipped pack, which goes first so that a folder in the
            working directory cannot take its place, or the path of a folder.

    Raises:
        PolicyError: there is no such pack, or it does not load.
    """
    return read_pack(pack_files(reference), reference)


def read_pack(files: Mapping[str, bytes], where: str) -> Policy:
    """Read a pack from its files, with the words that decisions know.

    Raises:
        PolicyError: it does not load.
    """
    return read(files, where=where, vocabulary=VOCABULARY)


def pack_files(reference: str) -> dict[str, bytes]:
    """Return path -> bytes of every file of a pack, named as in `load_pack`.

    Raises:
        PolicyError: there is no such pack, or it holds links or too much.
    """
    if reference in shipped_packs():
        return _files(_SHIPPED / reference)
    folder = Path(reference)
    if not folder.is_dir():
        raise PolicyError(
            f"`{reference}` is neither a shipped pack nor a folder",
            code="no-pack",
            hint="shipped: " + ", ".join(shipped_packs()),
        )
    return _files(folder)


def _files(folder: Path) -> dict[str, bytes]:
    """Read every file below `folder`; links and anything past the bounds are refused."""
    found: dict[str, bytes] = {}
    size = 0
    for at, folders, names in os.walk(folder):
        for name in sorted(names + folders):
            path = Path(at) / name
            if path.is_symlink():
                raise PolicyError("a pack holds no links", code="link", where=str(path))
        for name in sorted(names):
            path = Path(at) / name
            try:
                if not path.is_file():
                    raise PolicyError("not a regular file", code="not-a-file", where=str(path))
                size += path.stat().st_size
                if size > _MAX_BYTES or len(found) >= _MAX_FILES:
                    raise PolicyError("the pack is too large", code="too-large", where=str(folder))
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
            except OSError as error:
                raise PolicyError(
                    f"cannot read: {error.strerror}", code="unreadable", where=str(path)
                ) from None
    return found
