"""Every path of the hub, in one table."""

from starlette.routing import Route, request_response

from openweir.hub.api import (
    access,
    background,
    card,
    drafts,
    gates,
    halts,
    history,
    lfs,
    listing,
    lists,
    login,
    manage,
    manifest,
    people,
    proofs,
    proposals,
    publications,
    refused,
    repository,
    resolve,
    stages,
    tensors,
    uploads,
    xet,
)
from openweir.hub.api.health import health_routes
from openweir.hub.api.openapi import description_route
from openweir.hub.api.recent import Recent
from openweir.hub.api.reply import Handler, endpoint
from openweir.hub.channel import Channel
from openweir.hub.publication import MAX_STATEMENT_BYTES, Publications

__all__ = ["described", "routes"]

_FILES = "{kind}/{org}/{name}"
_REPO = "/api/{kind}/{org}/{name}"
_MODEL = "/api/models/{org}/{name}"
_OURS = "/api/openweir/releases/{org}/{name}"
_READ = ("GET",)
_WRITE = ("POST", "PUT", "DELETE", "PATCH")


def _both(draft: Handler, released: Handler) -> Handler:
    return drafts.seen_by_members(draft, released)


# path, methods, handler; the first that fits answers. `{kind}` stands for models and datasets.
_TABLE: tuple[tuple[str, tuple[str, ...], Handler], ...] = (
    (_FILES + "/raw/{rest:path}", _READ, _both(drafts.raw, resolve.raw)),
    (
        "/v2/{org}/{name}/manifests/{rest:path}",
        _READ,
        manifest.login_first(_both(manifest.of_draft, manifest.of_release)),
    ),
    (_FILES + ".git/info/lfs/objects/batch", ("POST",), lfs.batch),
    ("/api/openweir/lfs/{link}/complete", ("POST",), lfs.complete),
    ("/api/openweir/lfs/{link}/verify", ("POST",), lfs.verify),
    ("/oauth/device", ("POST",), login.device),
    ("/oauth/token", ("POST",), login.token),
    ("/api/openweir/logins", ("POST",), login.answer),
    ("/api/whoami-v2", _READ, people.whoami),
    ("/api/users/{user}/overview", _READ, people.user),
    ("/api/users/{user}/likes", _READ, people.likes),
    ("/api/organizations/{organisation}/overview", _READ, people.organisation),
    ("/api/organizations/{organisation}/members", _READ, people.members),
    ("/api/settings/repositories", _READ, people.own_repositories),
    (
        "/api/organizations/{organisation}/settings/repositories",
        _READ,
        people.own_repositories,
    ),
    ("/api/agent-harnesses", _READ, background.harnesses),
    ("/api/telemetry/{rest:path}", ("GET", "POST"), background.telemetry),
    ("/cas/v1/telemetry", ("GET", "POST"), background.telemetry),
    ("/api/{kind}", _READ, lists.repositories),
    (_REPO, _READ, _both(listing.info, repository.info)),
    (_REPO + "/revision/{rest:path}", _READ, _both(listing.info, repository.info)),
    (_REPO + "/tree/{rest:path}", _READ, _both(listing.tree, repository.tree)),
    (
        _REPO + "/paths-info/{rest:path}",
        ("POST",),
        _both(listing.paths_info, repository.paths_info),
    ),
    (_REPO + "/refs", _READ, _both(listing.refs, repository.refs)),
    (_REPO + "/commits/{rest:path}", _READ, _both(listing.commits, repository.commits)),
    (
        _MODEL + "/safetensors-metadata/{rest:path}",
        _READ,
        _both(tensors.of_draft, tensors.of_release),
    ),
    (_REPO + "/auth-check", _READ, _both(drafts.auth_check, repository.auth_check)),
    (_REPO + "/auth-check/write", _READ, _both(drafts.auth_check, repository.auth_check)),
    (_REPO + "/xet-write-token/{rest:path}", _READ, xet.write_token),
    (_REPO + "/xet-read-token/{rest:path}", _READ, xet.read_token),
    (_REPO + "/preupload/{rest:path}", ("POST",), uploads.preupload),
    (_REPO + "/settings", ("PUT",), manage.settings),
    (_REPO + "/duplicate", ("POST",), manage.duplicate),
    (_REPO + "/branch/{rest:path}", ("POST",), history.add_branch),
    (_REPO + "/branch/{rest:path}", ("DELETE",), history.delete_branch),
    (_REPO + "/tag/{rest:path}", ("POST",), history.add_tag),
    (_REPO + "/tag/{rest:path}", ("DELETE",), history.delete_tag),
    (_REPO + "/super-squash/{rest:path}", ("POST",), history.super_squash),
    (_REPO + "/discussions", ("POST",), proposals.open_proposal),
    (_REPO + "/discussions/{number:int}", _READ, proposals.show),
    (_REPO + "/lfs-files", _READ, history.list_large),
    (_REPO + "/lfs-files/batch", ("POST",), history.delete_large),
    (_REPO + "/lfs-files/duplicate", ("POST",), history.duplicate_large),
    ("/api/repos/create", ("POST",), manage.create),
    ("/api/repos/delete", ("DELETE",), manage.delete),
    ("/api/repos/move", ("POST",), manage.move),
    ("/api/validate-yaml", ("POST",), card.validate_yaml),
    (_MODEL + "/user-access-request/handle", ("POST",), access.handle),
    (_MODEL + "/user-access-request/grant", ("POST",), access.hf_grant),
    (_MODEL + "/user-access-request/{status}", _READ, access.list_by_status),
    (_OURS + "/access", _READ, access.mine),
    (_OURS + "/requests", _READ, access.list_all),
    (_OURS + "/requests", ("POST",), access.ask),
    (_OURS + "/grants", ("POST",), access.grant),
    (_OURS + "/grants/{user}", ("DELETE",), access.revoke),
    (_OURS + "/gate", ("PUT",), gates.set_gate),
    (_OURS + "/appeal", ("POST",), gates.appeal),
    (_OURS + "/requests/{user}/votes", ("POST",), gates.vote),
    ("/openweir/{org}/{name}/gate.json", _READ, gates.gate_json),
    ("/openweir/terms.json", _READ, gates.terms_json),
    ("/api/openweir/passport", _READ, gates.level),
    ("/api/openweir/passport/start", ("POST",), gates.start),
    ("/api/openweir/passport/finish", ("POST",), gates.finish),
    (_OURS + "/stages", ("PUT",), stages.set_plan),
    (_OURS + "/stages", ("POST",), stages.advance),
    (_OURS + "/measures", ("POST",), stages.measure),
    ("/openweir/{org}/{name}/stages.json", _READ, stages.stages_json),
    (_OURS + "/halt", ("POST",), halts.halt),
    (_OURS + "/halt", ("DELETE",), halts.resume),
    (_OURS + "/advisories", ("POST",), halts.advise),
    (_OURS + "/advisories/{id}", ("DELETE",), halts.withdraw),
    ("/openweir/{org}/{name}/notices.json", _READ, halts.notices),
    ("/{org}/{name}/ask-access", ("POST",), access.ask_by_form),
    ("/openweir/{org}/{name}/release.json", _READ, proofs.release_json),
    ("/openweir/{org}/{name}/statements/{rest:path}", _READ, proofs.statement),
    ("/register/{rest:path}", _READ, proofs.register_file),
    (_FILES + ".git/{rest:path}", ("GET", "POST"), refused.git),
    ("/datasets/{rest:path}", _READ, refused.no_such_repository),
    ("/{name}/resolve/{rest:path}", _READ, refused.no_such_repository),
    ("/{name}/raw/{rest:path}", _READ, refused.no_such_repository),
    ("/spaces/{rest:path}", _READ, refused.no_such_repository),
)
_LAST = ("/api/{rest:path}", (*_READ, *_WRITE), refused.not_implemented)


def routes(channel: Channel, staging: Publications, recent: Recent) -> list[Route]:
    """Return the hub's routes, most particular first.

    Args:
        channel: the hub's state.
        staging: where publications under way are kept.
        recent: the answers kept, asked before any file is.
    """
    ours = "/api/openweir/publications"
    publishing = [
        Route(
            ours,
            endpoint(
                channel,
                publications.open_publication(staging),
                body_bytes=MAX_STATEMENT_BYTES,
                login=True,
            ),
            methods=["POST"],
        ),
        Route(
            ours + "/{id}/files/{rest:path}",
            publications.receive(channel, staging),
            methods=["PUT"],
        ),
        Route(
            ours + "/{id}/commit",
            endpoint(channel, publications.commit(staging)),
            methods=["POST"],
        ),
        Route(ours + "/{id}", endpoint(channel, publications.drop(staging)), methods=["DELETE"]),
    ]
    uploading = [
        Route("/api/openweir/lfs/{link}", lfs.receive(channel), methods=["PUT"]),
        Route("/api/openweir/lfs/{link}/{number:int}", lfs.receive_part(channel), methods=["PUT"]),
        *(
            Route(
                path + "/commit/{rest:path}",
                endpoint(channel, uploads.commit, body_bytes=uploads.MAX_COMMIT_BYTES, login=True),
                methods=["POST"],
            )
            for path in _of_each_kind(_REPO)
        ),
    ]
    store = xet.STORE
    large = [
        Route(store + "/v1/xorbs/default/{hash}", xet.put_xorb(channel), methods=["POST"]),
        Route(store + "/v1/shards", xet.put_shard(channel), methods=["POST"]),
        Route(store + "/v1/reconstructions/{file}", xet.reconstruction(channel), methods=["GET"]),
        Route(
            store + "/v2/reconstructions/{file}",
            xet.reconstruction(channel, version=2),
            methods=["GET"],
        ),
        Route(store + "/{rest:path}", xet.not_here, methods=[*_READ, *_WRITE]),
        Route("/api/openweir/xet/{link}", xet.fetch(channel), methods=["GET"]),
    ]
    table = [
        Route(each, endpoint(channel, handler), methods=list(methods))
        for path, methods, handler in (*_TABLE, _LAST)
        for each in _of_each_kind(path)
    ]
    files = [
        Route(
            each,
            recent.before(
                request_response(
                    endpoint(channel, _both(drafts.resolve, resolve.resolve), quick=True)
                )
            ),
            methods=list(_READ),
        )
        for each in _of_each_kind(_FILES + "/resolve/{rest:path}")
    ]
    # First of all, because nothing else is asked for as often.
    found = [*files, *publishing, *uploading, *large, *table, *health_routes(channel)]
    return [description_route(found), *found]


def described() -> tuple[tuple[str, str, str], ...]:
    """Return (methods, path, sentence) of every endpoint, for the reference page."""
    ours = "/api/openweir/publications"
    streamed: tuple[tuple[str, tuple[str, ...], object], ...] = (
        (_FILES + "/resolve/{rest:path}", _READ, resolve.resolve),
        (_REPO + "/commit/{rest:path}", ("POST",), uploads.commit),
        ("/api/openweir/lfs/{link}", ("PUT",), lfs.receive),
        ("/api/openweir/lfs/{link}/{number:int}", ("PUT",), lfs.receive_part),
        (xet.STORE + "/v1/xorbs/default/{hash}", ("POST",), xet.put_xorb),
        (xet.STORE + "/v1/shards", ("POST",), xet.put_shard),
        (xet.STORE + "/v1/reconstructions/{file}", _READ, xet.reconstruction),
        (xet.STORE + "/v2/reconstructions/{file}", _READ, xet.reconstruction),
        ("/api/openweir/xet/{link}", _READ, xet.fetch),
        (ours, ("POST",), publications.open_publication),
        (ours + "/{id}/files/{rest:path}", ("PUT",), publications.receive),
        (ours + "/{id}/commit", ("POST",), publications.commit),
        (ours + "/{id}", ("DELETE",), publications.drop),
    )
    refusing = (refused.git, refused.no_such_repository, refused.not_implemented)
    return tuple(
        (", ".join(methods), _readable(path), _sentence(handler))
        for path, methods, handler in (*_TABLE, *streamed)
        if handler not in refusing
    )


def _readable(path: str) -> str:
    shown = path.replace("{rest:path}", "...").replace("{number:int}", "{number}")
    return shown.replace("{kind}", "[/datasets]", 1) if shown.startswith("{kind}") else shown


def _sentence(handler: object) -> str:
    """Return what the first line of a handler's docstring says past the path it repeats."""
    line = (handler.__doc__ or "").strip().partition("\n")[0]
    told = line.rpartition("`: ")[2] if "`: " in line else line.rpartition("`")[2].strip(" .,")
    told = told or str(getattr(handler, "__name__", "")).replace("_", " ")
    return told[:1].upper() + told[1:].rstrip(".")


def _of_each_kind(path: str) -> tuple[str, ...]:
    """Return a path for models and for data sets; as it is where it names neither."""
    if path.startswith("{kind}"):
        return tuple(path.replace("{kind}", prefix, 1) for prefix in ("/datasets", ""))
    if "{kind}" not in path:
        return (path,)
    return tuple(path.replace("{kind}", kind, 1) for kind in ("models", "datasets"))
