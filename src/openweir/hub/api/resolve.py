"""Files: the one endpoint that hands out a model's bytes."""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from urllib.parse import quote

from starlette.responses import JSONResponse, Response

from openweir.digest import sha256 as digest_of
from openweir.errors import HubError
from openweir.hub.api.handing import handed_on, may_be_handed_on
from openweir.hub.api.recent import XET_INFO, keep
from openweir.hub.api.recorded import Right, event_of, metered_as, record_answer
from openweir.hub.api.reply import Call, gate_error, refusal, warn
from openweir.hub.api.sending import send, send_text
from openweir.hub.blobs import Blob
from openweir.hub.gate import Answer
from openweir.hub.release import Release, ReleaseFile, git_pointer, git_pointer_sha1
from openweir.tier import Tier

__all__ = ["STORE", "may_read", "raw", "require_revision", "resolve", "serve_blob", "warnings_of"]

STORE = "/api/openweir/cas/{epoch}/{namespace}"
"""Where clients find the Xet store of a namespace."""

_REVISIONS = ("main", "HEAD", "refs/heads/main")
_WARN_DAYS = 30


def resolve(call: Call) -> Response:
    """`GET|HEAD /ORG/NAME/resolve/REVISION/PATH`: a file, to whom the decision allows it."""
    return _file(call, "resolve")


def raw(call: Call) -> Response:
    """`GET|HEAD /ORG/NAME/raw/REVISION/PATH`: a file as git has it, a large one as its pointer."""
    return _file(call, "raw")


def _file(call: Call, marker: str) -> Response:
    revision, *parts = call.rest(marker)
    path = "/".join(parts)
    release = call.release()
    require_revision(call, release, revision)
    file = release.file(path)
    if file is None:
        return _no_entry(call, release, path)
    found, grant = call.channel.admission(release, file.tier, call.principal, path=path)
    private = file.tier is Tier.GATED_WEIGHTS or release.stage is not None
    right = Right(
        decision=digest_of(release.bundle.decision),
        grant="" if grant is None or not private else grant.id,
    )
    if found is not Answer.SERVE:
        answer = refusal(gate_error(found, call, release, path))
        record_answer(call, right, release.commit, path, answer.status_code)
        return answer
    return serve_blob(
        call,
        sha256=file.sha256,
        size=file.size,
        etag=file.sha256 if file.large else file.git_sha1,
        pointer=file.large and marker == "raw",
        commit=release.commit,
        path=path,
        private=private,
        right=right,
        still=lambda: call.channel.still(call.name, path, file.sha256, call.principal),
        headers=warnings_of(call, release),
        warnings=release.warnings,
    )


def may_read(call: Call, release: Release, file: ReleaseFile) -> Answer:
    """Return what the gate says of one file of a release to whoever asks."""
    return call.channel.admission(release, file.tier, call.principal, path=file.path)[0]


def serve_blob(
    call: Call,
    *,
    sha256: str,
    size: int,
    etag: str,
    commit: str,
    path: str,
    private: bool,
    right: Right,
    still: Callable[[], bool],
    headers: dict[str, str] | None = None,
    warnings: tuple[str, ...] = (),
    pointer: bool = False,
) -> Response:
    """Return the answer that sends a blob; whether it may be sent was decided before.

    Args:
        call: the request.
        sha256: of the blob.
        size: in bytes.
        etag: what clients know the file by: its SHA-256 where it is large, else git's id.
        commit: that it was asked at.
        path: in the repository.
        private: whether no cache between may keep it.
        right: by which it is sent, for the audit.
        still: whether that right holds on, asked while the bytes go out.
        headers: to add.
        warnings: for the user, as `topic; message`.
        pointer: whether what is sent is the few lines that git has in place of a large file.
    """
    if pointer:
        event = event_of(call, right, commit, path)
        found = _facts(commit, git_pointer_sha1(sha256, size), private=private, more=headers)
        text = send_text(git_pointer(sha256, size), call.request.scope, headers=found)
        response = metered_as(call.channel, text, event, still=still)
        warn(response, warnings)
        return response
    # The right was computed just now; comparing a large file with its digest takes minutes.
    asked, blobs = monotonic(), call.channel.blobs
    if call.request.method == "HEAD":
        identity = blobs.identity(sha256)
        if identity is None or identity.size != size:
            raise HubError("the stored file is damaged", code="damaged", where=sha256[:12])
        blob = Blob(
            storage=blobs.storage,
            key=blobs.key(sha256),
            stamp=identity,
            path=blobs.storage.path(blobs.key(sha256)),
        )
    else:
        blob = blobs.checked(sha256, size)
    found = _facts(commit, etag, private=private, more=headers)
    if etag == sha256:
        found |= {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(size)}
        found |= _by_xet(call, sha256, commit)
    event = event_of(call, right, commit, path)
    if XET_INFO in call.request.headers.get("accept", "") and "X-Xet-Hash" in found:
        call.channel.audit.record(replace(event, action="head"))
        return JSONResponse(
            {"hash": found["X-Xet-Hash"], "size": size},
            # No cache between may take this for the file.
            headers=found
            | {"Link": _with_reconstruction(call, found), "Cache-Control": "private, no-store"},
            media_type=XET_INFO,
        )
    if not private:
        handed = handed_on(call, blob, headers=found, event=event)
        if handed is not None:
            warn(handed, warnings)
            return handed
    # The answer that is kept is the hub's own: it would be given to whoever is to be handed on.
    if not warnings and (private or not may_be_handed_on(call, blob)):
        keep(call.request.scope, sha256=sha256, blob=blob, headers=found, event=event, still=still)
    response = metered_as(call.channel, send(blob, headers=found), event, still=still, asked=asked)
    warn(response, warnings)
    return response


def require_revision(call: Call, release: Release, revision: str) -> None:
    """Check that a revision names the release in force.

    Raises:
        HubError: it does not; a superseded commit is not served any more.
    """
    if revision not in _REVISIONS and revision != release.commit:
        raise HubError(
            f"`{call.name}` has no revision `{revision[:100]}`; `main` is {release.commit}",
            code="revision-not-found",
        )


def warnings_of(call: Call, release: Release) -> dict[str, str]:
    """Return the `X-HF-Warning` that every client shows once, when a decision soon ends."""
    left = (release.decision.valid_until - call.channel.clock().date()).days
    if left > _WARN_DAYS:
        return {}
    last = release.decision.valid_until.isoformat()
    return {"X-HF-Warning": f"openweir; the decision for {release.name} holds until {last}"}


def _facts(commit: str, etag: str, *, private: bool, more: dict[str, str] | None) -> dict[str, str]:
    """Return what every answer says of a file."""
    return {
        "X-Repo-Commit": commit,
        "ETag": f'"{etag}"',
        # Whatever the file holds, no browser runs it in the name of the hub's pages.
        "Content-Disposition": "attachment",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store" if private else "no-cache",
        "Vary": "Authorization",
        **(more or {}),
    }


def _by_xet(call: Call, sha256: str, commit: str) -> dict[str, str]:
    """Return what tells a client that it may fetch the file by Xet, if it came by Xet."""
    name = call.channel.xet.name_of(call.name.partition("/")[0], sha256)
    if name is None:
        return {}
    kind = "datasets" if call.request.url.path.startswith("/datasets/") else "models"
    route = f"{call.base}/api/{kind}/{call.name}/xet-read-token/{commit}"
    return {"X-Xet-Hash": name, "Link": f'<{route}>; rel="xet-auth"'}


def _with_reconstruction(call: Call, found: dict[str, str]) -> str:
    """Return the links of a file by Xet, with the one that clients in browsers follow."""
    store = STORE.format(
        epoch=call.channel.xet.epoch(), namespace=quote(call.name.partition("/")[0])
    )
    place = f"{call.base}{store}/v1/reconstructions/{found['X-Xet-Hash']}"
    return f'{found["Link"]}, <{place}>; rel="xet-reconstruction-info"'


def _no_entry(call: Call, release: Release, path: str) -> Response:
    error = HubError(f"`{path[:200]}` is not in `{call.name}`", code="entry-not-found")
    # Clients remember absence by commit, so the header is here too.
    return refusal(error, headers={"X-Repo-Commit": release.commit})
