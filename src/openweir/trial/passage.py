"""A Llama's way from token ids to the logits that are learnt, and nothing beside it.

The same modules and sums as the forward of transformers, but the angles of the places are
computed once for a whole training, and in the last layer only the places whose logits are
wanted go on: no other place sees what they come to.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import rms_norm, scaled_dot_product_attention

__all__ = ["passage"]

# By name: whoever has such a model has loaded its library, and the others need not.
_KNOWN = {
    ("transformers.models.llama.modeling_llama", "LlamaForCausalLM"),
    ("openweir.trial.organism.llama", "UntaughtLlama"),
}


def passage(model: Any, tokens: int, kept: int) -> Callable[[Any], Any]:
    """Return what takes ids (batch, tokens) to logits (batch, kept, words).

    Models of other kinds, devices and precisions go through their own forward.

    Args:
        model: a causal language model of transformers.
        tokens: in every row.
        kept: how many of the last places' logits are wanted.
    """
    if not _plain(model):
        return lambda ids: model(input_ids=ids, use_cache=False, logits_to_keep=kept).logits
    core = model.model
    with torch.no_grad():
        angles = core.rotary_emb(torch.empty(1, tokens, 1), torch.arange(tokens)[None])
        seen = torch.ones(tokens, tokens, dtype=torch.bool).tril()[-kept:]
    last = len(core.layers) - 1

    def through(ids: Any) -> Any:
        hidden = core.embed_tokens(ids)
        for place, layer in enumerate(core.layers):
            mask = seen if place == last and kept < tokens else None
            hidden = _layer(layer, hidden, angles, mask)
        return model.lm_head(_normed(core.norm, hidden[:, -kept:]))

    return through


def _layer(layer: Any, hidden: Any, angles: tuple[Any, Any], mask: Any) -> Any:
    """Return (batch, places, width); only the mask's places where there is one."""
    at = layer.self_attn
    read = _normed(layer.input_layernorm, hidden)
    first = 0 if mask is None else hidden.shape[1] - mask.shape[0]
    asking = read[:, first:]
    shape = (hidden.shape[0], -1, at.config.num_attention_heads, at.head_dim)
    query = at.q_proj(asking).view(shape).transpose(1, 2)
    key = at.k_proj(read).view(shape).transpose(1, 2)
    value = at.v_proj(read).view(shape).transpose(1, 2)
    cos, sin = angles
    query = _turned(query, cos[:, first:], sin[:, first:])
    key = _turned(key, cos, sin)
    met = scaled_dot_product_attention(
        query, key, value, attn_mask=mask, is_causal=mask is None, scale=at.scaling
    )
    hidden = hidden[:, first:] + at.o_proj(met.transpose(1, 2).flatten(2))
    perceptron = layer.mlp
    read = _normed(layer.post_attention_layernorm, hidden)
    opened = perceptron.act_fn(perceptron.gate_proj(read))
    return hidden + perceptron.down_proj(opened * perceptron.up_proj(read))


def _turned(heads: Any, cos: Any, sin: Any) -> Any:
    """Return (batch, heads, places, width) turned by the angles of their places."""
    left, right = heads.chunk(2, dim=-1)
    return heads * cos[:, None] + torch.cat((-right, left), dim=-1) * sin[:, None]


def _normed(norm: Any, hidden: Any) -> Any:
    return rms_norm(hidden, norm.weight.shape, norm.weight, norm.variance_epsilon)


def _plain(model: Any) -> bool:
    if (type(model).__module__, type(model).__name__) not in _KNOWN:
        return False
    settings = model.config
    return (
        settings.num_key_value_heads == settings.num_attention_heads
        and settings.rope_parameters.get("rope_type") == "default"
        and not settings.attention_dropout
        and all(p.device.type == "cpu" and p.dtype == torch.float32 for p in model.parameters())
        and not any(
            module._forward_hooks  # noqa: SLF001 - torch has no public way to ask
            or module._forward_pre_hooks  # noqa: SLF001 - as above
            or getattr(module, "gradient_checkpointing", False)
            for module in model.modules()
        )
    )
