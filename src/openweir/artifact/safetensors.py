"""The header of a safetensors file, read more strictly than loaders read it.

What two parsers could read differently is refused: a duplicate key, an unknown
field, padding that is not spaces. Tensor data is never read.

Source: safetensors format description and its JSON Schema.
"""

from types import MappingProxyType
from typing import Any, BinaryIO, NoReturn

from openweir import canonical
from openweir.artifact.manifest import Tensor, TensorFile
from openweir.artifact.show import show
from openweir.errors import ArtifactError, CanonicalError

__all__ = ["DTYPE_BITS", "json_fault", "read_header"]

DTYPE_BITS: MappingProxyType[str, int] = MappingProxyType(
    {
        "BOOL": 8,
        "F4": 4,
        "F6_E2M3": 6,
        "F6_E3M2": 6,
        "U8": 8,
        "I8": 8,
        "F8_E5M2": 8,
        "F8_E4M3": 8,
        "F8_E8M0": 8,
        "F8_E4M3FNUZ": 8,
        "F8_E5M2FNUZ": 8,
        "I16": 16,
        "U16": 16,
        "F16": 16,
        "BF16": 16,
        "I32": 32,
        "U32": 32,
        "F32": 32,
        "C64": 64,
        "F64": 64,
        "I64": 64,
        "U64": 64,
    }
)
"""Bits per element of every element type the format knows."""

_MAX_HEADER_BYTES = 100_000_000
_MAX_AXES = 64
_MAX_ELEMENTS = 2**63
_FIELDS = {"dtype", "shape", "data_offsets"}


def read_header(stream: BinaryIO, size: int, *, path: str) -> TensorFile:
    """Read and check the header; the tensors come back in the order of their bytes.

    Args:
        stream: at the beginning of the file.
        size: of the whole file, in bytes.
        path: for the value and for messages.

    Raises:
        ArtifactError: the file breaks a rule of the format; the code says which:
            `safetensors-length`, `-json`, `-padding`, `-record`, `-dtype`, `-shape`,
            `-offsets`, `-metadata`.
    """
    length = _header_length(stream.read(8), size, path)
    header = stream.read(length)
    if len(header) != length or not header.startswith(b"{"):
        _refuse("json", "the header does not begin with `{`", path)
    if not header.rstrip(b" ").endswith(b"}"):
        _refuse("padding", "the header is followed by something else than spaces", path)
    try:
        document = canonical.parse(header, where=path, max_bytes=_MAX_HEADER_BYTES)
    except CanonicalError as error:
        _refuse("json", f"header: {json_fault(error)}", path)
    metadata = _metadata(document.pop("__metadata__", {}), path)
    tensors = [_tensor(name, record, path) for name, record in document.items()]
    tensors.sort(key=lambda tensor: (tensor.begin, tensor.end, tensor.name))
    _check_coverage(tensors, size - 8 - length, path)
    return TensorFile(path=path, tensors=tuple(tensors), metadata=metadata)


def json_fault(error: CanonicalError) -> str:
    """Say what is wrong with JSON in words that no version of Python changes."""
    if error.message.startswith("not valid JSON") or error.code.endswith("too-deep"):
        return "not valid JSON, or nested too deeply"
    return show(error.message, 160)


def _header_length(prefix: bytes, size: int, path: str) -> int:
    if len(prefix) < 8:
        _refuse("length", f"{size} bytes are too few for a header", path)
    length = int.from_bytes(prefix, "little")
    if length > _MAX_HEADER_BYTES:
        _refuse("length", f"a header of {length} bytes is longer than 100 MB", path)
    if length > size - 8:
        _refuse("length", f"the header is said to be {length} bytes, past the end of file", path)
    if length < 2:
        _refuse("length", f"a header of {length} bytes is too short", path)
    return length


def _metadata(found: Any, path: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        _refuse("metadata", "`__metadata__` holds something else than text", path)
    return tuple(sorted(found.items()))


def _tensor(name: str, record: Any, path: str) -> Tensor:
    if not isinstance(record, dict) or set(record) != _FIELDS:
        _refuse("record", f"tensor `{show(name)}` has not exactly dtype, shape, data_offsets", path)
    dtype, shape, offsets = record["dtype"], record["shape"], record["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BITS:
        _refuse("dtype", f"tensor `{show(name)}` has an element type that is not known", path)
    if not _sizes(shape) or len(shape) > _MAX_AXES:
        _refuse("shape", f"the shape of tensor `{show(name)}` is not a list of sizes", path)
    if not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        _refuse("offsets", f"the offsets of tensor `{show(name)}` are not begin and end", path)
    count = 1
    # Zeros last: an overflow before a zero is one parser's error and another's empty tensor.
    for axis in sorted(shape, reverse=True):
        count *= axis
        if count >= _MAX_ELEMENTS:
            _refuse("shape", f"tensor `{show(name)}` has more elements than can be", path)
    if count * DTYPE_BITS[dtype] != (offsets[1] - offsets[0]) * 8:
        _refuse("shape", f"tensor `{show(name)}` does not fill its bytes exactly", path)
    return Tensor(name=name, dtype=dtype, shape=tuple(shape), begin=offsets[0], end=offsets[1])


def _sizes(found: Any) -> bool:
    return isinstance(found, list) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 2**63 for item in found
    )


def _check_coverage(tensors: list[Tensor], data_bytes: int, path: str) -> None:
    end = 0
    for tensor in tensors:
        if tensor.begin != end:
            fault = "overlaps another" if tensor.begin < end else "leaves a hole before it"
            _refuse("offsets", f"tensor `{show(tensor.name)}` {fault}", path)
        end = tensor.end
    if end != data_bytes:
        fault = "are missing" if end > data_bytes else "belong to no tensor"
        _refuse("offsets", f"{abs(end - data_bytes)} bytes at the end {fault}", path)


def _refuse(rule: str, message: str, path: str) -> NoReturn:
    raise ArtifactError(message, code=f"safetensors-{rule}", where=path)
