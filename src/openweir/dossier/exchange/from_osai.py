"""Take a system over from the European Open Source AI Index: judgements, links and licence."""

from collections.abc import Mapping
from typing import Any

from openweir import digest
from openweir.artifact import show
from openweir.dossier.dossier import Component
from openweir.dossier.exchange.name import hub_name
from openweir.dossier.exchange.taken import LeftOut, Taken
from openweir.dossier.exchange.to_osai import PARTS
from openweir.dossier.fact import Certainty, Fact, Source, Value
from openweir.dossier.openness.from_osai import OsaiSystem, system_from_osai
from openweir.dossier.openness.read_yaml import read_yaml
from openweir.errors import UsageError
from openweir.instant import parse_day

__all__ = ["take_osai"]

_MAX_TEXT = 512
# Partial weights may be gated, partial documents may be thin: neither is a plain yes or no.
_PRESENT = {"open": "yes", "closed": "no"}


def take_osai(data: bytes, *, file: str) -> Taken:
    """Take one system over.

    Args:
        data: the file's bytes.
        file: its name.

    Raises:
        DossierError: not YAML as it is read here, or not a system of the index.
    """
    document = read_yaml(data, where=file)
    system = system_from_osai(document, file=file)
    about = _mapping(document, "system")
    sha256 = digest.sha256(data)
    left_out: list[LeftOut] = []

    def fact(predicate: str, value: Value, locator: str) -> Fact:
        return Fact(
            predicate=predicate,
            value=value,
            method="stated",
            certainty=Certainty.SECONDARY,
            source=Source(
                kind="publication",
                ref=f"European Open Source AI Index, {show(file)}",
                sha256=sha256,
                locator=locator,
            ),
        )

    facts = [
        fact(predicate, values, locator)
        for predicate, values, locator in (
            (
                "openness-judgements",
                tuple(f"{name}: {verdict}" for name, verdict in system.classes),
                "class of each parameter",
            ),
            ("modalities", tuple(filter(None, map(_shown, system.types))), "system.type"),
        )
        if values
    ]
    if system.licence.strip():
        facts.append(fact("licence", _shown(system.licence), "system.endmodellicense"))
    day, base = _text(about, "releasedate"), _text(about, "basemodelname")
    if day and _is_day(day):
        facts.append(fact("release-date", day, "system.releasedate"))
    elif day:
        left_out.append(LeftOut(what="system.releasedate", why=f"`{show(day)}` is not a day"))
    if base and base != _text(about, "endmodelname"):
        facts.append(fact("base-model", (_shown(base),), "system.basemodelname"))
    left_out += [
        LeftOut(what=f"system.{key}", why="no predicate")
        for key in ("performanceclass", "notes")
        if _text(about, key)
    ]
    components = tuple(_components(document, system))
    left_out += [
        LeftOut(what=f"{name}.class", why="partial is neither present nor absent")
        for name, verdict in system.classes
        if name in PARTS and verdict == "partial"
    ]
    return Taken(
        form="osai",
        title=show(system.name, _MAX_TEXT),
        name=hub_name(_text(about, "link")) or hub_name(_link(document, "weights_endmodel")),
        facts=tuple(facts),
        components=components,
        left_out=tuple(left_out),
    )


def _components(document: Any, system: OsaiSystem) -> list[Component]:
    found = []
    for parameter, name in PARTS.items():
        present = _PRESENT.get(system.judged(parameter), "unknown")
        if not system.judged(parameter):
            continue
        licence = _shown(system.licence) if parameter == "weights_endmodel" else ""
        found.append(_component(name, present, licence, _link(document, parameter)))
    data = {system.judged(f"datasources_{stage}") for stage in ("basemodel", "endmodel")}
    if data != {""}:
        present = _PRESENT.get(data.pop(), "unknown") if len(data) == 1 else "unknown"
        found.append(_component("Datasets", present, "", _link(document, "datasources_basemodel")))
    return found


def _component(name: str, present: str, licence: str, link: str) -> Component:
    return Component(
        name=name,
        present=present,
        licence=licence or None,
        certainty=Certainty.SECONDARY,
        reference=_shown(link) or None,
    )


def _link(document: Any, parameter: str) -> str:
    """Return the first link of a parameter; the form has one or a list."""
    stated = _mapping(document, parameter).get("link")
    first = stated[0] if isinstance(stated, list) and stated else stated
    return first.strip() if isinstance(first, str) else ""


def _mapping(document: Any, key: str) -> Mapping[str, Any]:
    found = document.get(key)
    return found if isinstance(found, Mapping) else {}


def _text(mapping: Mapping[str, Any], key: str) -> str:
    found = mapping.get(key)
    return found.strip() if isinstance(found, str) else ""


def _shown(text: str) -> str:
    return show(text.strip(), _MAX_TEXT)


def _is_day(text: str) -> bool:
    try:
        parse_day(text)
    except UsageError:
        return False
    return True
