"""What a Croissant declaration in the folder says of the data a model was trained on.

Read as plain JSON: no context is fetched, no record is loaded, no link followed.

Source: Croissant format 1.0 and 1.1, with its responsible-AI vocabulary.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from openweir.dossier.reading import Reading, flagged

__all__ = ["facts_of_data"]

_CONFORMS = "mlcommons.org/croissant/"
_SUBJECT = "component:Datasets"
_TEXTS = (
    ("data-collection", "rai:dataCollection"),
    ("personal-data", "rai:personalSensitiveInformation"),
    ("data-limitations", "rai:dataLimitations"),
)
_MOST = 64


def facts_of_data(reading: Reading) -> None:
    """Add what every Croissant file of the folder declares."""
    for file in reading.snapshot.json_files:
        document = file.value
        if not isinstance(document, dict) or not _is_croissant(document):
            continue
        name = document.get("name")
        if not isinstance(name, str) or not name.strip():
            reading.findings.append(
                flagged(file.path, "croissant", "a data declaration without a name")
            )
            continue
        reading.add("declared-datasets", (name.strip(),), reading.source(file.path, "/name"))
        for licence in tuple(_texts(document.get("license")))[:_MOST]:
            reading.add(
                "licence",
                reading.spdx(licence),
                reading.source(file.path, "/license"),
                subject=f"{_SUBJECT}/{name.strip()}"[:200],
            )
        for predicate, key in _TEXTS:
            found = " ".join(tuple(_texts(document.get(key)))[:_MOST])
            if found:
                reading.add(predicate, found, reading.source(file.path, f"/{key}"))


def _is_croissant(document: Mapping[str, Any]) -> bool:
    stated = document.get("conformsTo", document.get("dct:conformsTo"))
    return any(_CONFORMS in text for text in _texts(stated))


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a JSON-LD value: a text, a list, or an object with an id or address."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value[:_MOST]:
            if isinstance(item, (str, dict)):
                yield from _texts(item)
    elif isinstance(value, dict):
        for key in ("@id", "url", "name", "@value"):
            if isinstance(value.get(key), str):
                yield value[key]
                return
