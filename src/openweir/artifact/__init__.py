"""Artifact: bytes on disk, read once and never run.

In: a model folder in Hugging Face layout. Out: a `Manifest` of files with digests,
or a `Snapshot` with safetensors and GGUF headers, parsed configuration and a `Verdict` per
file besides. Never: executes, unpickles, follows a path out of the folder, or reads
tensor data for anything but its digest.

Clauses: in-toto `dirHash` (digest of a folder), the safetensors and GGUF formats, the layout
of a Hugging Face cache.

    snapshot = read(Path("model"))
    snapshot.manifest.dirhash()
"""

from openweir.artifact.gate import at_the_gate
from openweir.artifact.manifest import (
    FileEntry,
    GgufFile,
    JsonFile,
    Manifest,
    Snapshot,
    Tensor,
    TensorFile,
    TextFile,
    Verdict,
    VerdictKind,
)
from openweir.artifact.pickled import pickle_fault
from openweir.artifact.read import look_at, look_through, read, read_manifest
from openweir.artifact.show import show
from openweir.artifact.template import Template, has_templates, templates_of
from openweir.artifact.walk import walk

__all__ = [
    "FileEntry",
    "GgufFile",
    "JsonFile",
    "Manifest",
    "Snapshot",
    "Template",
    "Tensor",
    "TensorFile",
    "TextFile",
    "Verdict",
    "VerdictKind",
    "at_the_gate",
    "has_templates",
    "look_at",
    "look_through",
    "pickle_fault",
    "read",
    "read_manifest",
    "show",
    "templates_of",
    "walk",
]
