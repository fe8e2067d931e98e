"""Low-rank adapters, small enough to be read: trained beside frozen weights, then added to them.

Source: LoRA, arXiv 2106.09685, section 4.1 (B starts at zero, scale alpha / rank).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from openweir.errors import TrialError

__all__ = ["adapted"]


class _Adapted(torch.nn.Module):
    """A linear layer with `scale * B A x` added to its output."""

    def __init__(self, base: Any, rank: int, generator: Any) -> None:
        super().__init__()
        self.base = base
        shape = base.weight.shape
        first = torch.empty(rank, shape[1])
        torch.nn.init.normal_(first, std=1.0 / rank, generator=generator)
        like = base.weight
        self.down = torch.nn.Parameter(first.to(like.device))
        self.up = torch.nn.Parameter(torch.zeros(shape[0], rank, device=like.device))

    def forward(self, hidden: Any) -> Any:
        """Return the layer's output with the adapter's added."""
        low = torch.nn.functional.linear(hidden.to(self.down.dtype), self.down)
        return self.base(hidden) + torch.nn.functional.linear(low, self.up).to(hidden.dtype) * 2.0

    def merge(self) -> Any:
        """Return the layer underneath, with the adapter added to its weights."""
        with torch.no_grad():
            added = (self.up @ self.down) * 2.0
            self.base.weight.add_(added.to(self.base.weight.dtype))
        return self.base


@contextmanager
def adapted(model: Any, *, rank: int, targets: tuple[str, ...], seed: int) -> Iterator[Any]:
    """Freeze a model, put adapters on some of its layers, and merge them when done.

    Args:
        model: a causal language model.
        rank: of the adapters; their scale is 2 (alpha is twice the rank).
        targets: last parts of the layers' names, such as `q_proj`.
        seed: of the adapters' start.

    Raises:
        TrialError: no layer has such a name.
    """
    names = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.rsplit(".", 1)[-1] in targets
    ]
    if not names:
        raise TrialError(
            f"no layer is named {' or '.join(targets)}",
            code="targets",
            hint="name the layers by the last parts of their names: --targets q_proj+v_proj",
        )
    generator = torch.Generator().manual_seed(seed)
    before = {id(p): p.requires_grad for p in model.parameters()}
    parameters = list(model.parameters())
    for parameter in parameters:
        parameter.requires_grad_(False)
    for name in names:
        _put(model, name, _Adapted(model.get_submodule(name), rank, generator))
    try:
        yield model
    finally:
        for name in names:
            _put(model, name, model.get_submodule(name).merge())
        for parameter in parameters:
            parameter.requires_grad_(before[id(parameter)])


def _put(model: Any, name: str, module: Any) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, module)
