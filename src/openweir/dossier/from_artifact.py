"""Translate what was read of a folder into facts; each names its file and place in it."""

from collections.abc import Iterator
from typing import Any

from openweir.artifact import Snapshot, Verdict, VerdictKind
from openweir.dossier.component import component_of
from openweir.dossier.domain import domains_of
from openweir.dossier.dossier import Finding
from openweir.dossier.fact import Estimate, Source
from openweir.dossier.from_data import facts_of_data
from openweir.dossier.from_weights import facts_of_weights
from openweir.dossier.reading import CARD, CONFIG, Reading, flagged

__all__ = ["findings_of", "read_facts"]

_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")


def read_facts(snapshot: Snapshot) -> Reading:
    """Return all that the folder's files say of the release."""
    reading = Reading(snapshot)
    _facts_of_config(reading)
    facts_of_weights(reading)
    facts_of_data(reading)
    _facts_of_card(reading)
    _facts_of_gate(reading)
    return reading


def _facts_of_config(reading: Reading) -> None:
    config = reading.config
    classes = config.get("architectures")
    index = reading.snapshot.json("model_index.json")
    if isinstance(classes, list) and classes and isinstance(classes[0], str):
        reading.add("architecture", classes[0], reading.source(CONFIG, "/architectures/0"))
    elif isinstance(config.get("model_type"), str):
        reading.add("architecture", config["model_type"], reading.source(CONFIG, "/model_type"))
    elif isinstance(index, dict) and isinstance(index.get("_class_name"), str):
        source = reading.source("model_index.json", "/_class_name")
        reading.add("architecture", index["_class_name"], source)
    for prefix, layer in (("", config), ("/text_config", config.get("text_config"))):
        key = next((k for k in _CONTEXT_KEYS if isinstance(layer, dict) and _size(layer, k)), None)
        if key is not None and isinstance(layer, dict):
            reading.add(
                "context-length",
                Estimate.exactly(layer[key]),
                reading.source(CONFIG, f"{prefix}/{key}"),
                unit="token",
            )
            break
    _fact_of_tokenizer(reading)


def _fact_of_tokenizer(reading: Reading) -> None:
    settings = reading.snapshot.json("tokenizer_config.json")
    whole = reading.snapshot.json("tokenizer.json")
    if isinstance(settings, dict) and isinstance(settings.get("tokenizer_class"), str):
        source = reading.source("tokenizer_config.json", "/tokenizer_class")
        reading.add("tokenizer", settings["tokenizer_class"], source)
        return
    model = whole.get("model") if isinstance(whole, dict) else None
    if isinstance(model, dict) and isinstance(model.get("type"), str):
        reading.add("tokenizer", model["type"], reading.source("tokenizer.json", "/model/type"))


def _facts_of_card(reading: Reading) -> None:
    card, snapshot = reading.card, reading.snapshot
    present = snapshot.manifest.find(CARD) is not None
    reading.add("card", present, reading.source(CARD))
    for predicate, texts, key in (
        ("base-model", _parents(reading), "base_model"),
        ("datasets", card.datasets, "datasets"),
        ("languages", card.languages, "language"),
        ("library", card.library_name, "library_name"),
        ("tags", card.tags, "tags"),
        ("task", card.pipeline_tag, "pipeline_tag"),
    ):
        if texts:
            reading.add(predicate, texts, reading.source(CARD, f"front matter: {key}"))
    if reading.licence is not None:
        reading.add("licence", reading.licence, reading.licences.card)
    elif card.stated and reading.licences.licence is None:
        reading.findings.append(flagged(CARD, "no-licence", "the card declares no licence by name"))
    licences = tuple(
        file.path for file in snapshot.manifest.files if component_of(file.path) == "Licence"
    )
    source = reading.source(licences[0]) if licences else reading.source_of_all("all files")
    reading.add("licence-text", bool(licences), source)
    reading.facts.extend(reading.licences.facts)
    reading.findings.extend(reading.licences.findings)
    _facts_of_domain(reading)


def _facts_of_domain(reading: Reading) -> None:
    card, config = reading.card, reading.config
    classes = config.get("architectures")
    labels = [
        *card.tags,
        *card.datasets,
        *_parents(reading),
        card.pipeline_tag,
        card.library_name,
        *(text for text in (classes if isinstance(classes, list) else ()) if isinstance(text, str)),
        str(config.get("model_type", "")),
    ]
    found = domains_of(labels)
    # Silence is no statement: without labels nobody has said that there is no special domain.
    if not found and card.stated:
        found = ("none",)
    for domain in found:
        reading.add(
            "specialised-domain",
            domain,
            reading.source(CARD if card.stated else CONFIG, "labels"),
            method="words in tags, data sets, task, parents and class names",
        )


def _facts_of_gate(reading: Reading) -> None:
    verdicts = reading.snapshot.verdicts
    for predicate, fired in (
        ("custom-code", [v for v in verdicts if "custom-code" in v.rules]),
        ("pickle-files", [v for v in verdicts if "pickle" in v.rules]),
        ("refused-files", [v for v in verdicts if v.verdict is VerdictKind.REFUSED]),
    ):
        source = _first(reading, fired) or reading.source_of_all("all files")
        reading.add(predicate, bool(fired), source, method="gate")


def _first(reading: Reading, fired: list[Verdict]) -> Source | None:
    return reading.source(fired[0].path) if fired else None


def _parents(reading: Reading) -> tuple[str, ...]:
    adapter = reading.snapshot.json("adapter_config.json")
    named = adapter.get("base_model_name_or_path") if isinstance(adapter, dict) else None
    stated = reading.card.base_model
    return stated or ((named,) if isinstance(named, str) and named else ())


def _size(layer: dict[str, Any], key: str) -> bool:
    found = layer.get(key)
    return isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**53


def findings_of(snapshot: Snapshot) -> Iterator[Finding]:
    """Yield every verdict that is not `clean`."""
    for verdict in snapshot.verdicts:
        if verdict.verdict is not VerdictKind.CLEAN:
            yield Finding(
                path=verdict.path,
                verdict=verdict.verdict.value,
                rules=verdict.rules,
                detail=verdict.detail,
            )
