"""The front matter of a model card: YAML from a stranger, read as text and lists of text.

Source: Hugging Face Hub, model card metadata.
"""

from dataclasses import dataclass

import yaml

from openweir.errors import DossierError

__all__ = ["Card", "read_card"]

_MAX_CHARACTERS = 128 * 1024
_MAX_DEPTH = 32
_MAX_EVENTS = 50_000
_FENCE = "---"
# The C parser where PyYAML was built with it; both give the same events.
_LOADER: type = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the front matter states; empty where it says nothing.

    Attributes:
        stated: whether there is a front matter at all.
        licence: Hub identifier or words; several are joined by commas.
        licence_name, licence_link: for the identifier `other`.
    """

    stated: bool = False
    licence: str = ""
    licence_name: str = ""
    licence_link: str = ""
    base_model: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pipeline_tag: str = ""
    library_name: str = ""


def read_card(text: str, *, where: str = "README.md") -> Card:
    """Read the front matter of a model card.

    Args:
        text: the card, or its beginning.
        where: for messages.

    Raises:
        DossierError: the front matter is not plain YAML: too long, too deep, with
            aliases, or with a key that stands twice.
    """
    matter = _front_matter(text, where)
    if matter is None:
        return Card()
    top = _mapping(matter, where)
    return Card(
        stated=True,
        licence=", ".join(_texts(top.get("license"))),
        licence_name=", ".join(_texts(top.get("license_name"))),
        licence_link=", ".join(_texts(top.get("license_link"))),
        base_model=_texts(top.get("base_model")),
        datasets=_texts(top.get("datasets")),
        languages=_texts(top.get("language")),
        tags=_texts(top.get("tags")),
        pipeline_tag=", ".join(_texts(top.get("pipeline_tag"))),
        library_name=", ".join(_texts(top.get("library_name"))),
    )


def _front_matter(text: str, where: str) -> str | None:
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != _FENCE:
        return None
    taken = 0
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == _FENCE:
            return "\n".join(lines[1:number]) + "\n"
        taken += len(line) + 1
        if taken > _MAX_CHARACTERS:
            _refuse(f"the front matter is longer than {_MAX_CHARACTERS} characters", where)
    _refuse("the front matter is not closed by `---`", where)
    return None


def _mapping(matter: str, where: str) -> dict[str, yaml.Node]:
    try:
        # The events are counted before anything is composed, so that neither a
        # nested bomb nor an alias bomb is ever built.
        _check_events(matter, where)
        node = yaml.compose(matter, Loader=_LOADER)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise DossierError(
            "the front matter is not valid YAML", code="card-yaml", where=where
        ) from None
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        _refuse("the front matter is not a list of keys and values", where)
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value in found:
            _refuse("a key of the front matter stands twice or is not text", where)
        found[key.value] = value
    return found


def _check_events(matter: str, where: str) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(matter, Loader=_LOADER)):
        if isinstance(event, yaml.AliasEvent):
            _refuse("the front matter uses aliases", where)
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            depth += 1
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            depth -= 1
        if depth > _MAX_DEPTH or count > _MAX_EVENTS:
            _refuse("the front matter is nested too deeply or too large", where)


def _texts(node: yaml.Node | None) -> tuple[str, ...]:
    if isinstance(node, yaml.ScalarNode):
        plain = str(node.value).strip()
        return (plain,) if plain not in ("", "null", "~") else ()
    if isinstance(node, yaml.SequenceNode):
        return tuple(text for item in node.value for text in _texts(item))
    return ()


def _refuse(message: str, where: str) -> None:
    raise DossierError(message, code="card", where=where)
