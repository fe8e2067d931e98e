"""Which licence covers which files: a folder's own licence text, else the one above it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

__all__ = ["Covered", "coverage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The part of a component under one licence.

    Attributes:
        component: its name.
        licence: as the licence text's verdict says it, or as declared; "" for none.
        files: how many of the component's files.
        of_files: how many it has.
        size: of those files, in bytes.
    """

    component: str
    licence: str
    files: int
    of_files: int
    size: int

    def in_words(self) -> str:
        """Return it as the dossier states it: `exact MIT: 3 of 5 files`."""
        return f"{self.licence or 'no licence'}: {self.files} of {self.of_files} files"

    def to_json(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        return {
            "component": self.component,
            "licence": self.licence,
            "files": self.files,
            "of_files": self.of_files,
            "size": self.size,
        }


def coverage(
    files: Iterable[tuple[str, str, int]], licences: Mapping[str, str], otherwise: str = ""
) -> tuple[Covered, ...]:
    """Return which licences cover each component, and how much of it.

    Args:
        files: path, component and size in bytes of each file.
        licences: by folder (`""` is the top), what its licence text is.
        otherwise: what holds where no licence text stands in or above the folder.
    """
    counts: dict[tuple[str, str], tuple[int, int]] = {}
    totals: dict[str, int] = {}
    for path, component, size in files:
        name = _above(path, licences, otherwise)
        held, held_size = counts.get((component, name), (0, 0))
        counts[component, name] = (held + 1, held_size + size)
        totals[component] = totals.get(component, 0) + 1
    return tuple(
        Covered(
            component=component,
            licence=name,
            files=count,
            of_files=totals[component],
            size=size,
        )
        for (component, name), (count, size) in sorted(counts.items())
    )


def _above(path: str, licences: Mapping[str, str], otherwise: str) -> str:
    for folder in PurePosixPath(path).parents:
        name = "" if str(folder) == "." else str(folder)
        if name in licences:
            return licences[name]
    return otherwise
