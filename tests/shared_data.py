"""Where the public test data lies, if it is there."""

from pathlib import Path

import pytest

__all__ = ["shared"]

_REPOSITORY = Path(__file__).resolve().parents[1]
_PLACES = (_REPOSITORY.parent / "shared/data", _REPOSITORY.parents[1] / "shared/data")


def shared(name: str) -> Path:
    """Return a file or folder of the public test data; skip the test where it is absent."""
    for place in _PLACES:
        if (place / name).exists():
            return place / name
    pytest.skip(f"the public test data is not here: ../shared/data/{name}")
