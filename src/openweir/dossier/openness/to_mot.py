"""Write a release as MOT YAML: passes MOT's schema and reads back to the same class."""

from typing import Any

from openweir.dossier.openness.from_mot import KINDS
from openweir.dossier.openness.mof_rules import MOT, mof_rules
from openweir.dossier.openness.release import Item, Release
from openweir.dossier.openness.write_yaml import write_yaml
from openweir.errors import DossierError, UsageError
from openweir.instant import parse_day

__all__ = ["mot_yaml"]

_FRAMEWORK = {"name": "Model Openness Framework", "version": "1.0", "date": "2024-12-15"}
_MAX_COMPONENTS = 17
# The words MOT's schema (mof_schema.json at 8b5d30e) takes; others are left out.
_WORDS = {
    "type": (
        *("", "language", "vision", "image", "audio", "video", "3d", "code", "multimodal"),
        "other",
    ),
    "architecture": (
        *("", "transformer", "transformer decoder", "transformer encoder-decoder", "decoder"),
        *("encoder", "diffusion", "RNN", "CNN", "LSTM", "NeRF", "hybrid", "undisclosed", "other"),
    ),
    "treatment": ("pre-trained", "instruct fine-tuned", "chat fine-tuned"),
}


def mot_yaml(release: Release) -> bytes:
    """Return the release as a MOT YAML document.

    Components that the framework does not know are left out: MOT would file them
    under Datasets.

    Raises:
        DossierError: the release has no name.
    """
    if not release.name:
        raise DossierError("MOT asks for the release's name", code="mot-name")
    document = {"framework": _FRAMEWORK, "release": _release(release)}
    return write_yaml(document)


def _release(release: Release) -> dict[str, Any]:
    found: dict[str, Any] = {"name": release.name}
    found |= {
        key: text
        for key, text in release.about
        if text in _WORDS.get(key, (text,)) and (key != "date" or _is_day(text))
    }
    found.setdefault("producer", release.name.partition("/")[0])
    found["license"] = {
        kind: {"name": licence, "path": path}
        for kind in KINDS
        for stated, licence, path in release.licences
        if stated == kind
    }
    known = mof_rules(MOT).by_name
    # INVARIANT: a name that stands twice is written once, as MOT counts it: the last one.
    items = {item.name: item for item in release.items if item.name in known}
    found["components"] = [_component(item) for item in items.values()][:_MAX_COMPONENTS]
    return found


def _component(item: Item) -> dict[str, str]:
    found = {"name": item.name}
    if item.description is not None:
        found["description"] = item.description
    if item.licence is not None:
        found["license"] = item.licence or "unlicensed"
    if item.licence_path is not None:
        found["license_path"] = item.licence_path
    if item.component_path is not None:
        found["component_path"] = item.component_path
    return found


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except UsageError:
        return False
    return True
