"""Drafts: who sees which repository, and the files that members read back.

Whoever has a role in the namespace gets the answers of `openweir.hub.api.listing`; everybody
else gets those for the release (`openweir.hub.api.repository`), or hears that there is no
such repository.
"""

from urllib.parse import quote

from starlette.responses import RedirectResponse, Response

from openweir.errors import HubError
from openweir.hub.api.recorded import Right
from openweir.hub.api.reply import Call, Handler, refusal
from openweir.hub.api.resolve import serve_blob
from openweir.hub.channel import Channel
from openweir.hub.gate import Principal
from openweir.hub.repository.repositories import Kind, Repository
from openweir.hub.workspace import Draft

__all__ = [
    "auth_check",
    "draft_of",
    "kind_of",
    "raw",
    "repository_of",
    "resolve",
    "seen_by",
    "seen_by_members",
    "still_reads",
    "writable",
]


def kind_of(call: Call) -> Kind:
    """Return whether the path speaks of a model or a data set."""
    path = call.request.url.path
    # The list of them all ends where the others go on.
    dataset = path == "/api/datasets" or path.startswith(("/datasets/", "/api/datasets/"))
    return Kind.DATASET if dataset else Kind.MODEL


def repository_of(call: Call) -> Repository | None:
    """Return the repository the path names if whoever asks may see its drafts."""
    return seen_by(call, kind_of(call), call.name)


def seen_by(call: Call, kind: Kind, name: str) -> Repository | None:
    """Return a repository by name if whoever asks may see its drafts."""
    if call.principal is None or not _belongs(call.principal, name):
        return None
    found = call.channel.workspace.repositories.find(kind, name)
    # The name it has decides, not the letters that were asked for.
    return found if found is not None and call.principal.reads(found.name) else None


def writable(call: Call) -> Repository:
    """Return the repository the path names if whoever asks may change it.

    Raises:
        HubError: there is none that they see, or they may only read it.
    """
    user = call.user()
    repository = repository_of(call)
    if repository is None:
        # Clients leave out a sentence that says no more than theirs.
        raise HubError("Repository not found", code="repo-not-found")
    if not user.writes(repository.name):
        raise HubError(f"`{user.user}` may not change `{call.name}`", code="not-yours")
    return repository


def seen_by_members(draft: Handler, released: Handler) -> Handler:
    """Return the handler that answers members from the draft and others from the release."""

    def answer(call: Call) -> Response:
        if repository_of(call) is not None:
            try:
                return draft(call)
            except HubError as error:
                # A member may name the commit of the release as everybody else does.
                release = call.channel.known(call.name)
                if error.code != "hub.revision-not-found" or release is None:
                    raise
                return released(call)
        moved = _moved(call)
        if moved is not None:
            return moved
        if kind_of(call) is Kind.DATASET:
            raise HubError(f"there is no data set `{call.name}` here", code="repo-not-found")
        return released(call)

    answer.__name__ = released.__name__
    answer.__doc__ = released.__doc__
    return answer


def draft_of(call: Call, revision: str) -> Draft:
    """Return the repository of a call at a revision.

    Raises:
        HubError: there is no such repository for whoever asks, or no such revision.
    """
    repository = repository_of(call)
    if repository is None:
        raise HubError(f"there is no repository `{call.name}` here", code="repo-not-found")
    found = call.channel.workspace.draft(repository, revision)
    if found is None:
        raise HubError(
            f"Invalid rev id: `{call.name}` has no revision `{revision[:100]}`",
            code="revision-not-found",
        )
    return found


def auth_check(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/auth-check[/write]` for a member: may they write it?"""
    if call.request.url.path.endswith("/write"):
        writable(call)
    return Response(status_code=200)


def resolve(call: Call) -> Response:
    """`GET|HEAD /ORG/NAME/resolve/REVISION/PATH` for a member: a file of the draft."""
    return _file(call, "resolve")


def raw(call: Call) -> Response:
    """`GET|HEAD /ORG/NAME/raw/REVISION/PATH` for a member: a file of the draft as git has it."""
    return _file(call, "raw")


def _file(call: Call, marker: str) -> Response:
    revision, *parts = call.rest(marker)
    path = "/".join(parts)
    draft = draft_of(call, revision)
    entry = call.channel.workspace.at(draft, path)
    if entry is None or entry.sha256 is None:
        error = HubError(f"`{path[:200]}` is not in `{call.name}`", code="entry-not-found")
        return refusal(error, headers={"X-Repo-Commit": draft.commit.oid})
    return serve_blob(
        call,
        sha256=entry.sha256,
        size=entry.size,
        etag=entry.sha256 if entry.large else entry.oid,
        pointer=entry.large and marker == "raw",
        commit=draft.commit.oid,
        path=path,
        private=True,
        right=Right(),
        still=lambda: still_reads(call.channel, call.principal, call.name),
    )


def still_reads(channel: Channel, principal: Principal | None, name: str) -> bool:
    """Whether whoever was let read a draft may still: by the same token, in the same role."""
    now = None
    if principal is not None:
        now = channel.accounts.of_token(principal.token_sha256, at=channel.clock())
    return now is not None and now.reads(name)


def _belongs(principal: Principal, name: str) -> bool:
    """Whether drafts of that namespace may concern the principal, in whatever letters."""
    namespace = name.partition("/")[0].lower()
    theirs = (principal.user, *(name for name, _ in principal.organisations))
    return principal.publisher or namespace in {each.lower() for each in theirs}


def _moved(call: Call) -> Response | None:
    """Return the way from an old name to the present one, for those who may see it."""
    now = call.channel.workspace.repositories.renamed(kind_of(call), call.name)
    if now is None or call.principal is None or not call.principal.reads(now):
        return None
    raw = call.request.scope.get("raw_path", b"").decode("ascii", "replace")
    query = call.request.url.query
    to = raw.replace(f"/{call.name}", f"/{quote(now)}", 1) + (f"?{query}" if query else "")
    # 307 keeps the method; a relative address keeps the client on this host with its token.
    return RedirectResponse(to, status_code=307)
