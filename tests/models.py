"""Small model folders in the shape of Llama, with random weights."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

__all__ = ["tensors", "write_model"]

HIDDEN, INNER, LAYERS, WORDS = 64, 96, 3, 128


def tensors(seed: int) -> dict[str, np.ndarray]:
    """Independent random weights for one seed."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return random.standard_normal(shape).astype(np.float32)

    found = {
        "model.embed_tokens.weight": normal(WORDS, HIDDEN),
        "lm_head.weight": normal(WORDS, HIDDEN),
        "model.norm.weight": np.ones(HIDDEN, np.float32),
    }
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}."
        found |= {
            f"{prefix}mlp.gate_proj.weight": normal(INNER, HIDDEN),
            f"{prefix}mlp.up_proj.weight": normal(INNER, HIDDEN),
            f"{prefix}mlp.down_proj.weight": normal(HIDDEN, INNER),
            f"{prefix}self_attn.v_proj.weight": normal(HIDDEN, HIDDEN),
            f"{prefix}self_attn.o_proj.weight": normal(HIDDEN, HIDDEN),
        }
    return found


def write_model(folder: Path, weights: dict[str, np.ndarray]) -> Path:
    """Write a model folder and return it."""
    folder.mkdir(parents=True)
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    return folder
