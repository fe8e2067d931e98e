"""A release as the Model Openness Framework describes one: components and their licences."""

from dataclasses import dataclass

__all__ = ["Item", "Release"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One component that a release says it has.

    Attributes:
        name: the component's name, which may be none of the framework's.
        licence: as written; "" says unlicensed; None leaves it to the release's own licences.
        description, licence_path, component_path: as written, for the way out.
    """

    name: str
    licence: str | None = None
    description: str | None = None
    licence_path: str | None = None
    component_path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What one release says of itself.

    Attributes:
        name: of the release; "" where it is not said.
        items: its components in the order written; a name may stand twice.
        licences: (kind, licence, path) for `distribution`, `code`, `data`, `document`.
        about: (key, text) of the other fields of MOT's form, in the order written.
    """

    name: str
    items: tuple[Item, ...] = ()
    licences: tuple[tuple[str, str, str], ...] = ()
    about: tuple[tuple[str, str], ...] = ()

    def field(self, key: str) -> str:
        """Return a field of MOT's form, or ""."""
        return next((text for name, text in self.about if name == key), "")
