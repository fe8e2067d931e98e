"""Uploading: how each file shall come, and the commit that names them."""

import base64
import binascii

from starlette.responses import Response

from openweir.canonical import Object
from openweir.errors import HubError
from openweir.hub.api.drafts import draft_of, writable
from openweir.hub.api.reply import Call, found_json
from openweir.hub.repository import Entry, read_commit
from openweir.hub.repository.patterns import ignored, kept_large
from openweir.hub.repository.repositories import Kind

__all__ = ["MAX_COMMIT_BYTES", "commit", "preupload"]

MAX_COMMIT_BYTES = 256 * 1024 * 1024
_MAX_PER_CALL = 256
_LARGE_BYTES = 10 * 1024 * 1024


def preupload(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/preupload/REVISION`: inline, as a large file, or not at all.

    Large is what `.gitattributes` says so, what has more than 10 MiB, and what is not text.
    """
    writable(call)
    draft, body = draft_of(call, call.rest("preupload")[0]), call.json()
    asked = list(body.objects("files"))
    if len(asked) > _MAX_PER_CALL:
        raise HubError(f"at most {_MAX_PER_CALL} files at a time", code="bad-request")
    workspace = call.channel.workspace
    attributes = body.optional_text("gitAttributes")
    if attributes is None:
        attributes = workspace.text(draft, ".gitattributes") or ""
    unwanted = body.optional_text("gitIgnore")
    if unwanted is None:
        unwanted = workspace.text(draft, ".gitignore") or ""
    found = []
    for item in asked:
        path = item.text("path")
        large = kept_large(path, attributes)
        if large is None or item.integer("size", 0) > _LARGE_BYTES:
            large = item.integer("size", 0) > _LARGE_BYTES or b"\x00" in _sample(item)
        known = workspace.at(draft, path)
        found.append(
            {
                "path": path,
                "uploadMode": "lfs" if large else "regular",
                "shouldIgnore": ignored(path, unwanted),
                "oid": None if known is None or known.folder else _known_as(known),
            }
        )
    return found_json({"files": found, "commitOid": draft.commit.oid})


def commit(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/commit/REVISION?create_pr`: the whole commit or nothing."""
    repository = writable(call)
    beside = call.request.query_params.get("create_pr", "").lower() in ("1", "true")
    made = call.channel.workspace.commit(
        repository,
        call.rest("commit")[0],
        read_commit(call.body),
        author=call.user().user,
        at=call.channel.clock(),
        beside=beside,
        alone=bool(call.user().only),
    )
    prefix = "" if repository.kind is Kind.MODEL else "datasets/"
    address = f"{call.base}/{prefix}{repository.name}"
    found: dict[str, object] = {
        "success": True,
        "commitOid": made.commit.oid,
        "commitUrl": f"{address}/commit/{made.commit.oid}",
        "hookOutput": "",
    }
    if made.pull is not None:
        found["pullRequestUrl"] = f"{address}/discussions/{made.pull}"
    return found_json(found)


def _sample(item: Object) -> bytes:
    try:
        return base64.b64decode(item.optional_text("sample") or "", validate=True)[:512]
    except (binascii.Error, ValueError):
        raise HubError("the sample is not base64", code="bad-request") from None


def _known_as(entry: Entry) -> str | None:
    """Return what a client compares its own file with: SHA-256 where large, else git's id."""
    return entry.sha256 if entry.large else entry.oid
