"""The gate: one verdict per file, by content first and by name second.

Rules that refuse: `safetensors-*`, `gguf-*`, `index-traversal`, `index-malformed`,
`template-escape`, and what `walk` refuses. Rules that flag: `pickle`, `custom-code`,
`executable`, `archive`, `polyglot`, `unread-format`, `unknown-format`, `broken-json`,
`oversized-json`, `oversized-text`, `broken-text`, `large-metadata`, `tensor-names`,
`index-missing`, `index-mismatch`, `case-collision`, `misnamed`,
`trailing-bytes`, `template-syntax`, `template-unknown`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from openweir.artifact import content
from openweir.artifact.manifest import GgufFile, TensorFile, Verdict, VerdictKind
from openweir.artifact.show import is_plain, show

__all__ = [
    "Mark",
    "flag",
    "mark_bytes",
    "mark_collisions",
    "mark_gguf",
    "mark_index",
    "mark_json",
    "mark_tensors",
    "refuse",
    "verdict",
]

_MAX_METADATA_BYTES = 64 * 1024
_PICKLES = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib"})
_SCRIPTS = frozenset(
    {".sh", ".bash", ".bat", ".cmd", ".ps1", ".exe", ".dll", ".so", ".dylib", ".js", ".jar"}
)
_CODE = frozenset({".py", ".pyc", ".pyd", ".pyx", ".ipynb"})
_WEIGHTS = frozenset({".ggml", ".h5", ".keras", ".onnx", ".msgpack", ".tflite", ".npz"})
_OPAQUE = frozenset({".model", ".spm", ".tiktoken", ".ico", ".svg", ".woff2", ".ttf"})
_READ = frozenset({".safetensors", ".json", ".gguf"})
_REMOTE_CODE = re.compile(r"[\w.-]+/[\w.-]+--[\w.-]+", re.ASCII)
# Keys whose value makes a loader run code from the folder or fetch it.
_CODE_KEYS = frozenset(
    {
        "auto_map",
        "trust_remote_code",
        "custom_pipelines",
        "custom_generate",
        "_attn_implementation_internal",
    }
)


@dataclass(frozen=True, slots=True)
class Mark:
    """One rule that fired for one file."""

    kind: VerdictKind
    rule: str
    detail: str


def flag(rule: str, detail: str) -> Mark:
    """Return a mark that flags."""
    return Mark(VerdictKind.FLAGGED, rule, detail)


def refuse(rule: str, detail: str) -> Mark:
    """Return a mark that refuses."""
    return Mark(VerdictKind.REFUSED, rule, detail)


def verdict(path: str, marks: tuple[Mark, ...]) -> Verdict:
    """Join the marks of a file into its verdict: the worst kind, all rules, one detail each."""
    kinds = {mark.kind for mark in marks}
    worst = next((k for k in (VerdictKind.REFUSED, VerdictKind.FLAGGED) if k in kinds), None)
    by_rule = {mark.rule: mark.detail for mark in reversed(marks)}
    return Verdict(
        path=path,
        verdict=worst or VerdictKind.CLEAN,
        rules=tuple(sorted(by_rule)),
        detail="; ".join(by_rule[rule] for rule in sorted(by_rule)),
    )


def mark_bytes(path: str, head: bytes, tail: bytes) -> Iterator[Mark]:
    """Yield what the first and last 64 KiB of a file and its name give away."""
    suffix = PurePosixPath(path).suffix.lower()
    read_whole = (
        head.startswith(b"GGUF") or suffix in _READ or suffix in _PICKLES or suffix in _OPAQUE
    )
    if content.is_pickle(head) or content.is_object_array(head):
        yield flag("pickle", "unpickling it would run code")
    elif content.is_zip_of_pickles(head, tail) or suffix in _PICKLES:
        yield flag("pickle", "a format that is read by unpickling, which runs code")
    elif content.is_archive(head):
        yield flag("archive", "an archive: what is inside was not looked at")
    elif content.holds_zip(tail):
        yield flag("polyglot", "also a zip archive: two readers would see two files")
    if content.is_executable(head) or suffix in _SCRIPTS:
        yield flag("executable", "a program or script")
    elif suffix in _CODE:
        yield flag("custom-code", "program code beside the weights")
    elif content.is_weights(head) or suffix in _WEIGHTS:
        yield flag("unread-format", "weights in a format whose content is not read")
    elif not (read_whole or content.is_text(head) or content.is_binary(head)):
        yield flag("unknown-format", "neither text nor a format that is known")


def mark_tensors(file: TensorFile) -> Iterator[Mark]:
    """Yield what is within the safetensors format and still worth a look."""
    names = [tensor.name for tensor in file.tensors]
    odd = next((name for name in names if not is_plain(name) or ".." in name.split("/")), None)
    if odd is not None:
        yield flag("tensor-names", f"tensor `{show(odd)}` is named like a path or hides characters")
    held = sum(len(key) + len(text) for key, text in file.metadata)
    if held > _MAX_METADATA_BYTES:
        yield flag("large-metadata", f"{held} characters of metadata in the header")


def mark_gguf(file: GgufFile) -> Iterator[Mark]:
    """Yield what is within the GGUF format and still worth a look."""
    if not file.path.lower().endswith(".gguf"):
        yield flag("misnamed", "GGUF weights under the name of something else")
    odd = next((t.name for t in file.tensors if not is_plain(t.name)), None)
    if odd is not None:
        yield flag("tensor-names", f"tensor `{show(odd)}` hides characters")
    if file.trailing_bytes:
        yield flag("trailing-bytes", f"{file.trailing_bytes} bytes at the end belong to no tensor")


def mark_json(document: Any) -> Iterator[Mark]:
    """Yield a mark when loading with this configuration would run or fetch code."""
    pending = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            for key, found in value.items():
                if _runs_code(key, found):
                    yield flag("custom-code", f"`{show(key, 40)}` makes a loader run other code")
                    return
            pending.extend(value.values())
        elif isinstance(value, str) and len(value) < 512 and _REMOTE_CODE.fullmatch(value):
            yield flag("custom-code", f"`{show(value)}` names code in another repository")
            return


def mark_index(
    path: str, document: Any, present: frozenset[str], tensor_files: tuple[TensorFile, ...]
) -> Iterator[Mark]:
    """Yield what is wrong with a `*.index.json`, which tells a loader what to open.

    Args:
        path: of the index.
        document: parsed.
        present: every path in the folder.
        tensor_files: headers that passed.
    """
    weights = document.get("weight_map") if isinstance(document, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(v, str) for v in weights.values()):
        yield refuse("index-malformed", "no `weight_map` from tensor names to file names")
        return
    folder = PurePosixPath(path).parent
    for shard in sorted(set(weights.values())):
        parts = re.split(r"[/\\]", shard)
        if not shard or not parts[0] or ".." in parts or ":" in shard or "\\" in shard:
            yield refuse("index-traversal", f"`{show(shard)}` leads out of the folder")
            return
    shards = {shard: str(folder / shard) for shard in weights.values()}
    missing = sorted(shard for shard, file in shards.items() if file not in present)
    if missing:
        yield flag("index-missing", f"{len(missing)} named files are missing: `{show(missing[0])}`")
    read = {file.path: {t.name for t in file.tensors} for file in tensor_files}
    indexed = {(shards[shard], name) for name, shard in weights.items() if shards[shard] in read}
    stored = {(file, name) for file in shards.values() for name in read.get(file, ())}
    if indexed != stored:
        name = min(name for _, name in indexed ^ stored)
        yield flag("index-mismatch", f"index and files disagree on tensor `{show(name)}`")


def mark_collisions(paths: tuple[str, ...]) -> Iterator[tuple[str, Mark]]:
    """Yield (path, mark) for paths that are one file where case does not count."""
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            yield path, flag("case-collision", f"differs from `{show(other)}` in case only")


def _runs_code(key: str, found: Any) -> bool:
    if key in _CODE_KEYS:
        # A token of that name in a vocabulary has a number; a setting has one of these.
        return found is True or (isinstance(found, (str, dict, list)) and len(found) > 0)
    return key.startswith("_attn_implementation") and isinstance(found, str) and "/" in found
