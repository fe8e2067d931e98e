"""Test whether one model's weights derive from another's."""

from collections.abc import Callable
from pathlib import Path

from openweir.weights import Comparison, compare

__all__ = ["lineage"]


def lineage(
    first: Path, second: Path, progress: Callable[[int], object] | None = None
) -> Comparison:
    """Compare two model folders; the order does not matter.

    Raises:
        ArtifactError: a folder or header cannot be used.
        WeightsError: numpy is missing, or a file changed meanwhile.
    """
    return compare(first, second, progress)
