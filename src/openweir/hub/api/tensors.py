"""What a model's tensors are, from the headers of its files, in one answer.

Whoever may read a file may read its header here; nobody else learns a name or a shape.
Source: huggingface_hub, `HfApi.get_sharded_safetensors_metadata`.
"""

import io
import posixpath
from collections.abc import Callable

from starlette.responses import Response

from openweir.artifact.safetensors import read_header
from openweir.canonical import Object, parse
from openweir.errors import ArtifactError, HubError
from openweir.hub.api.drafts import draft_of
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, found_json, gate_error
from openweir.hub.api.resolve import may_read, require_revision
from openweir.hub.gate import Answer

__all__ = ["of_draft", "of_release"]

_MAX_INDEX_BYTES = 64 * 1024 * 1024
# An answer holds every header at once; whoever has more reads each by a range of its file.
_MAX_HEADERS_BYTES = 64 * 1024 * 1024
_MAX_SHARDS = 1000
_INDEX = ".safetensors.index.json"

# From a path to the digest and size of a file that whoever asks may read.
_Opened = Callable[[str], tuple[str, int]]


def of_draft(call: Call) -> Response:
    """`GET /api/models/ORG/NAME/safetensors-metadata/FILE`, for a member."""
    draft = draft_of(call, _revision(call))

    def opened(path: str) -> tuple[str, int]:
        entry = call.channel.workspace.at(draft, path)
        if entry is None or entry.sha256 is None:
            raise _absent(call, path)
        return entry.sha256, entry.size

    return _told(call, opened, draft.commit.oid)


def of_release(call: Call) -> Response:
    """`GET /api/models/ORG/NAME/safetensors-metadata/FILE`: names and shapes of all tensors."""
    release = call.release()
    require_revision(call, release, _revision(call))

    def opened(path: str) -> tuple[str, int]:
        file = release.file(path)
        if file is None:
            raise _absent(call, path)
        found = may_read(call, release, file)
        if found is not Answer.SERVE:
            raise gate_error(found, call, release, path)
        return file.sha256, file.size

    return _told(call, opened, release.commit)


def _told(call: Call, opened: _Opened, commit: str) -> Response:
    path = "/".join(call.rest("safetensors-metadata"))
    index: dict[str, object] = {"metadata": {}}
    shards = [(posixpath.basename(path), path)]
    if path.endswith(_INDEX):
        digest, size = opened(path)
        if size > _MAX_INDEX_BYTES:
            raise HubError(f"`{path[:200]}` is too long for an index", code="tensors")
        found = Object(parse(call.channel.blobs.read(digest), where=path, foreign=True), path)
        shards = _shards(found, path)
        metadata = found.value.get("metadata")
        index["metadata"] = _plain(metadata) if isinstance(metadata, dict) else {}
    left, headers = _MAX_HEADERS_BYTES, {}
    for name, shard in shards:
        headers[name], taken = _header(call, shard, *opened(shard), left=left)
        left -= taken
    record(call, "headers", commit=commit, detail=path)
    return found_json({"index": index, "headers": headers}, headers={"X-Repo-Commit": commit})


def _shards(index: Object, path: str) -> list[tuple[str, str]]:
    """Return (name in the index, path) of each file that an index names."""
    named = index.value.get("weight_map")
    names = set(named.values()) if isinstance(named, dict) else set()
    if not names or not all(isinstance(name, str) for name in names):
        raise HubError(f"`{path[:200]}` names no files of tensors", code="tensors")
    if len(names) > _MAX_SHARDS:
        raise HubError(f"`{path[:200]}` names more than {_MAX_SHARDS} files", code="tensors")
    folder = posixpath.dirname(path)
    return [(name, posixpath.join(folder, name)) for name in sorted(names)]


def _header(
    call: Call, path: str, digest: str, size: int, *, left: int
) -> tuple[dict[str, object], int]:
    """Return the header of one file as its own JSON says it, and how long that was."""
    blob = call.channel.blobs.checked(digest, size)
    stated = b"".join(blob.pieces(0, min(8, size)))
    length = int.from_bytes(stated, "little")
    if left < length <= size - 8:
        raise HubError(
            f"the header of `{path[:200]}` is too long for one answer",
            code="tensors",
            hint="read the first bytes of the file by a range",
        )
    # A length that the file cannot hold is the reader's to refuse, by the first bytes alone.
    end = 8 + length if length <= size - 8 else min(8, size)
    head = io.BytesIO(b"".join(blob.pieces(0, end)))
    try:
        found = read_header(head, size, path=path)
    except ArtifactError as error:
        raise HubError(
            f"`{path[:200]}` holds no tensors: {error.message}", code="tensors"
        ) from None
    told: dict[str, object] = {
        tensor.name: {
            "dtype": tensor.dtype,
            "shape": list(tensor.shape),
            "data_offsets": [tensor.begin, tensor.end],
        }
        for tensor in found.tensors
    }
    if found.metadata:
        told["__metadata__"] = dict(found.metadata)
    return told, length


def _plain(metadata: dict[str, object]) -> dict[str, object]:
    """Return an index's own words; numbers with a fraction come as text."""
    return {
        key: value if value is None or isinstance(value, (str, bool, int)) else str(value)
        for key, value in metadata.items()
    }


def _revision(call: Call) -> str:
    return call.request.query_params.get("revision", "main")


def _absent(call: Call, path: str) -> HubError:
    return HubError(f"`{path[:200]}` is not in `{call.name}`", code="entry-not-found")
