"""Branches, tags, squashing, and the large files of a repository's history."""

from collections.abc import Iterable
from dataclasses import replace

from starlette.responses import Response

from openweir.digest import sha256 as digest_of
from openweir.errors import HubError
from openweir.hub.api.drafts import draft_of, kind_of, repository_of, seen_by, writable
from openweir.hub.api.recorded import Right, event_of
from openweir.hub.api.reply import Call, found_json
from openweir.hub.audit import AccessEvent
from openweir.hub.gate import Answer
from openweir.hub.repository.repositories import Kind, Repository
from openweir.hub.repository.rows import Ref
from openweir.instant import format_instant

__all__ = [
    "add_branch",
    "add_tag",
    "delete_branch",
    "delete_large",
    "delete_tag",
    "duplicate_large",
    "list_large",
    "super_squash",
]

_MOST = 1000


def add_branch(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/branch/BRANCH`: a branch from `startingPoint`."""
    repository, body = writable(call), call.json()
    start = body.optional_text("startingPoint") or "main"
    commit = draft_of(call, start).commit
    name = "/".join(call.rest("branch"))
    call.channel.workspace.repositories.add_ref(
        repository, Ref(kind="branch", name=name, commit=commit.oid)
    )
    return found_json({})


def add_tag(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/tag/REVISION`: a `tag` with its `message`."""
    repository, body = writable(call), call.json()
    commit = draft_of(call, call.rest("tag")[0]).commit
    ref = Ref(
        kind="tag",
        name=body.text("tag"),
        commit=commit.oid,
        message=body.optional_text("message") or "",
    )
    call.channel.workspace.repositories.add_ref(repository, ref)
    return found_json({})


def delete_branch(call: Call) -> Response:
    """`DELETE /api/KIND/ORG/NAME/branch/BRANCH`: the branch, unless it is `main`."""
    name = "/".join(call.rest("branch"))
    call.channel.workspace.repositories.delete_ref(writable(call), "branch", name)
    return found_json({})


def delete_tag(call: Call) -> Response:
    """`DELETE /api/KIND/ORG/NAME/tag/TAG`: the tag."""
    name = "/".join(call.rest("tag"))
    call.channel.workspace.repositories.delete_ref(writable(call), "tag", name)
    return found_json({})


def super_squash(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/super-squash/BRANCH`: one commit in place of a branch's history."""
    repository = _unreleased(call)
    branch = "/".join(call.rest("super-squash"))
    message = (call.json().optional_text("message") or "")[:65_536].strip()
    made = call.channel.workspace.repositories.squash(
        repository,
        branch,
        message=message or f"Squash {branch}",
        author=call.user().user,
        at=call.channel.clock(),
    )
    return found_json({"commitOid": made.oid})


def list_large(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/lfs-files`: the large files of every reference, by pages."""
    repository = writable(call)
    found = {
        (file.sha256, file.path, file.ref): {
            "fileOid": file.sha256,
            "oid": file.sha256,
            "filename": file.path,
            "ref": file.ref,
            "size": file.size,
            "pushedAt": format_instant(file.commit.at).replace("Z", ".000Z"),
        }
        for file in call.channel.workspace.large_files(repository)
    }
    # A file that came to a branch from `main` is told of once, where it came from.
    kept: dict[tuple[str, str], dict[str, object]] = {}
    for (oid, path, ref), item in sorted(found.items()):
        if (oid, path) not in kept or ref == "refs/heads/main":
            kept[oid, path] = dict(item)
    every = [kept[key] for key in sorted(kept)]
    start = call.request.query_params.get("cursor", "0")
    if not (start.isascii() and start.isdigit() and len(start) < 9):
        raise HubError("there is no such page", code="bad-request")
    end, headers = int(start) + _MOST, {}
    if end < len(every):
        url = call.request.url.include_query_params(cursor=end)
        headers["Link"] = f'<{url}>; rel="next"'
    return found_json(every[int(start) : end], headers=headers)


def delete_large(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/lfs-files/batch`: large files out of the whole history."""
    deletions = call.json().object("deletions")
    digests = frozenset(deletions.texts("sha"))
    if len(digests) > _MOST:
        raise HubError(f"at most {_MOST} files at a time", code="bad-request")
    if deletions.value.get("rewriteHistory") is False:
        raise HubError(
            "a commit always has its files here; send `rewriteHistory` as true",
            code="not-implemented",
        )
    moved = call.channel.workspace.repositories.forget_files(_unreleased(call), digests)
    return found_json({"success": True, "references": moved})


def duplicate_large(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/lfs-files/duplicate`: large files for `target`.

    The one way to use bytes that one did not send: whoever may read the source may, since
    they could as well fetch the file and send it.
    """
    user, body = call.user(), call.json()
    to = body.object("target")
    kind = to.optional_text("type") or Kind.MODEL.value
    target = seen_by(call, Kind(kind), to.text("name")) if kind in tuple(Kind) else None
    if target is None or not user.writes(target.name):
        raise HubError("there is no such repository to copy to", code="repo-not-found")
    asked = [item.text("sha256") for item in body.objects("files")]
    if len(asked) > _MOST:
        raise HubError(f"at most {_MOST} files at a time", code="bad-request")
    readable = _readable(call, frozenset(asked))
    workspace, failed = call.channel.workspace, []
    for digest in asked:
        found = readable.get(digest)
        if found is None:
            failed.append({"sha256": digest, "error": "there is no such file here"})
        else:
            size, event = found
            # A copy is a way out of the release: first the event, then the right to use it.
            call.channel.audit.record(replace(event, action="copy", detail=f"to {target.name}"))
            for holder in (target.namespace, target.holder)[: 2 if user.only else 1]:
                workspace.possession.record(holder, digest, size, at=call.channel.clock())
    done = [{"sha256": digest} for digest in asked if digest in readable]
    return found_json({"success": done, "failed": failed})


def _readable(call: Call, digests: Iterable[str]) -> dict[str, tuple[int, AccessEvent]]:
    """Return digest -> size and event of the source's files that whoever asks may read."""
    repository, wanted = repository_of(call), frozenset(digests)
    if repository is not None:
        return {
            file.sha256: (file.size, event_of(call, Right(), file.commit.oid, file.path))
            for file in call.channel.workspace.large_files(repository)
            if file.sha256 in wanted
        }
    if kind_of(call) is not Kind.MODEL:
        raise HubError(f"there is no data set `{call.name}` here", code="repo-not-found")
    release = call.release()
    decision = digest_of(release.bundle.decision)
    readable = {}
    for file in release.files:
        if file.sha256 not in wanted:
            continue
        answer, grant = call.channel.admission(release, file.tier, call.principal, path=file.path)
        if answer is Answer.SERVE:
            right = Right(decision=decision, grant="" if grant is None else grant.id)
            readable[file.sha256] = file.size, event_of(call, right, release.commit, file.path)
    return readable


def _unreleased(call: Call) -> Repository:
    """Return the repository the path names if its history may still be rewritten.

    Raises:
        HubError: it is not theirs, or a decision released it: what was decided stays.
    """
    repository = writable(call)
    if repository.kind is Kind.MODEL and call.channel.store.current(repository.name) is not None:
        raise HubError(
            f"`{repository.name}` was released: its history stays as it was decided on",
            code="released",
            hint="commit a change instead",
        )
    return repository
