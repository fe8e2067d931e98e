"""Chat templates: programs that come with a tokenizer; found and hashed here, never run.

A changed template is a changed release, so each has a digest of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from openweir import digest
from openweir.artifact.manifest import JsonFile, Snapshot

__all__ = ["Template", "templates_of"]

_KEY = "chat_template"
_GGUF_KEY = "tokenizer.chat_template"
_JSON_NAMES = ("tokenizer_config.json", "chat_template.json", "processor_config.json")
_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One chat template.

    Attributes:
        path: the file it stands in.
        locator: JSON pointer or GGUF key in that file; empty when it is the file.
        name: `default`, or the name a tokenizer gives a further one.
    """

    path: str
    locator: str
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Of the text as UTF-8."""
        return digest.sha256(self.text.encode("utf-8", "surrogatepass"))


def templates_of(snapshot: Snapshot) -> tuple[Template, ...]:
    """Return every chat template of a folder, sorted by path and name."""
    found = [template for file in snapshot.json_files for template in _of_json(file)]
    for text in snapshot.text_files:
        if text.path.endswith(".jinja"):
            stem = text.path.rsplit("/", 1)[-1].removesuffix(".jinja")
            name = _DEFAULT if stem == _KEY else stem
            found.append(Template(path=text.path, locator="", name=name, text=text.text))
    for file in snapshot.gguf_files:
        for key, value in file.keys:
            if isinstance(value, str) and (key == _GGUF_KEY or key.startswith(f"{_GGUF_KEY}.")):
                name = key.removeprefix(_GGUF_KEY).removeprefix(".") or _DEFAULT
                found.append(Template(path=file.path, locator=key, name=name, text=value))
    return tuple(sorted(found, key=lambda template: (template.path, template.name)))


def _of_json(file: JsonFile) -> Iterator[Template]:
    held = file.value.get(_KEY) if isinstance(file.value, dict) else None
    if file.path.rsplit("/", 1)[-1] not in _JSON_NAMES or held is None:
        return
    if isinstance(held, str):
        yield Template(path=file.path, locator=f"/{_KEY}", name=_DEFAULT, text=held)
        return
    for index, item in enumerate(held if isinstance(held, list) else ()):
        if isinstance(item, dict) and isinstance(item.get("template"), str):
            name = item.get("name")
            yield Template(
                path=file.path,
                locator=f"/{_KEY}/{index}/template",
                name=name if isinstance(name, str) else _DEFAULT,
                text=item["template"],
            )
