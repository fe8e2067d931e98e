"""The YAML between the fences of a model card: bounded, without aliases, as texts.

Source: Hugging Face Hub, model card metadata.
"""

import yaml

from openweir.errors import DossierError

__all__ = ["read_front_matter"]

_MAX_CHARACTERS = 128 * 1024
_MAX_DEPTH = 32
_MAX_EVENTS = 50_000
_FENCE = "---"
# The C parser where PyYAML was built with it; both give the same events.
_LOADER: type = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_front_matter(text: str, *, where: str) -> dict[str, tuple[str, ...]] | None:
    """Read the front matter of a text: each key with its texts; None where there is none.

    Args:
        text: the card, or its beginning.
        where: for messages.

    Raises:
        DossierError: it is not plain YAML: too long, too deep, with aliases, or with a
            key that stands twice.
    """
    matter = _front_matter(text, where)
    if matter is None:
        return None
    return {key: _texts(node) for key, node in _mapping(matter, where).items()}


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
