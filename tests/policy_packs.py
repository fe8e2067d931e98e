"""The shipped pack's files, and copies of it with an edit."""

from pathlib import Path

from openweir.decision import VOCABULARY
from openweir.desk.pack import pack_files
from openweir.policy import Policy, read

__all__ = ["BASELINE", "add", "edited", "files", "policy", "write"]

BASELINE = "openweir-baseline"


def files() -> dict[str, bytes]:
    """Return the baseline's files."""
    return pack_files(BASELINE)


def edited(old: str, new: str, name: str = "ladders.csv") -> dict[str, bytes]:
    """Return the baseline's files with one text in one of them replaced once."""
    found = files()
    assert old.encode() in found[name], old
    return {**found, name: found[name].replace(old.encode(), new.encode(), 1)}


def add(text: str, to: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """Return the files with more at the end of `policy.toml`."""
    found = files() if to is None else to
    return {**found, "policy.toml": found["policy.toml"] + b"\n" + text.encode()}


def policy(found: dict[str, bytes] | None = None) -> Policy:
    """Return the policy of some files, the baseline's by default."""
    return read(files() if found is None else found, where="pack", vocabulary=VOCABULARY)


def write(found: dict[str, bytes], folder: Path) -> Path:
    """Write the files of a pack below a folder."""
    for name, data in found.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder
