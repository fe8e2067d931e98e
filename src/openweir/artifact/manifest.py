"""What lies in a model folder: values only, no reading."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openweir import digest

__all__ = [
    "FileEntry",
    "JsonFile",
    "Manifest",
    "Snapshot",
    "Tensor",
    "TensorFile",
    "TextFile",
    "Verdict",
    "VerdictKind",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One regular file.

    Attributes:
        path: relative to the folder, `/` between parts, NFC.
        size: in bytes.
        sha256: of the whole content.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Every file of a folder, sorted by the bytes of its path; `.openweir/` is left out."""

    files: tuple[FileEntry, ...]

    def dirhash(self) -> str:
        """Return the in-toto `dirHash`: names and contents bound together."""
        return digest.dirhash((file.path, file.sha256) for file in self.files)

    def find(self, path: str) -> FileEntry | None:
        """Return the file at `path`, or None."""
        return next((file for file in self.files if file.path == path), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor of a safetensors header.

    Attributes:
        dtype: as the format spells it: `BF16`, `F32`, `U8`.
        shape: sizes per axis; () is a scalar.
        begin, end: byte offsets into the data section.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFile:
    """The header of one safetensors file."""

    path: str
    tensors: tuple[Tensor, ...]
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonFile:
    """A parsed JSON file of the folder; numbers with a fraction are `Decimal`."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFile:
    """The beginning of a text file.

    Attributes:
        truncated: whether the file went on past what was read.
    """

    path: str
    text: str
    truncated: bool = False


class VerdictKind(StrEnum):
    """What the gate says of a file."""

    CLEAN = "clean"
    FLAGGED = "flagged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the gate says of one file, and by which rules.

    Attributes:
        path: the file.
        verdict: the worst of its rules; `clean` without any.
        rules: ids of the rules that fired, sorted, such as `pickle` or `custom-code`.
        detail: one sentence for people; empty when clean.
    """

    path: str
    verdict: VerdictKind
    rules: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that was read of a model folder, once, without executing anything.

    Attributes:
        manifest: files with sizes and digests.
        verdicts: one per path in the folder, sorted by the bytes of the path. What was
            refused unread (a link out of the folder, a special file) has a verdict and
            no entry in the manifest.
        tensor_files: safetensors headers that passed the strict reader.
        json_files: configuration files that parsed.
        text_files: beginnings of README, LICENSE and templates.
    """

    manifest: Manifest
    verdicts: tuple[Verdict, ...]
    tensor_files: tuple[TensorFile, ...] = ()
    json_files: tuple[JsonFile, ...] = ()
    text_files: tuple[TextFile, ...] = ()

    def json(self, path: str) -> Any:
        """Return the parsed JSON file at `path`, or None."""
        return next((file.value for file in self.json_files if file.path == path), None)

    def text(self, path: str) -> TextFile | None:
        """Return the text file at `path`, or None."""
        return next((file for file in self.text_files if file.path == path), None)
