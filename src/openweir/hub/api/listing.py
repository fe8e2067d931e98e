"""Drafts in the shapes of the Hugging Face API: info, tree, paths, references, commits."""

from collections.abc import Iterable, Iterator
from html import escape

from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.api.card import card_facts
from openweir.hub.api.drafts import draft_of
from openweir.hub.api.reply import Call, found_json
from openweir.hub.api.security import file_statuses, repository_status
from openweir.hub.release import git_pointer
from openweir.hub.repository import Commit, Entry
from openweir.hub.repository.repositories import Gating
from openweir.hub.repository.rows import full_ref
from openweir.hub.workspace import Draft
from openweir.instant import format_instant

__all__ = [
    "asks_security",
    "commits",
    "expanded",
    "expands",
    "info",
    "info_json",
    "page_size",
    "paths_info",
    "refs",
    "scanned",
    "tree",
]

_PAGE = 1000
_PAGE_OF_COMMITS = 100


def info(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME[/revision/REVISION]`."""
    stated = "rest" in call.request.path_params
    draft = draft_of(call, call.rest("revision")[0] if stated else "main")
    told = info_json(call, draft, files=True)
    if asks_security(call):
        files = call.channel.workspace.files(draft)
        told["securityRepoStatus"] = repository_status(call, scanned(files))
    found = expanded(call, told)
    return found_json(found, headers=_shown(draft))


def info_json(call: Call, draft: Draft, *, files: bool) -> dict[str, object]:
    """Return what `info` and lists say of a repository.

    Args:
        call: the request.
        draft: the repository at one commit.
        files: whether its files are listed too.
    """
    repository, workspace = draft.repository, call.channel.workspace
    found: dict[str, object] = {
        "_id": draft.commit.oid[:24],
        "id": repository.name,
        "modelId": repository.name,
        "author": repository.namespace,
        "sha": draft.commit.oid,
        "private": repository.private,
        "gated": False if repository.gated is Gating.NO else repository.gated.value,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "createdAt": format_instant(repository.created_at).replace("Z", ".000Z"),
        "lastModified": format_instant(draft.commit.at).replace("Z", ".000Z"),
    }
    found |= card_facts(workspace.text(draft, "README.md"))
    if files:
        listed = list(workspace.files(draft))
        found["usedStorage"] = sum(entry.size for _, entry in listed)
        found["siblings"] = [
            {"rfilename": path, "size": entry.size, "blobId": entry.oid, **_lfs(entry)}
            for path, entry in listed
        ]
    return found


def expands(call: Call) -> frozenset[str]:
    """Return the properties a client asks for by `expand`; empty for the usual ones."""
    query = call.request.query_params
    return frozenset(word for key in ("expand", "expand[]") for word in query.getlist(key))


def asks_security(call: Call) -> bool:
    """Whether a client asks what the scan says of a repository."""
    stated = call.request.query_params.get("securityStatus")
    return _flag(stated) or "securityRepoStatus" in expands(call)


def scanned(files: Iterable[tuple[str, Entry]]) -> tuple[tuple[str, int, str], ...]:
    """Return (path, size, SHA-256) of those entries that are files."""
    return tuple(
        (path, entry.size, entry.sha256) for path, entry in files if entry.sha256 is not None
    )


def expanded(call: Call, found: dict[str, object]) -> dict[str, object]:
    """Return of an answer what a client asks for by `expand`; all of it if nothing."""
    wanted = expands(call)
    if not wanted:
        return found
    return {key: value for key, value in found.items() if key in wanted | {"_id", "id"}}


def page_size(call: Call, *, most: int = _PAGE) -> int:
    """Return how many items a client wants at a time.

    Raises:
        HubError: it says no number.
    """
    stated = call.request.query_params.get("limit")
    if stated is None:
        return most
    if not (stated.isascii() and stated.isdigit()) or len(stated) > 9 or int(stated) < 1:
        raise HubError("`limit` is a number from 1", code="bad-request")
    return min(int(stated), most)


def tree(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/tree/REVISION[/FOLDER]?recursive&expand`, by pages."""
    revision, *parts = call.rest("tree")
    draft = draft_of(call, revision)
    folder = "/".join(part for part in parts if part)
    root = call.channel.workspace.at(draft, folder)
    if root is None or not root.folder:
        raise HubError(f"`{folder[:200]}` is no folder of `{call.name}`", code="entry-not-found")
    query = call.request.query_params
    every = sorted(
        _walk(call, draft, root, folder, _flag(query.get("recursive"))), key=lambda item: item[0]
    )
    left = [item for item in every if item[0] > query.get("cursor", "")]
    page, headers = left[: page_size(call)], _shown(draft)
    if len(page) < len(left):
        headers |= _next(call, page[-1][0])
    return found_json(_described(call, draft, page, query.get("expand")), headers=headers)


def paths_info(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/paths-info/REVISION` with the paths in a form or JSON."""
    draft = draft_of(call, call.rest("paths-info")[0])
    expand: str | None
    if call.request.headers.get("content-type", "").startswith("application/json"):
        body = call.json()
        asked: Iterable[str] = body.texts("paths")
        expand = "true" if body.value.get("expand") is True else None
    else:
        form = call.form()
        asked, expand = form.get("paths", ()), form.get("expand", ["false"])[-1]
    found = []
    for path in dict.fromkeys(path.strip("/") for path in asked):
        entry = call.channel.workspace.at(draft, path)
        if entry is not None and path:
            found.append((path, entry))
    return found_json(_described(call, draft, found, expand), headers=_shown(draft))


def refs(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/refs?include_prs`: branches, tags and pull references."""
    repository = draft_of(call, "main").repository
    found: dict[str, list[dict[str, str]]] = {"branch": [], "tag": [], "pull": []}
    for ref in call.channel.workspace.repositories.refs(repository):
        full = full_ref(ref)
        name = full if ref.kind == "pull" else ref.name
        found[ref.kind].append({"name": name, "ref": full, "targetCommit": ref.commit})
    told = {"branches": found["branch"], "tags": found["tag"], "converts": []}
    if _flag(call.request.query_params.get("include_prs")):
        told["pullRequests"] = found["pull"]
    return found_json(told)


def commits(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/commits/REVISION?expand[]=formatted`: newest first, by pages."""
    draft = draft_of(call, call.rest("commits")[0])
    repositories, size = call.channel.workspace.repositories, page_size(call, most=_PAGE_OF_COMMITS)
    start = draft.commit.oid
    cursor = call.request.query_params.get("cursor")
    if cursor is not None:
        known = call.channel.workspace.draft(draft.repository, cursor[:40])
        if known is None:
            raise HubError("there is no such page", code="bad-request")
        start = known.commit.oid
    history = repositories.history(draft.repository, start, limit=size + 1)
    formatted = "formatted" in expands(call)
    headers = _next(call, history[size].oid) if len(history) > size else {}
    return found_json([_commit(commit, formatted) for commit in history[:size]], headers=headers)


def _described(
    call: Call, draft: Draft, found: list[tuple[str, Entry]], expand: str | None
) -> list[dict[str, object]]:
    listed = [_listed(call, draft, path, entry) for path, entry in found]
    if not _flag(expand):
        return listed
    touched = call.channel.workspace.last_touched(draft, [path for path, _ in found])
    safety = file_statuses(call, scanned(found), reads=lambda _path: True)
    for item in listed:
        if item["path"] in safety:
            item["securityFileStatus"] = safety[str(item["path"])]
        commit = touched.get(str(item["path"]))
        if commit is not None:
            date = format_instant(commit.at).replace("Z", ".000Z")
            item["lastCommit"] = {"id": commit.oid, "title": commit.title, "date": date}
    return listed


def _walk(
    call: Call, draft: Draft, root: Entry, folder: str, recursive: bool
) -> Iterator[tuple[str, Entry]]:
    prefix = f"{folder}/" if folder else ""
    for entry in call.channel.workspace.folder(draft, root.oid):
        yield prefix + entry.name, entry
        if recursive and entry.folder:
            yield from _walk(call, draft, entry, prefix + entry.name, recursive)


def _listed(call: Call, draft: Draft, path: str, entry: Entry) -> dict[str, object]:
    kind = "directory" if entry.folder else "file"
    found: dict[str, object] = {"type": kind, "path": path, "oid": entry.oid, "size": entry.size}
    if entry.large and entry.sha256 is not None:
        name = call.channel.xet.name_of(draft.repository.namespace, entry.sha256)
        found |= {} if name is None else {"xetHash": name}
    return found | _lfs(entry, digest="oid")


def _lfs(entry: Entry, *, digest: str = "sha256") -> dict[str, object]:
    if not entry.large or entry.sha256 is None:
        return {}
    pointer = len(git_pointer(entry.sha256, entry.size))
    return {"lfs": {digest: entry.sha256, "size": entry.size, "pointerSize": pointer}}


def _commit(commit: Commit, formatted: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": format_instant(commit.at).replace("Z", ".000Z"),
        "authors": [{"user": commit.author}],
    }
    if formatted:
        found["formatted"] = {"title": escape(commit.title), "message": escape(commit.message)}
    return found


def _flag(stated: str | None) -> bool:
    return (stated or "").lower() in ("1", "true")


def _next(call: Call, cursor: str) -> dict[str, str]:
    url = call.request.url.include_query_params(cursor=cursor)
    return {"Link": f'<{url}>; rel="next"'}


def _shown(draft: Draft) -> dict[str, str]:
    return {"X-Repo-Commit": draft.commit.oid}
