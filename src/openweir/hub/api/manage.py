"""Managing repositories as stock clients do: create, copy, delete, move, settings."""

from starlette.responses import JSONResponse, Response

from openweir.canonical import Object
from openweir.errors import HubError
from openweir.hub.api.drafts import draft_of, seen_by, writable
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, found_json
from openweir.hub.repository.repositories import Gating, Kind, Repository

__all__ = ["create", "delete", "duplicate", "move", "settings"]


def create(call: Call) -> Response:
    """`POST /api/repos/create`: a new repository; 409 with its address where it exists."""
    user, body = call.user(), call.json()
    kind = _kind(body)
    namespace, name = _named(body.text("name"), body.optional_text("organization"), user.user)
    return _made(call, kind, f"{namespace}/{name}", _private(body))[1]


def duplicate(call: Call) -> Response:
    """`POST /api/KIND/ORG/NAME/duplicate` with `repository`: its files under a new name."""
    body, source = call.json(), draft_of(call, "main")
    kind = source.repository.kind
    full = body.text("repository")
    namespace, name = _named(full, None, call.user().user)
    made, answer = _made(call, kind, f"{namespace}/{name}", _private(body))
    if made is not None:
        record(call, "copy", commit=source.commit.oid, detail=f"to {made.name}")
        call.channel.workspace.copy(source, made, author=call.user().user, at=call.channel.clock())
    return answer


def delete(call: Call) -> Response:
    """`DELETE /api/repos/delete`: the repository; what was released of it stays in force.

    Its grants end: one that is made anew under the name is not what they were given for.
    """
    found = _owned(call, call.json())
    ended = call.channel.grants.end(found.name) if found.kind is Kind.MODEL else 0
    call.channel.workspace.repositories.delete(found)
    record(call, "delete", name=found.name, detail=f"{ended} grants ended")
    return found_json({})


def move(call: Call) -> Response:
    """`POST /api/repos/move`: a new name; the old one leads to it."""
    user, body = call.user(), call.json()
    source, target = body.text("fromRepo"), body.text("toRepo")
    kind = _kind(body)
    found = seen_by(call, kind, source)
    if found is None:
        raise HubError(f"there is no repository `{source[:200]}` here", code="repo-not-found")
    if not user.owns(found.name) or not user.owns(target):
        raise HubError(
            f"`{user.user}` may not move `{source[:200]}` to `{target[:200]}`", code="not-yours"
        )
    call.channel.workspace.repositories.move(found, target, at=call.channel.clock())
    return found_json({"url": _address(call, kind, target)})


def settings(call: Call) -> Response:
    """`PUT /api/KIND/ORG/NAME/settings`: `private` or `visibility`, and `gated`."""
    repository, body = writable(call), call.json()
    if not call.user().owns(repository.name):
        raise HubError(f"`{call.user().user}` may not set up `{call.name}`", code="not-yours")
    private = _private(body)
    gated = body.value.get("gated")
    if gated is False:
        gated = Gating.NO.value
    if gated not in (None, *Gating):
        raise HubError("`gated` is `auto`, `manual` or false", code="bad-request")
    call.channel.workspace.repositories.set(
        repository,
        private=private,
        gated=None if gated is None else Gating(gated),
        at=call.channel.clock(),
    )
    return found_json({"private": private, "gated": body.value.get("gated")})


def _kind(body: Object) -> Kind:
    stated = body.optional_text("type") or "model"
    if stated not in tuple(Kind):
        raise HubError(f"this hub keeps no `{stated[:40]}` repositories", code="not-implemented")
    return Kind(stated)


def _named(stated: str, organisation: str | None, user: str) -> tuple[str, str]:
    namespace, slash, name = stated.partition("/")
    if slash:
        return namespace, name
    return organisation or user, stated


def _owned(call: Call, body: Object) -> Repository:
    user = call.user()
    namespace, name = _named(body.text("name"), body.optional_text("organization"), user.user)
    full = f"{namespace}/{name}"
    found = seen_by(call, _kind(body), full)
    if found is None:
        raise HubError(f"there is no repository `{full[:200]}` here", code="repo-not-found")
    if not user.owns(found.name):
        raise HubError(f"`{user.user}` may not delete `{full}`", code="not-yours")
    return found


def _made(
    call: Call, kind: Kind, full: str, private: bool | None
) -> tuple[Repository | None, Response]:
    """Create a repository; return it and the answer, or the answer that it exists."""
    user, namespace = call.user(), full.partition("/")[0]
    if not user.writes(full):
        raise HubError(
            f"`{user.user}` may not create repositories under `{namespace}`", code="not-yours"
        )
    if private is None:
        private = call.channel.accounts.private_unless_stated(namespace)
    url = _address(call, kind, full)
    try:
        made = call.channel.workspace.create(
            kind, full, private=private, author=user.user, at=call.channel.clock()
        )
    except HubError as error:
        if error.code != "hub.conflict":
            raise
        answer = JSONResponse(
            {"error": error.message, "url": url, "code": error.code},
            status_code=409,
            headers={"X-Error-Message": error.message},
        )
        return None, answer
    told = {"url": url, "name": made.name, "id": f"{made.id:024x}", "private": private}
    return made, found_json(told)


def _address(call: Call, kind: Kind, full: str) -> str:
    return f"{call.base}/{'datasets/' if kind is Kind.DATASET else ''}{full}"


def _private(body: Object) -> bool | None:
    """Return what a client asks for: newer ones state `visibility`, older ones `private`."""
    stated, private = body.value.get("visibility"), body.value.get("private")
    if stated is None and isinstance(private, bool):
        stated = "private" if private else "public"
    elif stated is None and private is not None:
        stated = ""
    if stated not in (None, "public", "private"):
        raise HubError(
            "`visibility` is `public` or `private`; `private` is true or false", code="bad-request"
        )
    return None if stated is None else stated == "private"
