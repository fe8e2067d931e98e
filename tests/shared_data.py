"""Public test data that lies beside the repository; tests skip with a reason where it is absent."""

from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parent.parent


def shared(name: str) -> Path:
    """Return a file or folder of the public data, or skip the test."""
    for base in (_REPOSITORY.parent, _REPOSITORY.parent.parent):
        path = base / "shared" / "data" / name
        if path.exists():
            return path
    pytest.skip(f"public data `{name}` is not beside the repository")
