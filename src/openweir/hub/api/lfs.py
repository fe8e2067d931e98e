"""Large files by Git LFS: where to send or fetch them, whole or in parts, and the list of them.

Clients send the bytes without their token, so each address carries its right (`links`).
Source: Git LFS batch API; huggingface_hub, `lfs.py` (`multipart`).
"""

from datetime import datetime, timedelta
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from openweir.canonical import Object
from openweir.digest import is_sha256
from openweir.errors import HubError
from openweir.hub.api.asked import take_in
from openweir.hub.api.drafts import repository_of, writable
from openweir.hub.api.reply import Call, Endpoint, answer, found_json
from openweir.hub.channel import Channel
from openweir.hub.parts import Parts
from openweir.hub.repository.repositories import Repository

__all__ = ["batch", "complete", "receive", "receive_part", "verify"]

_LINK_FOR = timedelta(hours=6)
_MAX_OBJECTS = 1000
_OURS = "/api/openweir/lfs"


def batch(call: Call) -> Response:
    """`POST /ORG/NAME.git/info/lfs/objects/batch`: where to send or fetch large files.

    "Present already" is said only of bytes this namespace has shown.
    """
    body = call.json()
    objects = [(item.text("oid"), item.integer("size")) for item in body.objects("objects")]
    if len(objects) > _MAX_OBJECTS:
        raise HubError(f"at most {_MAX_OBJECTS} objects at a time", code="bad-request")
    operation = body.text("operation")
    transfers = tuple(body.texts("transfers")) if "transfers" in body.value else ("basic",)
    if operation == "download":
        found = _downloads(call, objects)
        return _media(call, {"transfer": "basic", "objects": found})
    if operation != "upload":
        raise HubError(f"`{operation[:40]}` is no operation of LFS", code="bad-request")
    repository = writable(call)
    held = call.channel.workspace.held(
        repository, (oid for oid, _ in objects), alone=bool(call.user().only)
    )
    # Parts for all or for none: an answer names one way for all of its objects.
    largest = max((size for _, size in objects), default=0)
    parted = "multipart" in transfers and largest >= Parts.FROM_BYTES
    told = [
        _upload(call, repository, oid, size, held.get(oid), parted=parted) for oid, size in objects
    ]
    return _media(call, {"transfer": "multipart" if parted else "basic", "objects": told})


def verify(call: Call) -> Response:
    """`POST /api/openweir/lfs/LINK/verify` with `oid` and `size`: has the file arrived?"""
    link, body = _link(call.channel, call.request, "lfs-verify"), call.json()
    oid, size = link.text("oid"), link.integer("size")
    # The last holder is the narrowest: what others of the namespace hold has not arrived.
    held = call.channel.workspace.possession.held(_holders(link)[-1], (oid,))
    if held.get(oid) != size or (body.text("oid"), body.integer("size")) != (oid, size):
        raise HubError("the file has not arrived", code="entry-not-found")
    return found_json({})


def complete(call: Call) -> Response:
    """`POST /api/openweir/lfs/LINK/complete` with `oid` and `parts`: the parts are the file."""
    link, body = _link(call.channel, call.request, "lfs-parts"), call.json()
    oid, size = link.text("oid"), link.integer("size")
    numbers = [part.integer("partNumber") for part in body.objects("parts")]
    tags = [part.text("etag").strip('"') for part in body.objects("parts")]
    if body.text("oid") != oid or numbers != list(range(1, len(numbers) + 1)):
        raise HubError("these are not the parts of this file", code="bad-request")
    incoming = call.channel.blobs.incoming(size, oid)
    try:
        parts = call.channel.parts.of(link.text("upload"))
        for chunk in parts.joined(tags):
            incoming.write(chunk)
        incoming.finish()
    finally:
        incoming.drop()
    _arrived(call.channel, link)
    parts.drop()
    return found_json({})


def receive(channel: Channel) -> Endpoint:
    """`PUT /api/openweir/lfs/LINK`: a large file, streamed; the link is the right."""

    async def _taken(request: Request) -> Response:
        link = await run_in_threadpool(_link, channel, request, "lfs-put")
        size, oid = link.integer("size"), link.text("oid")
        incoming = await run_in_threadpool(channel.blobs.incoming, size, oid)
        try:
            await take_in(request, incoming)
            await run_in_threadpool(incoming.finish)
        finally:
            await run_in_threadpool(incoming.drop)
        await run_in_threadpool(_arrived, channel, link)
        return Response(status_code=200)

    return _streaming(_taken)


def receive_part(channel: Channel) -> Endpoint:
    """`PUT /api/openweir/lfs/LINK/NUMBER`: one part of a large file, streamed."""

    async def _taken(request: Request) -> Response:
        link = await run_in_threadpool(_link, channel, request, "lfs-parts")
        number = request.path_params["number"]
        length = Parts.length(link.integer("size"), number)
        part = await run_in_threadpool(
            channel.parts.of(link.text("upload")).incoming, number, length
        )
        try:
            await take_in(request, part)
            tag = await run_in_threadpool(part.finish)
        finally:
            await run_in_threadpool(part.drop)
        return Response(status_code=200, headers={"ETag": f'"{tag}"'})

    return _streaming(_taken)


def _upload(
    call: Call, repository: Repository, oid: str, size: int, held: int | None, *, parted: bool
) -> dict[str, object]:
    told: dict[str, object] = {"oid": oid, "size": size, "authenticated": True}
    if not is_sha256(oid) or size < 0:
        return told | {"error": {"code": 422, "message": "not a SHA-256 digest and a size"}}
    if held == size:
        return told
    links, expires = call.channel.workspace.links, call.channel.clock() + _LINK_FOR
    user = call.user()
    fields: dict[str, object] = {
        "namespace": repository.namespace,
        "repository": repository.name,
        "holder": repository.holder if user.only else "",
        "oid": oid,
        "size": size,
        "token": user.token_sha256,
    }
    base = call.base + _OURS
    check = links.make("lfs-verify", fields, expires=expires)
    actions: dict[str, object] = {"verify": {"href": f"{base}/{quote(check)}/verify"}}
    if parted:
        actions["upload"] = _parted(call, fields, expires)
    else:
        link = links.make("lfs-put", fields, expires=expires)
        actions["upload"] = {"href": f"{base}/{quote(link)}"}
    return told | {"actions": actions}


def _parted(call: Call, fields: dict[str, object], expires: datetime) -> dict[str, object]:
    size = fields["size"]
    assert isinstance(size, int)
    named = fields | {"upload": call.channel.parts.begin(call.channel.clock())}
    link = quote(call.channel.workspace.links.make("lfs-parts", named, expires=expires))
    base = f"{call.base}{_OURS}/{link}"
    header = {"chunk_size": str(Parts.bytes_each(size))}
    header |= {str(number): f"{base}/{number}" for number in range(1, Parts.count(size) + 1)}
    return {"href": f"{base}/complete", "header": header}


def _downloads(call: Call, objects: list[tuple[str, int]]) -> list[dict[str, object]]:
    """Return the address of each object as a file of the repository: there it is asked for."""
    paths = _paths(call)
    stated = call.request.headers.get("authorization")
    header = {} if stated is None else {"header": {"Authorization": stated}}
    folder = call.request.url.path.partition(".git/info/lfs/")[0]
    found: list[dict[str, object]] = []
    for oid, size in objects:
        told: dict[str, object] = {"oid": oid, "size": size, "authenticated": True}
        path = paths.get((oid, size))
        if path is None:
            told["error"] = {"code": 404, "message": "there is no such file here"}
        else:
            href = f"{call.base}{quote(folder)}/resolve/main/{quote(path)}"
            told["actions"] = {"download": {"href": href, **header}}
        found.append(told)
    return found


def _paths(call: Call) -> dict[tuple[str, int], str]:
    repository, workspace = repository_of(call), call.channel.workspace
    if repository is None:
        listed = call.release().files
        return {(file.sha256, file.size): file.path for file in listed if file.large}
    draft = workspace.draft(repository, "main")
    assert draft is not None
    return {
        (file.sha256, file.size): path
        for path, file in workspace.files(draft)
        if file.large and file.sha256 is not None
    }


def _link(channel: Channel, request: Request, purpose: str) -> Object:
    """Return what an address allows, if whoever it was given to may still write there.

    Raises:
        HubError: it allows nothing, or their token or their role has ended since.
    """
    at = channel.clock()
    link = channel.workspace.links.read(request.path_params["link"], purpose, at=at)
    user = channel.accounts.of_token(link.text("token"), at=at)
    if user is None or not user.writes(link.text("repository", f"{link.text('namespace')}/")):
        raise HubError("who this link was given to may not upload here any more", code="link")
    return link


def _holders(link: Object) -> tuple[str, ...]:
    """Return who holds what comes by an address: the namespace, and who speaks for less of it."""
    return tuple(filter(None, (link.text("namespace"), link.text("holder", ""))))


def _arrived(channel: Channel, link: Object) -> None:
    for holder in _holders(link):
        channel.workspace.possession.record(
            holder, link.text("oid"), link.integer("size"), at=channel.clock()
        )


def _streaming(taken: Endpoint) -> Endpoint:
    async def _run(request: Request) -> Response:
        return await answer(request, lambda: taken(request))

    return _run


def _media(call: Call, value: dict[str, object]) -> Response:
    wanted = call.request.headers.get("accept", "")
    kind = "application/vnd.git-lfs+json"
    return JSONResponse(value, media_type=kind if kind in wanted else "application/json")
