"""What a release consists of, as the Hugging Face API says it: info, tree, refs, lists."""

from collections.abc import Iterable

from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.api.card import card_facts
from openweir.hub.api.listing import asks_security, expanded, expands
from openweir.hub.api.reply import Call, found_json, gate_error, refusal
from openweir.hub.api.resolve import may_read, require_revision, warnings_of
from openweir.hub.api.security import file_statuses, repository_status
from openweir.hub.gate import Answer, Principal
from openweir.hub.release import Release, ReleaseFile, git_pointer
from openweir.instant import format_instant
from openweir.tier import Tier

__all__ = [
    "auth_check",
    "card_of",
    "commits",
    "info",
    "paths_info",
    "refs",
    "release_json",
    "tree",
]

_PAGE = 1000
_MAX_CARD_BYTES = 1024 * 1024


def info(call: Call) -> Response:
    """`GET /api/models/ORG/NAME[/revision/REVISION]`: what it is and which files it has."""
    release = call.release()
    if "rest" in call.request.path_params:
        require_revision(call, release, call.rest("revision")[0])
    found = release_json(release) | card_of(call, release, call.principal)
    if asks_security(call):
        found["securityRepoStatus"] = repository_status(call, _scanned(release.files))
    return found_json(expanded(call, found), headers=_shown(call, release))


def tree(call: Call) -> Response:
    """`GET /api/models/ORG/NAME/tree/REVISION[/FOLDER]?recursive`: files, by pages."""
    release = call.release()
    revision, *parts = call.rest("tree")
    require_revision(call, release, revision)
    folder = "/".join(part for part in parts if part)
    query = call.request.query_params
    recursive = query.get("recursive", "").lower() in ("1", "true")
    inside = [file for file in release.files if not folder or file.path.startswith(folder + "/")]
    if folder and not inside:
        raise HubError(f"`{folder[:200]}` is no folder of `{call.name}`", code="entry-not-found")
    entries = sorted(
        _entries(inside, folder, recursive=recursive), key=lambda item: str(item["path"])
    )
    after = query.get("cursor", "")
    left = [item for item in entries if str(item["path"]) > after]
    page = left[: _limit(query.get("limit"))]
    if query.get("expand", "").lower() in ("1", "true"):
        _add_safety(call, release, page)
    headers = _shown(call, release)
    if len(page) < len(left):
        headers |= _next(call, str(page[-1]["path"]))
    return found_json(page, headers=headers)


def paths_info(call: Call) -> Response:
    """`POST /api/models/ORG/NAME/paths-info/REVISION`: of the paths in a form or JSON."""
    release = call.release()
    require_revision(call, release, call.rest("paths-info")[0])
    if call.request.headers.get("content-type", "").startswith("application/json"):
        body = call.json()
        asked, expand = body.texts("paths"), body.value.get("expand") is True
    else:
        form = call.form()
        asked = tuple(form.get("paths", ()))
        expand = form.get("expand", ["false"])[-1].lower() in ("1", "true")
    # Looked up, not searched for: thousands of paths may be asked of thousands of files.
    files = {file.path: file for file in release.files}
    folders = {path[:at] for path in files for at, sign in enumerate(path) if sign == "/"}
    found = []
    for path in dict.fromkeys(path.strip("/") for path in asked):
        if path in files:
            found.append(_file(files[path]))
        elif path in folders:
            found.append(_directory(path))
    if expand:
        _add_safety(call, release, found)
    return found_json(found, headers=_shown(call, release))


def refs(call: Call) -> Response:
    """`GET /api/models/ORG/NAME/refs`: branches; of a release one, that in force."""
    release = call.release()
    main = {"name": "main", "ref": "refs/heads/main", "targetCommit": release.commit}
    return found_json({"branches": [main], "tags": [], "converts": [], "pullRequests": []})


def commits(call: Call) -> Response:
    """`GET /api/models/ORG/NAME/commits/REVISION`: commits; of a release one, that in force."""
    release = call.release()
    require_revision(call, release, call.rest("commits")[0])
    only: dict[str, object] = {
        "id": release.commit,
        "title": f"Released at {release.tier.word}",
        "message": "",
        "date": _date(release),
        "authors": [{"user": release.published_by}],
    }
    if "formatted" in expands(call):
        only["formatted"] = {"title": only["title"], "message": ""}
    return found_json([only])


def auth_check(call: Call) -> Response:
    """`GET /api/models/ORG/NAME/auth-check[/write]`: may this client read (or publish)?"""
    release = call.release()
    if call.request.url.path.endswith("/write"):
        call.owner()
    strictest = Tier.GATED_WEIGHTS if release.gated else release.tier
    found, _ = call.channel.admission(release, strictest, call.principal)
    if found not in (Answer.SERVE, Answer.WITHHELD, Answer.NOT_YET):
        return refusal(gate_error(found, call, release, ""))
    return Response(status_code=200)


def card_of(call: Call, release: Release, principal: Principal | None) -> dict[str, object]:
    """Return what a release's card says, if that principal may read it; its tags with ours."""
    file = release.file("README.md")
    if file is None or file.size > _MAX_CARD_BYTES:
        return {}
    found, _ = call.channel.admission(release, file.tier, principal, path=file.path)
    if found is not Answer.SERVE:
        return {}
    try:
        facts = card_facts(call.channel.blobs.read(file.sha256).decode())
    except UnicodeDecodeError:
        return {}
    tags = facts.get("tags")
    return facts | {"tags": [*_tags(release), *(tags if isinstance(tags, list) else ())]}


def release_json(release: Release) -> dict[str, object]:
    """Return what `info` and lists say of a release."""
    decision = release.decision
    return {
        "_id": release.commit[:24],
        "id": release.name,
        "modelId": release.name,
        "author": release.name.partition("/")[0],
        "sha": release.commit,
        "private": False,
        "gated": "manual" if release.gated else False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": list(_tags(release)),
        "createdAt": _date(release),
        "lastModified": _date(release),
        "siblings": [
            {"rfilename": file.path, "size": file.size, "blobId": file.git_sha1, **_lfs(file)}
            for file in release.files
        ],
        "openweir": {
            "tier": decision.tier.word,
            "effective_tier": decision.effective_tier.word,
            "release_state": release.state,
            "as_of": decision.as_of.isoformat(),
            "valid_until": decision.valid_until.isoformat(),
        },
    }


def _tags(release: Release) -> tuple[str, ...]:
    return ("openweir", f"openweir:{release.tier.word}")


def _date(release: Release) -> str:
    return format_instant(release.published_at).replace("Z", ".000Z")


def _entries(
    files: Iterable[ReleaseFile], folder: str, *, recursive: bool
) -> list[dict[str, object]]:
    start = len(folder) + 1 if folder else 0
    found: dict[str, dict[str, object]] = {}
    for file in files:
        parts = file.path[start:].split("/")
        for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
            path = file.path[:start] + "/".join(parts[:depth])
            found[path] = _directory(path)
        if recursive or len(parts) == 1:
            found[file.path] = _file(file)
    return list(found.values())


def _file(file: ReleaseFile) -> dict[str, object]:
    return {
        "type": "file",
        "path": file.path,
        "oid": file.git_sha1,
        "size": file.size,
        **_lfs(file, digest="oid"),
    }


def _lfs(file: ReleaseFile, *, digest: str = "sha256") -> dict[str, object]:
    if not file.large:
        return {}
    pointer = len(git_pointer(file.sha256, file.size))
    return {"lfs": {digest: file.sha256, "size": file.size, "pointerSize": pointer}}


def _add_safety(call: Call, release: Release, listed: list[dict[str, object]]) -> None:
    paths = {item["path"] for item in listed}
    files = {file.path: file for file in release.files if file.path in paths}
    safety = file_statuses(
        call,
        _scanned(files.values()),
        reads=lambda path: may_read(call, release, files[path]) is Answer.SERVE,
    )
    for item in listed:
        if item["path"] in safety:
            item["securityFileStatus"] = safety[str(item["path"])]


def _scanned(files: Iterable[ReleaseFile]) -> tuple[tuple[str, int, str], ...]:
    return tuple((file.path, file.size, file.sha256) for file in files)


def _directory(path: str) -> dict[str, object]:
    return {"type": "directory", "path": path, "oid": "0" * 40, "size": 0}


def _shown(call: Call, release: Release) -> dict[str, str]:
    return {"X-Repo-Commit": release.commit, **warnings_of(call, release)}


def _limit(stated: str | None) -> int:
    if stated is None:
        return _PAGE
    if not (stated.isascii() and stated.isdigit()) or len(stated) > 9 or int(stated) < 1:
        raise HubError("`limit` is a number from 1", code="bad-request")
    return min(int(stated), _PAGE)


def _next(call: Call, cursor: str) -> dict[str, str]:
    url = call.request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url}>; rel="next"'}
