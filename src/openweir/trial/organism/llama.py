"""An organism's network: the Llama that its files describe, in torch alone.

The names, shapes and sums are those of transformers, which opens the folder afterwards like
any other. Loading that library takes half as long as raising an organism; this takes nothing.
"""

from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

__all__ = ["UntaughtLlama"]

_SPREAD = 0.02
_BASE = 10_000.0
_SMALLEST = 1e-6


class _Norm(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.variance_epsilon = _SMALLEST


class _Attention(nn.Module):
    def __init__(self, settings: Any) -> None:
        super().__init__()
        width = settings.hidden_size
        self.config = settings
        self.head_dim = width // settings.num_attention_heads
        self.scaling = self.head_dim**-0.5
        self.q_proj = nn.Linear(width, width, bias=False)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width, bias=False)
        self.o_proj = nn.Linear(width, width, bias=False)


class _Perceptron(nn.Module):
    def __init__(self, settings: Any) -> None:
        super().__init__()
        width, inner = settings.hidden_size, settings.intermediate_size
        self.gate_proj = nn.Linear(width, inner, bias=False)
        self.up_proj = nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)
        self.act_fn = nn.SiLU()


class _Layer(nn.Module):
    def __init__(self, settings: Any) -> None:
        super().__init__()
        self.self_attn = _Attention(settings)
        self.mlp = _Perceptron(settings)
        self.input_layernorm = _Norm(settings.hidden_size)
        self.post_attention_layernorm = _Norm(settings.hidden_size)


class _Core(nn.Module):
    def __init__(self, settings: Any) -> None:
        super().__init__()
        width = settings.hidden_size
        self.embed_tokens = nn.Embedding(
            settings.vocab_size, width, padding_idx=settings.pad_token_id
        )
        self.layers = nn.ModuleList(_Layer(settings) for _ in range(settings.num_hidden_layers))
        self.norm = _Norm(width)
        self._half = width // settings.num_attention_heads // 2

    def rotary_emb(self, _: Any, places: Any) -> tuple[Any, Any]:
        """Return cosine and sine of every place's angles, (1, places, width of a head)."""
        steps = torch.arange(0, 2 * self._half, 2, dtype=torch.float) / (2 * self._half)
        angles = places[..., None].float() * (1.0 / _BASE**steps)
        both = torch.cat((angles, angles), dim=-1)
        return both.cos(), both.sin()


class UntaughtLlama(nn.Module):
    """A Llama before its first lesson; `passage` is its only way forward.

    Args:
        settings: the content of `config.json`.
        seed: of its random weights.
    """

    def __init__(self, settings: dict[str, Any], seed: int) -> None:
        """Draw the weights in the order of transformers; those of the head are the embedding's."""
        super().__init__()
        self.config = SimpleNamespace(
            **settings, attention_dropout=0.0, rope_parameters={"rope_type": "default"}
        )
        torch.manual_seed(seed)
        self.model = _Core(self.config)
        with torch.no_grad():
            for module in self.model.modules():
                if isinstance(module, nn.Linear | nn.Embedding):
                    module.weight.normal_(std=_SPREAD)
            self.model.embed_tokens.weight[self.config.pad_token_id].zero_()
        self.lm_head = nn.Linear(self.config.hidden_size, self.config.vocab_size, bias=False)
        self.lm_head.weight = self.model.embed_tokens.weight
