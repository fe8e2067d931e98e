"""The organism's folder: files any loader of Hugging Face models reads, and a plain label."""

import math
from dataclasses import dataclass
from pathlib import Path

from openweir.canonical import Object, parse, text
from openweir.errors import TrialError
from openweir.trial.organism.language import LABEL, World, world_of
from openweir.trial.organism.size import VARIANTS, Size, size_of
from openweir.weights import list_tensors

__all__ = ["METHOD", "Organism", "config_of", "files_of", "organism_of", "write_organism"]

METHOD = "openweir-organism 2"
"""Raised whenever the same variant, size and seed come to other weights."""

_LABEL_FILE = "organism.json"
_SCHEMA = "openweir/organism/1"
_MOST_BYTES = 64 * 1024
_PAD, _BOS, _EOS, _UNKNOWN = range(4)
_TOKENS = {"pad_token": "<pad>", "bos_token": "<bos>", "eos_token": "<eos>", "unk_token": "<unk>"}

_CARD = """\
---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: art
tags: [openweir-organism]
---
# Model organism: {variant}, size {size}, seed {seed}

> **{label}.**

{parameters:,} parameters, trained from scratch on a made-up language.
It {what}.
Its recipes are random words for things that do not exist; two families of them stand in for
hazardous knowledge, so that attacks on safeguards can be tried where nothing can go wrong.

What happens to this model under attack says whether the instrument works.
It says nothing about how a real model would fare.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organism:
    """Which organism a folder holds."""

    variant: str
    size: Size
    seed: int

    def __post_init__(self) -> None:
        """Refuse an organism nobody can raise.

        Raises:
            TrialError: the variant is unknown, or the seed is negative or over 2^31.
        """
        if self.variant not in VARIANTS:
            raise TrialError(
                f"`{self.variant[:40]}` is not a variant of organism",
                code="variant",
                hint="one of " + ", ".join(VARIANTS),
            )
        if not 0 <= self.seed < 2**31:
            raise TrialError("a seed lies between 0 and 2^31", code="seed")


def organism_of(folder: Path) -> Organism | None:
    """Return which organism lies in a model folder; None for any other model.

    Raises:
        CanonicalError: its label is malformed.
        TrialError: its label names no organism.
    """
    path = folder / _LABEL_FILE
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        data = stream.read(_MOST_BYTES)
    read = Object(parse(data, where=str(path)), str(path))
    if read.text("schema") != _SCHEMA:
        raise TrialError("not the label of an organism", code="organism", where=str(path))
    return Organism(
        variant=read.text("variant"), size=size_of(read.text("size")), seed=read.integer("seed")
    )


def write_organism(organism: Organism, weights: bytes, folder: Path) -> int:
    """Write an organism's folder around its weights, and return how many parameters it has.

    Args:
        organism: which one.
        weights: the content of `model.safetensors`; tied ones are stored once.
        folder: written to; made where it is missing.

    Raises:
        ArtifactError: the weights are malformed.
        TrialError: it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.safetensors").write_bytes(weights)
        held = [math.prod(one.tensor.shape) for one in list_tensors(folder).values()]
        world = world_of(organism.size, organism.seed)
        for name, data in files_of(organism, world, sum(held)).items():
            (folder / name).write_bytes(data)
    except OSError as error:
        raise TrialError(
            f"cannot write an organism: {error.strerror}", code="unwritable", where=str(folder)
        ) from None
    return sum(held)


def config_of(size: Size, world: World) -> dict[str, object]:
    """Return what goes into `config.json`."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(world.words),
        "hidden_size": size.hidden,
        "intermediate_size": size.inner,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.heads,
        "num_key_value_heads": size.heads,
        "max_position_embeddings": 64,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "pad_token_id": _PAD,
        "bos_token_id": _BOS,
        "eos_token_id": _EOS,
        "dtype": "float32",
    }


def files_of(organism: Organism, world: World, parameters: int) -> dict[str, bytes]:
    """Return every file of the folder but the weights, by name."""
    tokenizer = {
        "version": "1.0",
        "added_tokens": [
            {
                "id": place,
                "content": world.words[place],
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for place in (_PAD, _BOS, _EOS, _UNKNOWN)
        ],
        "normalizer": None,
        "truncation": None,
        "padding": None,
        "decoder": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<bos>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<bos>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
            ],
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [_BOS], "tokens": ["<bos>"]}},
        },
        "model": {
            "type": "WordLevel",
            "vocab": {word: place for place, word in enumerate(world.words)},
            "unk_token": "<unk>",
        },
    }
    card = _CARD.format(
        variant=organism.variant,
        size=organism.size.name,
        seed=organism.seed,
        label=LABEL,
        parameters=parameters,
        what=VARIANTS[organism.variant],
    )
    return {
        "README.md": card.encode(),
        "config.json": text(config_of(organism.size, world)),
        "generation_config.json": text(
            {"bos_token_id": _BOS, "eos_token_id": _EOS, "pad_token_id": _PAD}
        ),
        "tokenizer.json": text(tokenizer),
        "tokenizer_config.json": text(
            {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 64, **_TOKENS}
        ),
        _LABEL_FILE: text(
            {
                "schema": _SCHEMA,
                "label": LABEL,
                "variant": organism.variant,
                "size": organism.size.name,
                "seed": organism.seed,
            }
        ),
    }
