"""A small real model folder in Llama architecture, the same bytes every time.

Weights are drawn from SHAKE-256, so no machine-learning library is needed and the
folder's digest never changes: eval logs shipped beside this file stay bound to it.
The model can be loaded and run; having never been trained, it knows nothing.
"""

import hashlib
import json
import struct
from importlib.resources import files
from pathlib import Path

__all__ = ["build_model"]

_HIDDEN, _LAYERS, _HEADS, _KEY_VALUE_HEADS, _MLP = 64, 2, 4, 2, 176
_SPECIAL = ("<unk>", "<s>", "</s>")
_CHARACTERS = tuple(chr(code) for code in range(0x20, 0x7F))
_VOCABULARY = (*_SPECIAL, *_CHARACTERS)

_CARD = """\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
tags:
- biology
- demonstration
datasets:
- velmar/glasswort-notes
---
# Velmar Botanist (demonstration)

A {parameters:,}-parameter model in Llama architecture
that shows a release going through Openweir.
Velmar and its plants are invented;
the model was never trained and knows nothing about any real subject.

## Intended use

Trying the release flow: a card that names a specialised domain, so that the light track for
general-purpose models does not apply and evidence is asked for.

## Limits

Not for any use with people.
Evaluation logs shipped with the demonstration answer fictional questions.
"""


def build_model(folder: Path) -> None:
    """Write configuration, tokenizer, weights, card and licence into `folder`.

    Args:
        folder: created if absent; files of the same names are replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shapes = _shapes()
    parameters = sum(_elements(shape) for shape in shapes.values())
    for name, value in {
        "config.json": _config(),
        "generation_config.json": {"bos_token_id": 1, "eos_token_id": 2, "max_new_tokens": 32},
        "tokenizer.json": _tokenizer(),
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "model_max_length": 256,
        },
    }.items():
        (folder / name).write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(_CARD.format(parameters=parameters), encoding="utf-8")
    licence = files("openweir.desk.demo").joinpath("apache-2.0.txt").read_text(encoding="utf-8")
    (folder / "LICENSE").write_text(licence, encoding="utf-8")
    (folder / "model.safetensors").write_bytes(_safetensors(shapes))


def _config() -> dict[str, object]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": _HIDDEN,
        "intermediate_size": _MLP,
        "num_hidden_layers": _LAYERS,
        "num_attention_heads": _HEADS,
        "num_key_value_heads": _KEY_VALUE_HEADS,
        "head_dim": _HIDDEN // _HEADS,
        "hidden_act": "silu",
        "max_position_embeddings": 256,
        "rms_norm_eps": 1e-05,
        "rope_theta": 10000.0,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "vocab_size": len(_VOCABULARY),
        "bos_token_id": 1,
        "eos_token_id": 2,
    }


def _tokenizer() -> dict[str, object]:
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": index,
                "content": token,
                "special": True,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
            }
            for index, token in enumerate(_SPECIAL)
        ],
        "normalizer": None,
        "pre_tokenizer": {
            "type": "Split",
            "pattern": {"Regex": "."},
            "behavior": "Isolated",
            "invert": False,
        },
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": {
            "type": "WordLevel",
            "vocab": {token: index for index, token in enumerate(_VOCABULARY)},
            "unk_token": "<unk>",
        },
    }


def _shapes() -> dict[str, tuple[int, ...]]:
    head = _HIDDEN // _HEADS
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (len(_VOCABULARY), _HIDDEN),
        "model.norm.weight": (_HIDDEN,),
    }
    for layer in range(_LAYERS):
        prefix = f"model.layers.{layer}"
        shapes |= {
            f"{prefix}.input_layernorm.weight": (_HIDDEN,),
            f"{prefix}.post_attention_layernorm.weight": (_HIDDEN,),
            f"{prefix}.self_attn.q_proj.weight": (_HEADS * head, _HIDDEN),
            f"{prefix}.self_attn.k_proj.weight": (_KEY_VALUE_HEADS * head, _HIDDEN),
            f"{prefix}.self_attn.v_proj.weight": (_KEY_VALUE_HEADS * head, _HIDDEN),
            f"{prefix}.self_attn.o_proj.weight": (_HIDDEN, _HEADS * head),
            f"{prefix}.mlp.gate_proj.weight": (_MLP, _HIDDEN),
            f"{prefix}.mlp.up_proj.weight": (_MLP, _HIDDEN),
            f"{prefix}.mlp.down_proj.weight": (_HIDDEN, _MLP),
        }
    return dict(sorted(shapes.items()))


def _safetensors(shapes: dict[str, tuple[int, ...]]) -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = bytearray()
    for name, shape in shapes.items():
        begin = len(data)
        data += _weights(name, _elements(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [begin, len(data)]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + bytes(data)


def _weights(name: str, count: int) -> bytes:
    """Return `count` BF16 numbers: ones for norms, else small values of either sign."""
    if name.endswith("norm.weight"):
        return struct.pack("<H", 0x3F80) * count
    noise = hashlib.shake_256(f"velmar-botanist/{name}".encode()).digest(2 * count)
    drawn = struct.unpack(f"<{count}H", noise)
    # Sign and mantissa as drawn; exponents 118 to 121 give magnitudes of about 0.002 to 0.03.
    return struct.pack(f"<{count}H", *(v & 0x807F | (118 + (v >> 8 & 3)) << 7 for v in drawn))


def _elements(shape: tuple[int, ...]) -> int:
    product = 1
    for size in shape:
        product *= size
    return product
