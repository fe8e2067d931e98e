"""What headers and settings say of the weights: parameters, experts, formats, templates."""

from decimal import Decimal

from openweir.artifact import GgufFile, TensorFile, show, templates_of
from openweir.dossier.component import component_of
from openweir.dossier.fact import Certainty, Estimate, Source
from openweir.dossier.parameters import Count, count_parameters, stated_experts
from openweir.dossier.reading import CONFIG, Reading, flagged

__all__ = ["facts_of_weights"]


def facts_of_weights(reading: Reading) -> None:
    """Add what the tensors' headers say, and what the configuration says of the same things."""
    snapshot = reading.snapshot
    headers: list[TensorFile | GgufFile] = [*snapshot.tensor_files, *snapshot.gguf_files]
    dtypes = sorted({tensor.dtype for file in headers for tensor in file.tensors})
    paths = tuple(file.path for file in headers)
    named = "headers" if snapshot.gguf_files else "safetensors headers"
    if dtypes:
        reading.add("dtypes", tuple(dtypes), reading.source_of_all(named, paths))
    count = count_parameters(snapshot, reading.config)
    if count is not None:
        source = reading.source_of_all(named, paths)
        if not headers:
            source = reading.source_of_all("all files")
        _add_count(reading, count, source)
    _facts_of_settings(reading)
    for file in snapshot.gguf_files:
        _facts_of_gguf(reading, file)
    _facts_of_templates(reading)
    if not reading.whole_model:
        adapters = [f.path for f in snapshot.manifest.files if component_of(f.path) == "Adapters"]
        reading.findings.append(
            flagged(
                (adapters or list(paths))[0],
                "adapter",
                "an adapter: training compute is that of the model it changes, not computed here",
            )
        )


def _add_count(reading: Reading, count: Count, source: Source) -> None:
    reading.add("parameters", count.stored, source, unit="parameter", method=count.method)
    reading.add(
        "active-parameters",
        count.active,
        source,
        unit="parameter",
        method=count.active_method,
        certainty=Certainty.COMPUTED,
    )
    if count.adapter is not None:
        reading.add("adapter-parameters", count.adapter, source, unit="parameter", method="headers")
    for predicate, unit, numbers in (
        ("experts", "expert", count.experts),
        ("weight-bits", "bit", count.bits),
    ):
        if numbers:
            reading.add(
                predicate,
                Estimate(lower=Decimal(min(numbers)), upper=Decimal(max(numbers))),
                source,
                unit=unit,
                method="shapes of tensors",
            )


def _facts_of_settings(reading: Reading) -> None:
    """Add what `config.json` says of experts and packing, beside what the tensors say."""
    experts, chosen, at, chosen_at = stated_experts(reading.config)
    # One expert of one is how dense models of some families write that they are dense.
    if experts is not None and experts > 1:
        source = reading.source(CONFIG, at)
        reading.add("experts", Estimate.exactly(experts), source, unit="expert")
    if chosen is not None and experts is not None and experts > 1:
        source = reading.source(CONFIG, chosen_at)
        reading.add("experts-per-token", Estimate.exactly(chosen), source, unit="expert")
    settings = reading.config.get("quantization_config")
    bits = settings.get("bits") if isinstance(settings, dict) else None
    if isinstance(bits, int) and not isinstance(bits, bool) and 1 <= bits <= 16:
        source = reading.source(CONFIG, "/quantization_config/bits")
        reading.add("weight-bits", Estimate.exactly(bits), source, unit="bit")


def _facts_of_gguf(reading: Reading, file: GgufFile) -> None:
    family = file.text("general.architecture")
    if file.text("general.type") in ("adapter", "mmproj") or family == "clip":
        return
    if family is not None and not any(fact.predicate == "architecture" for fact in reading.facts):
        reading.add("architecture", family, reading.source(file.path, "general.architecture"))
    for predicate, key, unit in (
        ("context-length", f"{family}.context_length", "token"),
        ("experts", f"{family}.expert_count", "expert"),
        ("experts-per-token", f"{family}.expert_used_count", "expert"),
    ):
        number = file.integer(key)
        if number is None or not 0 < number < 2**53:
            continue
        value = Estimate.exactly(number)
        # Variants of one model say the same; one of them is enough.
        if (predicate, value) not in {(fact.predicate, fact.value) for fact in reading.facts}:
            reading.add(predicate, value, reading.source(file.path, key), unit=unit)
    tokenizer = file.text("tokenizer.ggml.model")
    if tokenizer is not None and not any(fact.predicate == "tokenizer" for fact in reading.facts):
        reading.add("tokenizer", tokenizer, reading.source(file.path, "tokenizer.ggml.model"))
    licence = file.text("general.license")
    if licence is not None:
        source = reading.source(file.path, "general.license")
        reading.add("licence", reading.spdx(licence), source)
    for predicate, prefix in (
        ("base-model", "general.base_model"),
        ("datasets", "general.dataset"),
    ):
        names = _named(file, prefix)
        # What the card says of parents and data is the maker's own list; this one is a copy.
        if names and not getattr(reading.card, predicate.replace("-", "_")):
            reading.add(predicate, names, reading.source(file.path, prefix))


def _named(file: GgufFile, prefix: str) -> tuple[str, ...]:
    """Return the repositories or names of a numbered group of keys."""
    found = []
    for index in range(min(file.integer(f"{prefix}.count") or 0, 64)):
        link = file.text(f"{prefix}.{index}.repo_url")
        name = file.text(f"{prefix}.{index}.name")
        hub = (link or "").removeprefix("https://huggingface.co/")
        if link and hub != link and hub.count("/") == 1:
            found.append(hub)
        elif name or link:
            found.append(name or link or "")
    return tuple(found)


def _facts_of_templates(reading: Reading) -> None:
    templates = templates_of(reading.snapshot)
    for template in templates:
        if template.name == "default":
            source = reading.source(template.path, template.locator or None)
            reading.add("chat-template", template.sha256, source, method="SHA-256 of the text")
    further: dict[str, set[str]] = {}
    for template in templates:
        if template.name != "default":
            further.setdefault(template.path, set()).add(
                f"{show(template.name, 80)}={template.sha256}"
            )
    for path, names in sorted(further.items()):
        reading.add(
            "chat-template-variants",
            tuple(sorted(names)),
            reading.source(path),
            method="SHA-256 of the text",
        )
