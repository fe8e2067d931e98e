"""Translate what was read of a folder into facts; each names its file and place in it."""

from collections.abc import Iterator
from typing import Any

from openweir import digest
from openweir.artifact import Snapshot, Verdict, VerdictKind, show
from openweir.dossier.card import Card, read_card
from openweir.dossier.component import component_of
from openweir.dossier.domain import domains_of
from openweir.dossier.dossier import Finding
from openweir.dossier.fact import Certainty, Estimate, Fact, Source, Value
from openweir.dossier.from_licence import read_licences
from openweir.dossier.parameters import count_parameters
from openweir.errors import DossierError

__all__ = ["Reading", "findings_of", "read_facts"]

_CARD = "README.md"
_MAX_TEXT = 512
_CONFIG = "config.json"
_CONTEXT_KEYS = ("max_position_embeddings", "n_positions", "max_sequence_length", "seq_length")
# The Hub writes identifiers in lower case; SPDX does not. Only spellings change here.
_SPDX = {
    spdx.lower(): spdx
    for spdx in (
        "Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Clear", "CC0-1.0",
        "CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0",
        "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-3.0",
        "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0",
        "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0", "C-UDA-1.0",
        "ECL-2.0", "EPL-1.0", "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "ISC", "LPPL-1.3c", "MS-PL",
        "MPL-2.0", "ODC-By-1.0", "OFL-1.1", "OSL-3.0", "PostgreSQL", "Unlicense", "WTFPL", "Zlib",
        "NCSA", "PDDL-1.0", "AFL-3.0", "Artistic-2.0", "BSL-1.0",
    )
}  # fmt: skip
_NO_LICENCE = frozenset({"", "other", "unknown"})


class Reading:
    """What a folder says of itself.

    Attributes:
        facts: unsorted.
        findings: about the card; verdicts are findings of their own.
        card: its front matter; empty when there is none that can be read.
        licence: of the folder's files as the card declares it, or None.
        licences: the licence texts, compared with those on record.
        whole_model: False when the folder holds an adapter only.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        """Read the card."""
        self.snapshot = snapshot
        self.facts: list[Fact] = []
        self.findings: list[Finding] = []
        self.card = self._read_card()
        self.config = self._object(_CONFIG)
        self.licence = _licence(self.card)
        self.licences = read_licences(
            snapshot, self.licence, self.source(_CARD, f"front matter: {self._licence_key()}")
        )
        self.whole_model = not any(
            component_of(file.path) == "Adapters" for file in snapshot.manifest.files
        )

    def add(
        self,
        predicate: str,
        value: Value,
        source: Source,
        *,
        method: str = "read",
        certainty: Certainty = Certainty.READ,
        unit: str | None = None,
    ) -> None:
        """Add one fact about the release; foreign text is made plain and bounded."""
        if isinstance(value, str):
            value = show(value, _MAX_TEXT)
        elif isinstance(value, tuple):
            value = tuple(show(text, _MAX_TEXT) for text in value)
        self.facts.append(
            Fact(
                predicate=predicate,
                value=value,
                unit=unit,
                source=source,
                method=method,
                certainty=certainty,
            )
        )

    def source(self, path: str, locator: str | None = None) -> Source:
        """Return a source that is one file of the folder."""
        entry = self.snapshot.manifest.find(path)
        return Source(
            kind="file", ref=path, sha256=None if entry is None else entry.sha256, locator=locator
        )

    def source_of_all(self, what: str, paths: tuple[str, ...] | None = None) -> Source:
        """Return a source that is many files; its digest is their dirHash."""
        entries = [(f.path, f.sha256) for f in self.snapshot.manifest.files]
        if paths is not None:
            entries = [entry for entry in entries if entry[0] in paths]
            if len(entries) == 1:
                return self.source(entries[0][0])
        return Source(kind="file", ref=what, sha256=digest.dirhash(entries))

    def _licence_key(self) -> str:
        return "license" if self.card.licence.lower() not in _NO_LICENCE else "license_name"

    def _object(self, path: str) -> dict[str, Any]:
        found = self.snapshot.json(path)
        return found if isinstance(found, dict) else {}

    def _read_card(self) -> Card:
        text = self.snapshot.text(_CARD)
        if text is None:
            return Card()
        try:
            return read_card(text.text, where=_CARD)
        except DossierError as error:
            self.findings.append(_finding(_CARD, "broken-card", error.message))
            return Card()


def read_facts(snapshot: Snapshot) -> Reading:
    """Return all that the folder's files say of the release."""
    reading = Reading(snapshot)
    _facts_of_config(reading)
    _facts_of_tensors(reading)
    _facts_of_card(reading)
    _facts_of_gate(reading)
    return reading


def _facts_of_config(reading: Reading) -> None:
    config = reading.config
    classes = config.get("architectures")
    index = reading.snapshot.json("model_index.json")
    if isinstance(classes, list) and classes and isinstance(classes[0], str):
        reading.add("architecture", classes[0], reading.source(_CONFIG, "/architectures/0"))
    elif isinstance(config.get("model_type"), str):
        reading.add("architecture", config["model_type"], reading.source(_CONFIG, "/model_type"))
    elif isinstance(index, dict) and isinstance(index.get("_class_name"), str):
        source = reading.source("model_index.json", "/_class_name")
        reading.add("architecture", index["_class_name"], source)
    for prefix, layer in (("", config), ("/text_config", config.get("text_config"))):
        key = next((k for k in _CONTEXT_KEYS if isinstance(layer, dict) and _size(layer, k)), None)
        if key is not None and isinstance(layer, dict):
            reading.add(
                "context-length",
                Estimate.exactly(layer[key]),
                reading.source(_CONFIG, f"{prefix}/{key}"),
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


def _facts_of_tensors(reading: Reading) -> None:
    snapshot = reading.snapshot
    dtypes = sorted({tensor.dtype for file in snapshot.tensor_files for tensor in file.tensors})
    headers = tuple(file.path for file in snapshot.tensor_files)
    if dtypes:
        reading.add("dtypes", tuple(dtypes), reading.source_of_all("safetensors headers", headers))
    count = count_parameters(snapshot, reading.config)
    if count is None:
        return
    source = reading.source_of_all("safetensors headers", headers)
    if not headers:
        source = reading.source_of_all("all files")
    for predicate, value, method in (
        ("parameters", count.stored, count.method),
        ("active-parameters", count.active, count.active_method),
    ):
        reading.add(
            predicate,
            value,
            source,
            unit="parameter",
            method=method,
            certainty=Certainty.READ if predicate == "parameters" else Certainty.COMPUTED,
        )
    if not reading.whole_model:
        reading.findings.append(
            _finding(
                next(f.path for f in snapshot.manifest.files if component_of(f.path) == "Adapters"),
                "adapter",
                "an adapter: training compute is that of the model it changes, not computed here",
            )
        )


def _facts_of_card(reading: Reading) -> None:
    card, snapshot = reading.card, reading.snapshot
    present = snapshot.manifest.find(_CARD) is not None
    reading.add("card", present, reading.source(_CARD))
    for predicate, texts, key in (
        ("base-model", _parents(reading), "base_model"),
        ("datasets", card.datasets, "datasets"),
    ):
        if texts:
            reading.add(predicate, texts, reading.source(_CARD, f"front matter: {key}"))
    if reading.licence is not None:
        reading.add("licence", reading.licence, reading.licences.card)
    elif card.stated and reading.licences.licence is None:
        reading.findings.append(
            _finding(_CARD, "no-licence", "the card declares no licence by name")
        )
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
            reading.source(_CARD if card.stated else _CONFIG, "labels"),
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


def _licence(card: Card) -> str | None:
    if card.licence.lower() not in _NO_LICENCE:
        return _SPDX.get(card.licence.lower(), card.licence)
    if card.licence.lower() == "other" and card.licence_name:
        return card.licence_name
    return None


def _size(layer: dict[str, Any], key: str) -> bool:
    found = layer.get(key)
    return isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**53


def _finding(path: str, rule: str, detail: str) -> Finding:
    return Finding(
        path=path, verdict=VerdictKind.FLAGGED.value, rules=(rule,), detail=show(detail, 400)
    )


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
