"""Find public test data that is not part of the repository."""

from pathlib import Path

import pytest

_REPOSITORY = Path(__file__).resolve().parent.parent


def shared(name: str) -> Path:
    """Return a file or folder of the shared data, or skip the test where it is absent."""
    for base in (_REPOSITORY.parent, _REPOSITORY.parent.parent):
        if (base / "shared" / "data" / name).exists():
            return base / "shared" / "data" / name
    pytest.skip(f"public test data `{name}` is not beside the repository")
