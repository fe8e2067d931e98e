"""Packed weights: how many parameters a tensor of a quantised format holds.

A format is recognised by the shapes of a tensor and its companions (scales, zero points),
not by what a configuration says; a companion is left out of the count only where its
size fits its part. What is not recognised stays an interval.

Formats: bitsandbytes 4 and 8 bit, GPTQ, AWQ, MXFP4, NVFP4, FP8 and INT8 with scales,
compressed-tensors, MLX.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from openweir.artifact import Tensor

__all__ = ["Packed", "recognise"]

# No format in use has a scale for fewer weights than this.
_LEAST_GROUP = 16
_MOST_TABLE = 4_096  # elements of a code book or of a note about the format
_BITS = (2, 3, 4, 5, 6, 8)
_WORD_BITS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """One tensor that holds more parameters than elements, or has companions that hold none.

    Attributes:
        parameters: that the tensor holds.
        bits: per parameter, as the shapes tell.
        companions: names of the tensors that belong to the format and hold no parameter.
    """

    tensor: Tensor
    parameters: int
    bits: int
    companions: frozenset[str]


def recognise(tensors: tuple[Tensor, ...], config: Mapping[str, Any]) -> tuple[Packed, ...]:
    """Return the tensors whose format the shapes prove, in the order given.

    Args:
        tensors: of the files a loader opens.
        config: the parsed `config.json`, for the few numbers that no shape shows.
    """
    names = {tensor.name: tensor for tensor in tensors}
    stated = _stated(config)
    found = [packed for tensor in tensors if (packed := _packed(tensor, names, stated))]
    # Scales can be of a packed type themselves; they belong to what they scale.
    beside = frozenset(name for packed in found for name in packed.companions)
    return tuple(packed for packed in found if packed.tensor.name not in beside)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What the configuration says of the format."""

    bits: int | None
    group: int | None
    four_bit: bool


def _packed(tensor: Tensor, names: Mapping[str, Tensor], stated: _Stated) -> Packed | None:
    base, _, last = tensor.name.rpartition(".")
    if last == "qweight" and tensor.dtype == "I32":
        return _gptq_or_awq(tensor, base, names, stated)
    if last == "weight_packed":
        return _compressed(tensor, base, names, stated)
    if tensor.name.endswith("_blocks") and tensor.dtype == "U8":
        return _blocks(tensor, names)
    if tensor.dtype == "U8" and f"{tensor.name}.absmax" in names:
        return _bitsandbytes(tensor, names, stated)
    if tensor.dtype == "U32" and last == "weight":
        return _mlx(tensor, base, names, stated)
    if last == "weight" or tensor.dtype.startswith("F8"):
        return _scaled(tensor, base, names)
    return None


def _gptq_or_awq(
    tensor: Tensor, base: str, names: Mapping[str, Tensor], stated: _Stated
) -> Packed | None:
    scales, zeros = names.get(f"{base}.scales"), names.get(f"{base}.qzeros")
    order = names.get(f"{base}.g_idx")
    if scales is None or len(tensor.shape) != 2 or len(scales.shape) != 2:
        return None
    rows, columns = tensor.shape
    groups, outputs = scales.shape
    if not rows or not columns or not groups or not outputs:
        return None
    if columns == outputs:  # GPTQ packs along the inputs
        if zeros is not None and len(zeros.shape) == 2:
            bits = _whole(zeros.shape[1] * _WORD_BITS, outputs)
        elif order is not None:
            bits = _whole(rows * _WORD_BITS, prod(order.shape))
        else:
            bits = stated.bits
        inputs = _whole(rows * _WORD_BITS, bits) if bits else None
    else:  # AWQ packs along the outputs
        bits, inputs = _whole(columns * _WORD_BITS, outputs), rows
    if bits not in _BITS or not inputs or inputs < groups * _LEAST_GROUP:
        return None
    if zeros is not None and prod(zeros.shape) > prod(scales.shape):
        return None
    if order is not None and prod(order.shape) != inputs:
        return None
    present = [name for name in ("scales", "qzeros", "g_idx") if f"{base}.{name}" in names]
    return Packed(
        tensor=tensor,
        parameters=inputs * outputs,
        bits=bits,
        companions=frozenset(f"{base}.{name}" for name in present),
    )


def _compressed(
    tensor: Tensor, base: str, names: Mapping[str, Tensor], stated: _Stated
) -> Packed | None:
    scale = names.get(f"{base}.weight_scale")
    if scale is None:
        return None
    if tensor.dtype == "U8":
        return _four_bit(tensor, base, scale, names)
    if tensor.dtype != "I32" or stated.bits is None:
        return None
    held = prod(tensor.shape) * _WORD_BITS // stated.bits
    more = ("weight_scale", "weight_shape", "weight_zero_point", "weight_g_idx")
    return _checked(tensor, held, stated.bits, (f"{base}.{name}" for name in more), names)


def _blocks(tensor: Tensor, names: Mapping[str, Tensor]) -> Packed | None:
    # [OCP Microscaling 1.0, section 5.2] one scale of 8 bits for 32 values of 4 bits.
    name = tensor.name.removesuffix("_blocks") + "_scales"
    scales = names.get(name)
    if scales is None or prod(scales.shape) * 16 != prod(tensor.shape):
        return None
    return Packed(
        tensor=tensor,
        parameters=prod(tensor.shape) * 2,
        bits=4,
        companions=frozenset({name}),
    )


def _bitsandbytes(tensor: Tensor, names: Mapping[str, Tensor], stated: _Stated) -> Packed | None:
    prefix = f"{tensor.name}."
    # A bounded list of what the format writes; anything else stays in the count.
    known = [
        f"{prefix}{name}"
        for name in (
            "absmax", "quant_map", "nested_absmax", "nested_quant_map",
            "quant_state.bitsandbytes__nf4", "quant_state.bitsandbytes__fp4",
        )
    ]  # fmt: skip
    present = [name for name in known if name in names]
    if not stated.four_bit and not any("quant_state" in name for name in present):
        return None
    held = prod(tensor.shape) * 2
    if prod(names[f"{prefix}absmax"].shape) * _LEAST_GROUP > held:
        return None
    if any(
        prod(names[name].shape) > _MOST_TABLE and prod(names[name].shape) * 256 > held
        for name in present
        if not name.endswith(".absmax")
    ):
        return None
    return Packed(tensor=tensor, parameters=held, bits=4, companions=frozenset(present))


def _mlx(tensor: Tensor, base: str, names: Mapping[str, Tensor], stated: _Stated) -> Packed | None:
    scales, biases = names.get(f"{base}.scales"), names.get(f"{base}.biases")
    if scales is None or biases is None or scales.shape != biases.shape or stated.group is None:
        return None
    if stated.group < _LEAST_GROUP or tensor.shape[:-1] != scales.shape[:-1] or not scales.shape:
        return None
    inputs = scales.shape[-1] * stated.group
    bits = _whole(tensor.shape[-1] * _WORD_BITS, inputs)
    if bits not in _BITS:
        return None
    return Packed(
        tensor=tensor,
        parameters=prod(tensor.shape[:-1]) * inputs,
        bits=bits,
        companions=frozenset({f"{base}.scales", f"{base}.biases"}),
    )


def _scaled(tensor: Tensor, base: str, names: Mapping[str, Tensor]) -> Packed | None:
    """Recognise one byte (or half a byte) per parameter with scales beside it."""
    prefix = f"{base}." if base else ""
    if tensor.dtype == "U8":
        scale = names.get(f"{prefix}weight_scale")
        return None if scale is None else _four_bit(tensor, base, scale, names)
    if tensor.dtype == "I8" or tensor.dtype.startswith("F8"):
        more = (
            "weight_scale", "weight_scale_inv", "weight_scale_2", "input_scale", "scale",
            "SCB", "weight_format", "weight_zero_point",
        )  # fmt: skip
        beside = [f"{prefix}{name}" for name in more]
        # Experts kept in one tensor have no `.weight` to put the scale beside.
        fused = [f"{tensor.name}_scale_inv", f"{tensor.name}_scale"]
        return _checked(tensor, prod(tensor.shape), 8, (*beside, *fused), names)
    return None


def _four_bit(
    tensor: Tensor, base: str, scale: Tensor, names: Mapping[str, Tensor]
) -> Packed | None:
    # NVFP4: one scale of 8 bits for 16 values of 4 bits.
    held = prod(tensor.shape) * 2
    if prod(scale.shape) * 16 != held:
        return None
    more = ("weight_scale", "weight_scale_2", "weight_global_scale", "input_scale",
            "input_global_scale")  # fmt: skip
    return _checked(tensor, held, 4, (f"{base}.{name}" for name in more), names)


def _checked(
    tensor: Tensor, held: int, bits: int, more: Iterable[str], names: Mapping[str, Tensor]
) -> Packed | None:
    """Return the tensor with those companions that are small enough to be scales."""
    present = frozenset(
        name for name in more if name in names and prod(names[name].shape) * _LEAST_GROUP <= held
    )
    if not present:
        return None
    return Packed(tensor=tensor, parameters=held, bits=bits, companions=present)


def _stated(config: Mapping[str, Any]) -> _Stated:
    settings = config.get("quantization_config")
    settings = settings if isinstance(settings, dict) else {}
    mlx = config.get("quantization")
    mlx = mlx if isinstance(mlx, dict) else {}
    told = (settings.get("bits"), *_group_bits(settings))
    bits = next((b for b in told if isinstance(b, int) and b in _BITS), None)
    group = mlx.get("group_size")
    return _Stated(
        bits=bits,
        group=group if isinstance(group, int) and not isinstance(group, bool) else None,
        four_bit=settings.get("load_in_4bit") is True or settings.get("_load_in_4bit") is True,
    )


def _group_bits(settings: dict[str, Any]) -> Iterator[object]:
    """Yield the bits of compressed-tensors, if every group has the same."""
    groups = settings.get("config_groups")
    if isinstance(groups, dict) and groups:
        found = {
            weights.get("num_bits")
            for group in groups.values()
            if isinstance(group, dict) and isinstance(weights := group.get("weights"), dict)
            if isinstance(weights.get("num_bits"), int)
        }
        if len(found) == 1:
            yield found.pop()


def _whole(number: int, by: int | None) -> int | None:
    """Divide where nothing is left over."""
    return number // by if by and number % by == 0 else None
