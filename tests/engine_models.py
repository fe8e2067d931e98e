"""Random models small enough for tests that real engines load: GGUF, ONNX, safetensors."""

import base64
import json
from pathlib import Path

from hub_world import weights

__all__ = ["gguf_files", "onnx_files", "shards"]

_BYTES = 256
_WIDTH, _INNER, _HEADS = 32, 64, 2
# A graph of two nodes: each token's id as a number, in one more dimension.
_ONNX = (
    "CAg6xgEKHwoJaW5wdXRfaWRzEgFjIgRDYXN0KgkKAnRvGAGgAQIKJQoBYwoCYXgSEWxhc3RfaGlkZGVuX3N0YXRl"
    "IglVbnNxdWVlemUSAWcqCwgBEAc6AQJCAmF4Wh0KCWlucHV0X2lkcxIQCg4IBxIKCgMSAWIKAxIBc1oiCg5hdHRl"
    "bnRpb25fbWFzaxIQCg4IBxIKCgMSAWIKAxIBc2IpChFsYXN0X2hpZGRlbl9zdGF0ZRIUChIIARIOCgMSAWIKAxIB"
    "cwoCCAFCBAoAEA0="
)


def gguf_files(folder: Path) -> dict[str, bytes]:
    """Two Llamas of one layer and a vocabulary of bytes, named as if quantized."""
    found = {"README.md": b"# Two of one layer\n"}
    for seed, name in enumerate(("tiny-Q4_K_M.gguf", "tiny-Q8_0.gguf")):
        _write_gguf(folder / name, seed)
        found[name] = (folder / name).read_bytes()
    return found


def onnx_files() -> dict[str, bytes]:
    """A tokenizer of three words and a graph that gives their numbers back."""
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {"[UNK]": 0, "hello": 1, "world": 2},
            "unk_token": "[UNK]",
        },
    }
    return {
        "config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}\n',
        "tokenizer.json": json.dumps(tokenizer).encode(),
        "tokenizer_config.json": b'{"tokenizer_class": "PreTrainedTokenizer"}\n',
        "onnx/model.onnx": base64.b64decode(_ONNX),
    }


def shards() -> dict[str, bytes]:
    """A model of two shards with its index, as engines look for one."""
    names = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    return {
        "README.md": b"# Two shards\n",
        "config.json": b'{"model_type": "llama"}\n',
        "model.safetensors.index.json": json.dumps({"metadata": {}, "weight_map": names}).encode(),
        names["a"]: weights(bytes(range(256)) * 40),
        names["b"]: weights(bytes(range(256)) * 30),
        "original/consolidated.00.pth.txt": b"not for engines\n",
    }


def _write_gguf(path: Path, seed: int) -> None:
    import gguf
    import numpy as np

    numbers, count = np.random.default_rng(seed), 3 + _BYTES
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(count)
    writer.add_tokenizer_model("llama")
    pieces = [b"<unk>", b"<s>", b"</s>", *(f"<0x{sign:02X}>".encode() for sign in range(_BYTES))]
    writer.add_token_list(pieces)
    writer.add_token_scores([0.0] * count)
    kinds = gguf.TokenType
    writer.add_token_types([kinds.UNKNOWN, kinds.CONTROL, kinds.CONTROL, *[kinds.BYTE] * _BYTES])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    square, wide, long = (_WIDTH, _WIDTH), (_INNER, _WIDTH), (count, _WIDTH)
    shapes = {"token_embd": long, "output": long, "blk.0.ffn_down": (_WIDTH, _INNER)}
    shapes |= {f"blk.0.{name}": square for name in ("attn_q", "attn_k", "attn_v", "attn_output")}
    shapes |= {f"blk.0.{name}": wide for name in ("ffn_gate", "ffn_up")}
    for name, shape in shapes.items():
        drawn = (numbers.standard_normal(shape) * 0.05).astype(np.float32)
        writer.add_tensor(f"{name}.weight", drawn)
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(_WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
