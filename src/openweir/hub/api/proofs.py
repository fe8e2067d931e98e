"""What everybody may check: the release's statements and the hub's log."""

import re

from starlette.responses import FileResponse, Response

from openweir.errors import HubError
from openweir.hub.api.reply import Call, found_json
from openweir.hub.origin import draft_commit
from openweir.hub.release import Release

__all__ = ["register_file", "release_json", "statement"]

# C2SP tlog-tiles: nothing else of the register's folder is public, least of all its key.
_TILE = re.compile(
    r"checkpoint|head/[A-Za-z0-9][A-Za-z0-9._-]{0,63}\.json|statements/[0-9a-f]{64}\.dsse\.json"
    r"|tile/(?:[0-9]|[1-5][0-9]|6[0-3]|entries)(?:/x[0-9]{3})*/[0-9]{3}(?:\.p/[0-9]{1,3})?",
    re.ASCII,
)
_TEXT = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}


def release_json(call: Call) -> Response:
    """`GET /openweir/ORG/NAME/release.json`: what is in force, also after it expired."""
    release = _known(call)
    serves = release.state == "released"
    # Drafts concern members only.
    member = call.principal is not None and call.principal.reads(release.name)
    return found_json(
        {
            "name": release.name,
            "commit": release.commit,
            "tier": release.tier.word,
            "release_state": release.state,
            "halted": release.halted or None,
            "draft": draft_commit(call.channel.store, release.name, release.commit)
            if member
            else None,
            "release_sha256": release.decision.release_sha256,
            "as_of": release.decision.as_of.isoformat(),
            "valid_until": release.decision.valid_until.isoformat(),
            "files": [
                {"path": file.path, "size": file.size, "sha256": file.sha256}
                for file in (release.files if serves else ())
                if not file.path.startswith(".openweir/")
            ],
            "statements": [file.path.removeprefix(".openweir/") for file in release.statements],
        }
    )


def statement(call: Call) -> Response:
    """`GET /openweir/ORG/NAME/statements/FILE`: a signed statement or what it rests on."""
    release = _known(call)
    name = "/".join(call.rest("statements"))
    found = release.statement(name)
    if found is None:
        raise HubError(f"`{name[:200]}` is no statement here", code="entry-not-found")
    content = call.channel.blobs.read(found.sha256)
    return Response(content, media_type="application/octet-stream", headers=_TEXT)


def register_file(call: Call) -> Response:
    """`GET /register/PATH`: the log's checkpoint, tiles, head and statements, nothing else."""
    path = "/".join(call.rest("register"))
    file = call.channel.register / path
    known = _TILE.fullmatch(path) is not None and file.is_file()
    if not known or not file.resolve().is_relative_to(call.channel.register.resolve()):
        raise HubError("the log has no such tile", code="entry-not-found")
    moves = path == "checkpoint" or path.startswith("head/") or ".p/" in path
    caching = "no-cache" if moves else "public, max-age=31536000"
    return FileResponse(
        file,
        media_type="text/plain" if path == "checkpoint" else "application/octet-stream",
        headers={**_TEXT, "Cache-Control": caching},
    )


def _known(call: Call) -> Release:
    found = call.channel.known(call.name)
    if found is None:
        raise HubError(f"there is no release `{call.name}` here", code="repo-not-found")
    return found
