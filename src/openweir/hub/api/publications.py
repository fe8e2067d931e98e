"""Publishing: statements first, then each file, then commit."""

from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from openweir.errors import HubError
from openweir.hub.api.asked import take_in
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import (
    Call,
    Endpoint,
    Handler,
    answer,
    found_json,
    principal_of,
    request_id_of,
)
from openweir.hub.channel import Channel
from openweir.hub.gate import Principal
from openweir.hub.origin import draft_commit
from openweir.hub.publication import Publications
from openweir.hub.release import files_of

__all__ = ["commit", "drop", "open_publication", "receive"]


def open_publication(publications: Publications) -> Handler:
    """`POST /api/openweir/publications`: check the statements, say which files to send."""

    def opened(call: Call) -> Response:
        publication = publications.open(call.body, call.user())
        held = publications.held(publication)
        files = [
            {
                "path": file.path,
                "size": file.size,
                "sha256": file.sha256,
                "held": held.get(file.sha256) == file.size,
            }
            for file, _ in files_of(publication.decision)
        ]
        return found_json({"id": publication.id, "files": files})

    return opened


def commit(publications: Publications) -> Handler:
    """`POST /api/openweir/publications/ID/commit`: check everything, then release."""

    def committed(call: Call) -> Response:
        user = call.user()
        publication = publications.find(call.request.path_params["id"], user)
        row = publications.commit(publication, user)
        record(call, "publish", name=row.name, commit=row.commit, detail=row.tier)
        return found_json(
            {
                "name": row.name,
                "commit": row.commit,
                "tier": row.tier,
                "draft": draft_commit(call.channel.store, row.name, row.commit),
                "url": f"{call.base}/{row.name}",
            }
        )

    return committed


def drop(publications: Publications) -> Handler:
    """`DELETE /api/openweir/publications/ID`: forget it."""

    def dropped(call: Call) -> Response:
        publications.drop(publications.find(call.request.path_params["id"], call.user()))
        return found_json({})

    return dropped


def receive(channel: Channel, publications: Publications) -> Endpoint:
    """`PUT /api/openweir/publications/ID/files/PATH`: the bytes of one file, streamed."""

    async def _received(request: Request) -> Response:
        async def _work() -> Response:
            user = await run_in_threadpool(_user, channel, request)
            return await _store(publications, user, request)

        response = await answer(request, _work)
        response.headers["X-Request-Id"] = request_id_of(request)
        return response

    return _received


def _user(channel: Channel, request: Request) -> Principal:
    found = principal_of(channel, request)
    if found is None:
        raise HubError("publishing needs a token", code="anonymous")
    return found


async def _store(publications: Publications, user: Principal, request: Request) -> Response:
    raw = request.scope["raw_path"].partition(b"?")[0].decode("ascii", "replace")
    path = unquote(raw.partition("/files/")[2], errors="replace")
    publication = await run_in_threadpool(publications.find, request.path_params["id"], user)
    incoming = await run_in_threadpool(publications.receive, publication, path)
    try:
        await take_in(request, incoming)
        await run_in_threadpool(incoming.finish)
    finally:
        incoming.drop()
    return found_json({"path": path})
