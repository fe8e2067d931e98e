"""Tensors where they lie: found by header, read in pieces, never a whole model at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openweir.artifact import Tensor, walk
from openweir.artifact.safetensors import read_header
from openweir.artifact.walk import Found, open_found
from openweir.errors import WeightsError

__all__ = ["ELEMENT_BYTES", "TensorSource", "list_tensors", "read_rows", "require_numpy"]

ELEMENT_BYTES = {"F32": 4, "F16": 2, "BF16": 2}
"""Element types whose numbers are read, and their size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSource:
    """One tensor and where its bytes lie.

    Attributes:
        file: the safetensors file.
        start: offset of the tensor's first byte in that file.
    """

    tensor: Tensor
    file: Found
    start: int

    @property
    def readable(self) -> bool:
        """Whether its numbers can be read row by row: two axes, not empty, a known type."""
        shape = self.tensor.shape
        return self.tensor.dtype in ELEMENT_BYTES and len(shape) == 2 and 0 not in shape


def require_numpy() -> Any:
    """Return numpy.

    Raises:
        WeightsError: it is not installed.
    """
    try:
        import numpy as np  # noqa: PLC0415 - only those who read tensors pay for it
    except ImportError:
        raise WeightsError(
            "reading tensors needs numpy", code="numpy", hint="pip install 'openweir[weights]'"
        ) from None
    return np


def list_tensors(root: Path) -> dict[str, TensorSource]:
    """Return every tensor of the folder's safetensors files by name.

    Raises:
        ArtifactError: the folder or a header cannot be used.
        WeightsError: two files hold a tensor of the same name.
    """
    found: dict[str, TensorSource] = {}
    for file in walk(root).files:
        if not file.path.endswith(".safetensors"):
            continue
        with open_found(file) as stream:
            header = read_header(stream, file.size, path=file.path)
            stream.seek(0)
            start = 8 + int.from_bytes(stream.read(8), "little")
        for tensor in header.tensors:
            if tensor.name in found:
                raise WeightsError(
                    f"tensor `{tensor.name[:80]}` stands in two files",
                    code="duplicate-tensor",
                    where=file.path,
                    hint=f"the other is {found[tensor.name].file.path}",
                )
            found[tensor.name] = TensorSource(tensor=tensor, file=file, start=start + tensor.begin)
    return found


def read_rows(source: TensorSource, first: int, last: int) -> Any:
    """Return rows `first` to `last` (excluded) as a numpy array of float32, shape (rows, columns).

    Args:
        source: must be `readable`.
        first: the number of the first row.
        last: the number of the row after the last.

    Raises:
        ArtifactError: the file is gone or was replaced.
        WeightsError: the file became shorter since its header was read.
    """
    np = require_numpy()
    width = ELEMENT_BYTES[source.tensor.dtype] * source.tensor.shape[1]
    with open_found(source.file) as stream:
        stream.seek(source.start + first * width)
        data = stream.read((last - first) * width)
    if len(data) != (last - first) * width:
        raise WeightsError(
            f"tensor `{source.tensor.name[:80]}` ends early", code="short", where=source.file.path
        )
    shape = (last - first, source.tensor.shape[1])
    if source.tensor.dtype == "BF16":
        halves = np.frombuffer(data, dtype="<u2").astype(np.uint32)
        return (halves << 16).view(np.float32).reshape(shape)
    kind = "<f2" if source.tensor.dtype == "F16" else "<f4"
    return np.frombuffer(data, dtype=kind).astype(np.float32).reshape(shape)
