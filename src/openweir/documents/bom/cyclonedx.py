"""Write a dossier as a CycloneDX 1.7 bill of materials for machine learning.

The document is built as plain values and validated against the official schema in the
tests; it never goes through a library's object model, which would drop the model card.

Source: CycloneDX 1.7 (ECMA-424), `modelCard`, `component`, `licenseChoice`, `compositions`.
"""

from collections.abc import Iterator
from datetime import date

from openweir import __version__
from openweir.artifact import show
from openweir.canonical import text
from openweir.digest import is_sha256
from openweir.documents.bom import parts
from openweir.documents.bom.parts import Licence
from openweir.dossier import COMPONENTS, Component, Dossier, DossierFile
from openweir.dossier.exchange import LeftOut, Written, agreed

__all__ = ["cyclonedx"]

_Json = dict[str, object]
_MODEL = "model"
_DATA = {"Datasets": "dataset", "Evaluation data": "dataset", "Model architecture": "configuration"}
_KINDS = {"code": "source-code", "data": "other", "document": "other"}
_SAFETY = {
    "safety-evaluation": "Safety tests the maker published",
    "tamper-evaluation": "Tests after tampering the maker published",
}


def cyclonedx(dossier: Dossier, *, as_of: date | None = None) -> Written:
    """Return the bill of materials.

    Args:
        dossier: of the release.
        as_of: the day the document is dated by; undated by default.
    """
    left_out = list(parts.unknown(dossier))
    licences, why = parts.licence_of_release(dossier)
    if why and any(dossier.facts_of("licence")):
        left_out.append(LeftOut(what="licence", why=why))
    metadata: _Json = {
        "component": _model(dossier, licences),
        "tools": {
            "components": [{"type": "application", "name": "openweir", "version": __version__}]
        },
    }
    if as_of is not None:
        metadata["timestamp"] = parts.instant_of(as_of)
    files = parts.files_by_component(dossier)
    there = parts.present(dossier)
    changed = parts.text_is_modified(dossier)
    components = [
        _component(component, files.get(component.name, ()), changed=changed) for component in there
    ]
    document: _Json = {
        "$schema": "http://cyclonedx.org/schema/bom-1.7.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.7",
        "serialNumber": f"urn:uuid:{parts.document_uuid(dossier, 'cyclonedx', as_of)}",
        "version": 1,
        "metadata": metadata,
        "components": components,
        "dependencies": [
            {"ref": _MODEL, "dependsOn": [component["bom-ref"] for component in components]}
        ],
        "compositions": _compositions(
            dossier, [_reference(component.name) for component in there if component.name in files]
        ),
    }
    return Written(form="cyclonedx", data=text(document), left_out=tuple(left_out))


def _model(dossier: Dossier, licences: tuple[Licence, ...]) -> _Json:
    organisation, name = parts.producer(dossier)
    found: _Json = {
        "type": "machine-learning-model",
        "bom-ref": _MODEL,
        "name": name,
        "modelCard": _model_card(dossier),
        "properties": list(_properties(dossier)),
    }
    if organisation:
        found |= {"group": organisation, "supplier": {"name": organisation}}
    if licences:
        found["licenses"] = list(map(_licence, licences))
    parents = agreed(dossier, "base-model").texts
    if parents:
        found["pedigree"] = {"ancestors": [_parent(parent) for parent in parents]}
    references = list(_references(dossier))
    if references:
        found["externalReferences"] = references
    return found


def _model_card(dossier: Dossier) -> _Json:
    parameters: _Json = {}
    for key, predicate in (("task", "task"), ("modelArchitecture", "architecture")):
        found = agreed(dossier, predicate).text
        if found:
            parameters[key] = show(found, 512)
    datasets: list[_Json] = [
        {"type": "dataset", "name": show(name, 512)} for name in agreed(dossier, "datasets").texts
    ]
    datasets += [
        {"type": "dataset", "name": name, "contents": {"url": parts.path_link(path)}}
        for name, path in parts.croissant_datasets(dossier)
    ]
    if datasets:
        parameters["datasets"] = datasets
    considerations: _Json = {}
    limits = parts.limits(dossier)
    if limits:
        considerations["technicalLimitations"] = list(limits)
    safety = [
        {"name": f"{title}: {show(str(fact.value), 512)}"}
        for predicate, title in _SAFETY.items()
        for fact in dossier.facts_of(predicate)
    ]
    if safety:
        considerations["ethicalConsiderations"] = safety
    card: _Json = {}
    if parameters:
        card["modelParameters"] = parameters
    if considerations:
        card["considerations"] = considerations
    return card


def _properties(dossier: Dossier) -> Iterator[_Json]:
    """Yield digests, every fact whole, and what is not known or not there."""
    # No `hashes` on the model: a folder's digest is not the SHA-256 of any one file.
    for name, value in (
        ("openweir:release-dirhash-sha256", dossier.release_sha256),
        ("openweir:model-dirhash-sha256", dossier.model_sha256),
    ):
        if value is not None:
            yield _property(name, value)
    for fact in dossier.facts:
        yield _property(f"openweir:fact:{show(fact.predicate)}", parts.fact_text(fact))
    for lack in parts.unknown(dossier):
        yield _property("openweir:unknown", f"{lack.what}: {lack.why}")
    for component in dossier.components:
        if component.present == "no":
            yield _property("openweir:not-released", show(component.name))


def _component(component: Component, files: tuple[DossierFile, ...], *, changed: bool) -> _Json:
    found: _Json = {
        "type": "data",
        "bom-ref": _reference(component.name),
        "name": component.name,
        "data": [
            {"type": _DATA.get(component.name) or _KINDS[COMPONENTS.get(component.name, "data")]}
        ],
        "properties": [_property("openweir:certainty", component.certainty.value)],
    }
    licences = parts.licence_of_text(component.licence, changed=changed)
    if licences:
        found["licenses"] = list(map(_licence, licences))
    if files:
        found["components"] = [_file(file) for file in files]
    if parts.is_link(component.reference):
        found["externalReferences"] = [{"type": "distribution", "url": component.reference}]
    elif component.reference:
        found["description"] = f"released: {show(component.reference, 512)}"
    return found


def _file(file: DossierFile) -> _Json:
    return {
        "type": "file",
        "bom-ref": f"file:{file.path}",
        "name": file.path,
        **_hashes(file),
        "properties": [_property("openweir:size-in-bytes", str(file.size))],
    }


def _hashes(file: DossierFile) -> _Json:
    """Return the file's digest; a dossier made without reading the files has none."""
    if not is_sha256(file.sha256):
        return {}
    return {"hashes": [{"alg": "SHA-256", "content": file.sha256}]}


def _licence(licence: Licence) -> _Json:
    if licence.expression:
        return {"expression": licence.expression, "acknowledgement": "declared"}
    named = {"id": licence.identity} if licence.identity else {"name": licence.words}
    return {"license": {**named, "acknowledgement": "declared"}}


def _parent(name: str) -> _Json:
    group, slash, rest = name.partition("/")
    found: _Json = {"type": "machine-learning-model", "name": show(rest or group, 512)}
    if slash and rest:
        found["group"] = show(group, 512)
    return found


def _references(dossier: Dossier) -> Iterator[_Json]:
    """Yield the model card, Croissant descriptions of data, and papers."""
    for file in dossier.files:
        kind = "model-card" if file.component == "Model card" else ""
        if parts.is_croissant(file.path):
            kind = "documentation"
        if kind:
            reference: _Json = {
                "type": kind,
                "url": parts.path_link(file.path),
                **_hashes(file),
            }
            if kind == "documentation":
                reference["comment"] = "Croissant description of a data set"
            yield reference
    for component in parts.present(dossier):
        if component.name in ("Technical report", "Research paper") and parts.is_link(
            component.reference
        ):
            yield {"type": "documentation", "url": component.reference, "comment": component.name}


def _compositions(dossier: Dossier, holders: list[str]) -> list[_Json]:
    """Say how complete the lists are: of files, as far as they could be read; of origins, never."""
    found: list[_Json] = [{"aggregate": "unknown", "dependencies": [_MODEL]}]
    held = {file.path for file in dossier.files}
    unread = any(
        finding.verdict == "refused" and finding.path not in held for finding in dossier.findings
    )
    if holders:
        found.append({"aggregate": "incomplete" if unread else "complete", "assemblies": holders})
    return found


def _reference(component: str) -> str:
    return f"component:{component}"


def _property(name: str, value: str) -> _Json:
    return {"name": name, "value": value}
