"""The arithmetic of the attacks, on rows of float32."""

from decimal import Decimal
from typing import Any

from openweir.weights import require_numpy

__all__ = ["prune_rows", "quantise_rows"]


def prune_rows(rows: Any, dtype: str, fraction: Decimal) -> bytes:
    """Return the rows with the smallest values set to zero; ties go by position.

    Args:
        rows: numpy array of float32, shape (rows, columns).
        dtype: `F32`, `F16` or `BF16`: how they are stored.
        fraction: of each row, rounded down to whole elements.
    """
    np = require_numpy()
    count = int(fraction * rows.shape[1])
    smallest = np.argsort(np.abs(rows), axis=1, kind="stable")[:, :count]
    found = rows.copy()
    np.put_along_axis(found, smallest, np.float32(0), axis=1)
    return _stored(found, dtype)


def quantise_rows(rows: Any, dtype: str, bits: int) -> bytes:
    """Return the rows rounded to a symmetric grid of `bits` bits per row, and back.

    Args:
        rows: numpy array of float32, shape (rows, columns).
        dtype: `F32`, `F16` or `BF16`: how they are stored.
        bits: 2 to 8.
    """
    np = require_numpy()
    top = np.float32(2 ** (bits - 1) - 1)
    finite = np.where(np.isfinite(rows), rows, np.float32(0))
    scale = np.abs(finite).max(axis=1, keepdims=True) / top
    scale = np.where(scale == 0, np.float32(1), scale)
    grid = np.clip(np.rint(finite / scale), -top, top)
    # What is not a number has no grid: it stays as it was.
    return _stored(np.where(np.isfinite(rows), grid * scale, rows), dtype)


def _stored(rows: Any, dtype: str) -> bytes:
    np = require_numpy()
    if dtype == "F32":
        return bytes(rows.astype("<f4").tobytes())
    if dtype == "F16":
        return bytes(rows.astype("<f2").tobytes())
    # BF16: the upper half of a float32, rounded to the nearest, ties to even.
    whole = rows.astype("<f4").view("<u4")
    carry = np.where(np.isfinite(rows), 0x7FFF + ((whole >> 16) & 1), 0).astype(np.uint32)
    return bytes(((whole + carry) >> 16).astype("<u2").tobytes())
