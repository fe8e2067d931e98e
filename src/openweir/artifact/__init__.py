"""Artifact: bytes on disk, read once and never run.

In: a model folder in Hugging Face layout. Out: a `Snapshot` of files with
digests, safetensors headers, parsed configuration, and a `Verdict` per file.
Never: executes, unpickles or follows a path out of the folder.
"""

from openweir.artifact.manifest import (
    FileEntry,
    JsonFile,
    Manifest,
    Snapshot,
    Tensor,
    TensorFile,
    TextFile,
    Verdict,
    VerdictKind,
)

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
