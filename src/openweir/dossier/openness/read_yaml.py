"""YAML as text: mappings, lists and strings, nothing resolved, nothing constructed.

`NO` stays `NO`, `1e25` stays `1e25`, a date stays as written; only an empty or
`null` plain scalar is None. Tags, aliases, a second document, a key standing
twice, deep nesting and large files are refused.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from openweir.artifact import show
from openweir.errors import DossierError

__all__ = ["MAX_BYTES", "read_yaml"]

MAX_BYTES = 1024 * 1024
_MAX_DEPTH = 16
_MAX_NODES = 50_000
_NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
# libyaml where PyYAML was built with it: ten times as fast, the same events.
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_yaml(data: bytes, *, where: str = "") -> Any:
    """Return the one document in `data`.

    Args:
        data: UTF-8, at most `MAX_BYTES` long.
        where: the file's name, for errors.

    Raises:
        DossierError: too long, not YAML, or one of the things refused.
    """
    if len(data) > MAX_BYTES:
        raise DossierError(
            f"{len(data)} bytes of YAML are more than the {MAX_BYTES} allowed",
            code="yaml-too-long",
            where=where,
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DossierError("not UTF-8 text", code="yaml", where=where) from None
    events = yaml.parse(text, Loader=_Loader)
    try:
        return _Reader(events, where).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f" in line {mark.line + 1}"
        problem = getattr(error, "problem", None) or "characters that YAML does not allow"
        raise DossierError(
            f"not valid YAML{line}: {show(str(problem), 200)}", code="yaml", where=where
        ) from None


class _Reader:
    """Builds the value from parser events; bounded in depth and size."""

    def __init__(self, events: Iterator[Any], where: str) -> None:
        self._events = events
        self._where = where
        self._nodes = 0

    def document(self) -> Any:
        value: Any = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse("a second document", event)
                value = self._node(next(self._events), 0)
        return value

    def _node(self, event: Any, depth: int) -> Any:
        self._nodes += 1
        if depth > _MAX_DEPTH or self._nodes > _MAX_NODES:
            self._refuse(f"nesting over {_MAX_DEPTH} or over {_MAX_NODES} nodes", event)
        if isinstance(event, yaml.AliasEvent):
            self._refuse("an alias", event)
        if event.tag is not None:
            self._refuse(f"the tag `{show(event.tag)}`", event)
        if isinstance(event, yaml.ScalarEvent):
            plain = not event.style  # libyaml says "", PyYAML itself None
            return None if plain and event.value in _NOTHING else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(depth)
        return self._mapping(depth)

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, str):
                self._refuse("a key that is not text", event)
            if key in found:
                self._refuse(f"the key `{show(key)}` twice in one mapping", event)
            found[key] = self._node(next(self._events), depth + 1)
        return found

    def _refuse(self, what: str, event: Any) -> None:
        raise DossierError(
            f"line {event.start_mark.line + 1} holds {what}, which is refused",
            code="yaml-refused",
            where=self._where,
        )
