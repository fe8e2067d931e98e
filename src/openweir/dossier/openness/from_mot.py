"""Read the Model Openness Tool's form: the whole document or its `release` part."""

from collections.abc import Mapping
from typing import Any

from openweir.canonical import parse
from openweir.dossier.openness.read_yaml import read_yaml
from openweir.dossier.openness.release import Item, Release
from openweir.errors import DossierError

__all__ = ["KINDS", "is_mot", "release_from_mot", "release_from_mot_json", "release_from_mot_yaml"]

KINDS = ("distribution", "code", "data", "document")
_ABOUT = (
    *("version", "date", "type", "architecture", "treatment", "origin", "producer"),
    *("contact", "repository", "huggingface"),
)
_MAX_LINE_BYTES = 1024 * 1024


def is_mot(document: object) -> bool:
    """Whether a parsed document is MOT's form."""
    return isinstance(document, Mapping) and "framework" in document and "release" in document


def release_from_mot_yaml(data: bytes, *, where: str = "") -> Release:
    """Read one MOT YAML file.

    Raises:
        DossierError: not YAML as `read_yaml` takes it, or not MOT's form.
    """
    return release_from_mot(read_yaml(data, where=where), where=where)


def release_from_mot_json(line: bytes, *, where: str = "") -> Release:
    """Read one release from a line of JSON.

    Raises:
        CanonicalError: not strict JSON, or longer than 1 MiB.
        DossierError: not MOT's form.
    """
    return release_from_mot(parse(line, where=where, max_bytes=_MAX_LINE_BYTES), where=where)


def release_from_mot(document: object, *, where: str = "") -> Release:
    """Read a parsed document: `{framework, release}`, or the release itself.

    Raises:
        DossierError: not an object, or its components are not a list of named objects.
    """
    release = document
    if isinstance(document, Mapping) and isinstance(document.get("release"), Mapping):
        release = document["release"]
    if not isinstance(release, Mapping):
        raise DossierError("expected an object that describes a release", code="mot", where=where)
    components = release.get("components")
    if components is not None and not isinstance(components, list):
        raise DossierError("`components` is not a list", code="mot", where=where)
    return Release(
        name=_text(release.get("name")) or "",
        items=tuple(
            _item(entry, f"{where}: components[{index}]")
            for index, entry in enumerate(components or ())
        ),
        licences=_licences(release.get("license")),
        about=tuple(
            (key, _text(release[key]) or "") for key in _ABOUT if release.get(key) is not None
        ),
    )


def _item(entry: object, where: str) -> Item:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise DossierError("expected an object with a `name`", code="mot-component", where=where)
    # Most components carry a name and nothing else, and thousands of releases are read at once.
    if len(entry) == 1:
        return Item(name=entry["name"])
    return Item(
        name=entry["name"],
        licence=_text(entry.get("license")),
        description=_text(entry.get("description")),
        licence_path=_text(entry.get("license_path")),
        component_path=_text(entry.get("component_path")),
    )


def _licences(stated: object) -> tuple[tuple[str, str, str], ...]:
    """Read the release's own licences; what is not in the form's shape says nothing, as in MOT."""
    if not isinstance(stated, Mapping):
        return ()
    return tuple(
        (kind, _text(part.get("name")) or "", _text(part.get("path")) or "")
        for kind in KINDS
        if isinstance(part := stated.get(kind), Mapping)
    )


def _text(value: Any) -> str | None:
    """Return text as written; null is None; false counts as empty, as in PHP."""
    if value is None or isinstance(value, str):
        return value
    return "" if value is False else str(value)
