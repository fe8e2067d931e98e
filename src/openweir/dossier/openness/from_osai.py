"""Read the European Open Source AI Index: a system's YAML, and the frozen table of March 2025."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass

from openweir.dossier.openness.read_yaml import read_yaml
from openweir.dossier.openness.rule_set import rule_data
from openweir.errors import DossierError

__all__ = [
    "OsaiSystem",
    "is_osai",
    "is_osai_table",
    "system_from_osai",
    "system_from_osai_yaml",
    "systems_from_osai_table",
]

_CLASSES = frozenset({"open", "partial", "closed"})
_MAX_TABLE_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class OsaiSystem:
    """One system with the index's judgement of each parameter.

    Attributes:
        name: of the system.
        file: name of the file it is from; ties in the ranking are broken by it.
        types: `text`, `code`, `image`, `video`, `audio`; () where the table has none.
        classes: (parameter, `open` | `partial` | `closed`) as far as one is stated.
        licence: of what the user gets, as written; "" for none.
    """

    name: str
    file: str
    types: tuple[str, ...]
    classes: tuple[tuple[str, str], ...]
    licence: str = ""

    def judged(self, parameter: str) -> str:
        """Return the class of a parameter, or "" where none is stated."""
        return next((found for name, found in self.classes if name == parameter), "")


def is_osai(document: object) -> bool:
    """Whether a parsed document is a system of the index."""
    return isinstance(document, Mapping) and "system" in document and "licenses" in document


def system_from_osai_yaml(data: bytes, *, file: str) -> OsaiSystem:
    """Read one system's YAML.

    Args:
        data: the file's bytes.
        file: its name.

    Raises:
        DossierError: not YAML as `read_yaml` takes it, or not a system of the index.
    """
    return system_from_osai(read_yaml(data, where=file), file=file)


def system_from_osai(document: object, *, file: str) -> OsaiSystem:
    """Read a parsed system.

    Raises:
        DossierError: there is no `system` with a name and a type.
    """
    top = document if isinstance(document, Mapping) else {}
    system = top.get("system")
    if not isinstance(system, Mapping) or not all(
        isinstance(system.get(key), str) and system[key] for key in ("name", "type")
    ):
        raise DossierError(
            "expected a `system` with a `name` and a `type`",
            code="osai",
            where=file,
            hint="a file of the European Open Source AI Index",
        )
    licence = system.get("endmodellicense")
    return OsaiSystem(
        name=system["name"],
        file=file,
        types=tuple(part.strip() for part in system["type"].split(",")),
        classes=tuple(
            (key, part["class"])
            for key, part in top.items()
            if isinstance(part, Mapping) and part.get("class") in _CLASSES
        ),
        licence=licence if isinstance(licence, str) else "",
    )


def is_osai_table(data: bytes) -> bool:
    """Whether a CSV file begins like the frozen table."""
    head = data[:4096].decode("utf-8", "replace")
    return "opencode.class" in head and "project.llmbase" in head


def systems_from_osai_table(data: bytes, *, where: str = "") -> tuple[OsaiSystem, ...]:
    """Read the frozen table of March 2025: one system a row, 14 features.

    Raises:
        DossierError: not that table, or too long.
    """
    if len(data) > _MAX_TABLE_BYTES or not is_osai_table(data):
        raise DossierError("not the index's table of March 2025", code="osai-table", where=where)
    features = [row.text("name") for row in rule_data("osai-14.toml").read.objects("parameter")]
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError):
        raise DossierError("not a CSV table in UTF-8", code="osai-table", where=where) from None
    return tuple(
        OsaiSystem(
            name=row.get("project.llmbase") or "",
            file=(row.get("source.file") or "").rpartition("/")[2],
            types=(),
            classes=tuple(
                (name, found)
                for name in features
                if (found := row.get(f"{name}.class") or "") in _CLASSES
            ),
            licence=row.get("project.license") or "",
        )
        for row in rows
    )
