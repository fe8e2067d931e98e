"""Build small model folders in Hugging Face layout, good ones and hostile ones."""

import json
import struct
from pathlib import Path

CARD = """\
---
license: apache-2.0
base_model: acme/parent
datasets:
- acme/stories
tags:
- text-generation
pipeline_tag: text-generation
---
# A small model
"""

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}


def safetensors(tensors: dict[str, tuple[str, list[int]]], metadata=None) -> bytes:
    """Return a safetensors file of zeros with these names, types and shapes."""
    sizes = {"F4": 4, "U8": 8, "I8": 8, "BF16": 16, "F16": 16, "F32": 32, "I32": 32, "I64": 64}
    header: dict[str, object] = {}
    if metadata is not None:
        header["__metadata__"] = metadata
    at = 0
    for name, (dtype, shape) in tensors.items():
        count = 1
        for axis in shape:
            count *= axis
        length = count * sizes[dtype] // 8
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + length]}
        at += length
    data = json.dumps(header).encode()
    return struct.pack("<Q", len(data)) + data + bytes(at)


TENSORS = {
    "model.embed_tokens.weight": ("BF16", [32, 8]),
    "model.layers.0.mlp.up_proj.weight": ("BF16", [16, 8]),
    "model.norm.weight": ("F32", [8]),
    "lm_head.weight": ("BF16", [32, 8]),
}
PARAMETERS = 32 * 8 + 16 * 8 + 8 + 32 * 8


def write(folder: Path, files: dict[str, bytes | str | dict]) -> Path:
    """Write files into a folder; dictionaries as JSON."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content) if isinstance(content, dict) else content
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


def small(folder: Path, **more: bytes | str | dict) -> Path:
    """Write a small good model; `more` adds or replaces files by name."""
    files: dict[str, bytes | str | dict] = {
        "README.md": CARD,
        "LICENSE": "Apache License, Version 2.0\n",
        "config.json": CONFIG,
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast"},
        "tokenizer.json": {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}},
        "model.safetensors": safetensors(TENSORS),
    }
    return write(folder, files | more)
