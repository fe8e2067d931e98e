"""Count parameters from headers: stored ones, and those used for one token.

A count is an interval. It is a single number when every tensor was read and none is
packed; whatever was not read can only raise its upper end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import prod
from typing import Any

from openweir.artifact import Snapshot, Tensor, VerdictKind
from openweir.dossier.fact import Estimate

__all__ = ["Count", "count_parameters"]

# A file that was not read may hold weights; none is stored in less than one bit.
_WEIGHTS_PER_UNREAD_BYTE = 8
_UNREAD = frozenset({"pickle", "archive", "unread-format", "unknown-format"})
_INTEGER_BITS = {
    "I8": 8, "U8": 8, "I16": 16, "U16": 16, "I32": 32, "U32": 32, "I64": 64, "U64": 64,
}  # fmt: skip
# Scales and tables of packed formats: not parameters, though they are stored.
_AUXILIARY = re.compile(
    r".*([._](scales?|scale_inv|zeros|qzeros|g_idx|absmax|quant_map|quant_state[\w.]*))"
)
_EXPERT = re.compile(r"(?:^|.*\.)experts\.(?:(\d+)\.)?.*")
_HEADS = frozenset({"lm_head.weight", "embed_out.weight", "output.weight"})
_EMBEDDING = re.compile(r"(?:^|.*\.)(embed_tokens|wte|embed_in|tok_embeddings|word_embeddings)\..*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many parameters a folder holds.

    Attributes:
        stored: tied ones once.
        active: used for one token; equals `stored` unless experts could be told apart.
        method, active_method: how each was obtained.
        files: paths of the headers it was counted from, sorted.
    """

    stored: Estimate
    active: Estimate
    method: str
    active_method: str
    files: tuple[str, ...]


def count_parameters(snapshot: Snapshot, config: Any) -> Count | None:
    """Count the parameters of a folder.

    Args:
        snapshot: with headers.
        config: the parsed `config.json`, or None.

    Returns:
        None when the folder holds no weights.
    """
    config = config if isinstance(config, dict) else {}
    unread = _unread_bytes(snapshot)
    if not snapshot.tensor_files and not unread:
        return None
    main_files = _main_files(snapshot)
    main: list[Tensor] = []
    copies = 0
    for file in snapshot.tensor_files:
        if file.path in main_files:
            main.extend(file.tensors)
        else:
            copies += sum(_most(tensor, None) for tensor in file.tensors)
    tied = _tied(main, config)
    counted = [tensor for tensor in main if tensor not in tied]
    lower, upper, packed = _sum(counted, config.get("quantization_config"))
    extra = copies + unread * _WEIGHTS_PER_UNREAD_BYTE
    stored = _estimate(lower, upper + extra)
    active, active_method = _active(counted, config, lower, upper, packed=packed, extra=extra)
    notes = [
        note
        for told, note in (
            (packed, "packed formats unpacked"),
            (copies, "files beside the main ones in the upper bound"),
            (unread, "eight per byte of unread files in the upper bound"),
        )
        if told
    ]
    return Count(
        stored=stored,
        active=active,
        method="; ".join(["headers", *notes]),
        active_method=active_method,
        files=tuple(sorted(file.path for file in snapshot.tensor_files)),
    )


def _unread_bytes(snapshot: Snapshot) -> int:
    sizes = {file.path: file.size for file in snapshot.manifest.files}
    return sum(
        sizes.get(verdict.path, 0)
        for verdict in snapshot.verdicts
        if not _UNREAD.isdisjoint(verdict.rules)
        or (
            verdict.verdict is VerdictKind.REFUSED and verdict.path.lower().endswith(".safetensors")
        )
    )


def _main_files(snapshot: Snapshot) -> frozenset[str]:
    """Return the files a loader opens: the index's, or `model.safetensors`, or all."""
    stored = frozenset(file.path for file in snapshot.tensor_files)
    for name in ("model.safetensors.index.json", "diffusion_pytorch_model.safetensors.index.json"):
        index = snapshot.json(name)
        if isinstance(index, dict) and isinstance(index.get("weight_map"), dict):
            named = {path for path in index["weight_map"].values() if isinstance(path, str)}
            if named & stored:
                return stored & named
    return frozenset({"model.safetensors"}) if "model.safetensors" in stored else stored


def _tied(tensors: list[Tensor], config: dict[str, Any]) -> frozenset[Tensor]:
    """Return output heads that the configuration ties to an embedding of the same shape."""
    if config.get("tie_word_embeddings") is not True:
        return frozenset()
    shapes = {tensor.shape for tensor in tensors if _EMBEDDING.fullmatch(tensor.name)}
    return frozenset(t for t in tensors if t.name in _HEADS and t.shape in shapes)


def _sum(tensors: list[Tensor], quantization: Any) -> tuple[int, int, bool]:
    """Return least and most parameters, and whether any tensor may be packed."""
    whole = sum(prod(tensor.shape) for tensor in tensors)
    integer_bits = sum(
        prod(tensor.shape) * _INTEGER_BITS.get(tensor.dtype, 0) for tensor in tensors
    )
    # Position tables and the like: integers that could not hide 1 % of the model.
    if not isinstance(quantization, dict) and integer_bits * 100 <= whole:
        return whole, whole, False
    bits = _packed_bits(quantization)
    lower = sum(
        _most(tensor, bits) if bits else prod(tensor.shape)
        for tensor in tensors
        if not _AUXILIARY.fullmatch(tensor.name)
    )
    return lower, sum(_most(tensor, bits) for tensor in tensors), integer_bits > 0


def _most(tensor: Tensor, bits: int | None) -> int:
    """Return how many parameters a tensor can hold when integers pack `bits` (or 1) each."""
    return (
        prod(tensor.shape)
        * _INTEGER_BITS.get(tensor.dtype, 1)
        // ((bits or 1) if tensor.dtype in _INTEGER_BITS else 1)
    )


def _packed_bits(quantization: Any) -> int | None:
    """Return the bits per weight that `quantization_config` states, if it does."""
    if not isinstance(quantization, dict):
        return None
    if quantization.get("load_in_4bit") is True or quantization.get("quant_method") == "mxfp4":
        return 4
    if quantization.get("load_in_8bit") is True or quantization.get("quant_method") == "fp8":
        return 8
    bits = quantization.get("bits")
    return bits if isinstance(bits, int) and not isinstance(bits, bool) and 1 <= bits <= 8 else None


def _active(
    tensors: list[Tensor],
    config: dict[str, Any],
    lower: int,
    upper: int,
    *,
    packed: bool,
    extra: int,
) -> tuple[Estimate, str]:
    whole = _estimate(lower, upper + extra)
    experts = _setting(config, ("num_experts", "num_local_experts", "n_routed_experts"))
    chosen = _setting(config, ("num_experts_per_tok", "experts_per_token", "moe_topk", "top_k"))
    routed = [tensor for tensor in tensors if _EXPERT.fullmatch(tensor.name)]
    if not routed:
        return whole, "equal to all: no experts among the tensors"
    if packed or experts is None or chosen is None or not 1 <= chosen <= experts:
        return whole, "equal to all: the share of experts used is not known"
    if set(_expert_counts(routed)) != {experts}:
        return whole, "equal to all: tensors and configuration disagree on the number of experts"
    held = sum(prod(tensor.shape) for tensor in routed)
    idle = held - -(-held * chosen // experts)
    return (
        _estimate(max(0, lower - idle), upper - idle + extra),
        f"all but {experts - chosen} of {experts} experts",
    )


def _expert_counts(routed: list[Tensor]) -> Iterator[int]:
    """Yield the number of experts each group of tensors is made for."""
    groups: dict[str, set[int]] = {}
    for tensor in routed:
        match = _EXPERT.fullmatch(tensor.name)
        number = match[1] if match else None
        if number is None:
            yield tensor.shape[0] if tensor.shape else 0
        else:
            name = re.sub(r"experts\.\d+\.", "experts.", tensor.name, count=1)
            groups.setdefault(name, set()).add(int(number))
    for numbers in groups.values():
        yield len(numbers) if max(numbers) == len(numbers) - 1 else 0


def _setting(config: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    for layer in (config, config.get("text_config")):
        for key in keys:
            found = layer.get(key) if isinstance(layer, dict) else None
            if isinstance(found, int) and not isinstance(found, bool) and found > 0:
                return found
    return None


def _estimate(lower: int, upper: int) -> Estimate:
    return Estimate(lower=Decimal(lower), upper=Decimal(max(lower, upper)))
