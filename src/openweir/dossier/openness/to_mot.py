"""Write a release as MOT YAML: passes MOT's schema and reads back to the same class."""

from typing import Any

import yaml

from openweir.dossier.openness.from_mot import KINDS
from openweir.dossier.openness.mof_rules import MOT, mof_rules
from openweir.dossier.openness.release import Item, Release
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
    text = yaml.dump(
        document,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=1_000_000,
        default_flow_style=False,
    )
    return str(text).encode()


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


class _Dumper(yaml.SafeDumper):
    """Quotes every value, so that no reader takes `NO`, `1e25` or a date for something else."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, value in node.value:
            key.style = None
            if isinstance(value, yaml.ScalarNode):
                value.style = '"'
        return node

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True
