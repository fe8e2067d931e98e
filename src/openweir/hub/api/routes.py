"""Every path of the hub, in one table."""

from starlette.routing import Route

from openweir.hub.api import access, proofs, publications, refused, repository, resolve
from openweir.hub.api.reply import Handler, endpoint
from openweir.hub.channel import Channel
from openweir.hub.publication import MAX_STATEMENT_BYTES, Publications

__all__ = ["routes"]

_MODEL = "/api/models/{org}/{name}"
_OURS = "/api/openweir/releases/{org}/{name}"
_READ = ("GET",)
_WRITE = ("POST", "PUT", "DELETE")

# path, methods, handler; the first that fits answers.
_TABLE: tuple[tuple[str, tuple[str, ...], Handler], ...] = (
    ("/{org}/{name}/resolve/{rest:path}", _READ, resolve.resolve),
    ("/api/whoami-v2", _READ, repository.whoami),
    ("/api/models", _READ, repository.models),
    (_MODEL, _READ, repository.info),
    (_MODEL + "/revision/{rest:path}", _READ, repository.info),
    (_MODEL + "/tree/{rest:path}", _READ, repository.tree),
    (_MODEL + "/paths-info/{rest:path}", ("POST",), repository.paths_info),
    (_MODEL + "/refs", _READ, repository.refs),
    (_MODEL + "/commits/{rest:path}", _READ, repository.commits),
    (_MODEL + "/auth-check", _READ, repository.auth_check),
    (_MODEL + "/auth-check/write", _READ, repository.auth_check),
    (_MODEL + "/user-access-request/handle", ("POST",), access.handle),
    (_MODEL + "/user-access-request/grant", ("POST",), access.hf_grant),
    (_MODEL + "/user-access-request/{status}", _READ, access.list_by_status),
    (_OURS + "/requests", _READ, access.list_all),
    (_OURS + "/requests", ("POST",), access.ask),
    (_OURS + "/grants", ("POST",), access.grant),
    (_OURS + "/grants/{user}", ("DELETE",), access.revoke),
    ("/{org}/{name}/ask-access", ("POST",), access.ask_by_form),
    ("/openweir/{org}/{name}/release.json", _READ, proofs.release_json),
    ("/openweir/{org}/{name}/statements/{rest:path}", _READ, proofs.statement),
    ("/register/{rest:path}", _READ, proofs.register_file),
    (_MODEL + "/xet-write-token/{rest:path}", _READ, refused.upload),
    (_MODEL + "/{rest:path}", _WRITE, refused.upload),
    (_MODEL, _WRITE, refused.upload),
    ("/api/repos/{rest:path}", _WRITE, refused.upload),
    ("/api/validate-yaml", _WRITE, refused.upload),
    ("/{org}/{name}.git/{rest:path}", (*_READ, *_WRITE), refused.upload),
    ("/datasets/{rest:path}", _READ, refused.no_such_repository),
    ("/spaces/{rest:path}", _READ, refused.no_such_repository),
)
_LAST = ("/api/{rest:path}", (*_READ, *_WRITE), refused.not_implemented)


def routes(channel: Channel, staging: Publications) -> list[Route]:
    """Return the hub's routes, most particular first.

    Args:
        channel: the hub's state.
        staging: where publications under way are kept.
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
    table = [
        Route(path, endpoint(channel, handler), methods=list(methods))
        for path, methods, handler in (*_TABLE, _LAST)
    ]
    return [*publishing, *table]
