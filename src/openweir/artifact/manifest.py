"""What lies in a model folder: values only, no reading."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from openweir import digest
from openweir.errors import ArtifactError

__all__ = [
    "FileEntry",
    "GgufFile",
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
        sha256: of the whole content; empty when the folder was read without digests.
    """

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Every file of a folder, sorted by the bytes of its path; `.openweir/` is left out."""

    files: tuple[FileEntry, ...]

    @property
    def digested(self) -> bool:
        """Whether every file's content was hashed, so that something can be bound to it."""
        return all(file.sha256 for file in self.files)

    def dirhash(self) -> str:
        """Return the in-toto `dirHash`: names and contents bound together.

        Raises:
            ArtifactError: the folder was read without digests.
        """
        if not self.digested:
            raise ArtifactError(
                "the folder was read without digests, so nothing can be bound to it",
                code="no-digests",
                hint="inspect it again without --headers-only",
            )
        return digest.dirhash((file.path, file.sha256) for file in self.files)

    def find(self, path: str) -> FileEntry | None:
        """Return the file at `path`, or None."""
        return next((file for file in self.files if file.path == path), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor of a safetensors or GGUF header.

    Attributes:
        dtype: as the format spells it: `BF16`, `F32`, `U8`; of GGUF also `Q4_K`.
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
class GgufFile:
    """The header of one GGUF file.

    Attributes:
        keys: texts, integers and flags, sorted by key; numbers with a fraction are left out.
        arrays: (key, element type, length), sorted by key; elements are not kept.
        trailing_bytes: after the last tensor and its padding.
    """

    path: str
    version: int
    keys: tuple[tuple[str, str | int | bool], ...]
    arrays: tuple[tuple[str, str, int], ...]
    tensors: tuple[Tensor, ...]
    trailing_bytes: int = 0

    def text(self, key: str) -> str | None:
        """Return the text under `key`, or None."""
        found = dict(self.keys).get(key)
        return found if isinstance(found, str) and found else None

    def integer(self, key: str) -> int | None:
        """Return the integer under `key`, or None."""
        found = dict(self.keys).get(key)
        return found if isinstance(found, int) and not isinstance(found, bool) else None


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
        gguf_files: GGUF headers that passed the strict reader.
        json_files: configuration files that parsed.
        text_files: beginnings of README, LICENSE and templates.
    """

    manifest: Manifest
    verdicts: tuple[Verdict, ...]
    tensor_files: tuple[TensorFile, ...] = ()
    gguf_files: tuple[GgufFile, ...] = ()
    json_files: tuple[JsonFile, ...] = ()
    text_files: tuple[TextFile, ...] = ()

    def json(self, path: str) -> Any:
        """Return the parsed JSON file at `path`, or None."""
        return next((file.value for file in self.json_files if file.path == path), None)

    def text(self, path: str) -> TextFile | None:
        """Return the text file at `path`, or None."""
        return next((file for file in self.text_files if file.path == path), None)
