"""Peak speeds of accelerators: dense, 16 bit, as their makers' data sheets give them.

Only for a case that names its accelerator and not its peak; what follows from this table
is no surer than `secondary`, since a card's clock and form differ from the sheet's.
"""

import re
from decimal import Decimal
from types import MappingProxyType

__all__ = ["PEAKS", "peak_of"]

PEAKS: MappingProxyType[str, Decimal] = MappingProxyType(
    {
        name: Decimal(teraflops) * 10**12
        for name, teraflops in (
            ("A100", "312"), ("A800", "312"), ("B200", "2250"), ("H100", "989"),
            ("H100 PCIe", "756"), ("H200", "989"), ("H800", "989"), ("L40S", "362"),
            ("MI250X", "383"), ("MI300X", "1307"), ("TPU v3", "123"), ("TPU v4", "275"),
            ("TPU v5e", "197"), ("TPU v5p", "459"), ("V100", "125"),
        )
    }
)  # fmt: skip
"""Accelerator -> operations per second."""

_NOISE = re.compile(r"\b(nvidia|amd|google|instinct|tesla|sxm\d?|\d+ ?gb|hbm\w*)\b|[^a-z0-9]")


def peak_of(name: str) -> Decimal | None:
    """Return the peak of the accelerator a case names, or None where it is not known.

    >>> peak_of("NVIDIA H100 SXM5 80GB")
    Decimal('989000000000000')
    """
    wanted = _NOISE.sub("", name.lower())
    return next(
        (peak for known, peak in PEAKS.items() if _NOISE.sub("", known.lower()) == wanted), None
    )
