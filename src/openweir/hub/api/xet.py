"""Xet over HTTP: tokens for one repository, xorbs and shards in, reconstructions out.

A token allows one right (read or write) on one repository for a few minutes; each request
asks again whether its user still has it, so that a revoked grant stops the next request. The
store's address holds the namespace, because clients remember per address what they sent.
Source: hub-docs, `docs/xet/api` and `docs/xet/auth`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from openweir.canonical import Object
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.api.asked import Turns, take_in, whole_body
from openweir.hub.api.drafts import kind_of, repository_of, writable
from openweir.hub.api.recorded import metered_as
from openweir.hub.api.reply import (
    Call,
    DisabledError,
    Endpoint,
    answer,
    found_json,
    refusal,
    request_id_of,
)
from openweir.hub.api.resolve import STORE
from openweir.hub.api.xet_parts import asked_range, bytes_of, second_form
from openweir.hub.audit import AccessEvent
from openweir.hub.channel import Channel
from openweir.hub.gate import Answer, Principal
from openweir.hub.repository.repositories import Kind, Repository
from openweir.hub.xet import from_hex, to_hex
from openweir.hub.xet.layout import covered, pieces
from openweir.hub.xet.store import XetFile
from openweir.tier import Tier

__all__ = [
    "STORE",
    "fetch",
    "not_here",
    "put_shard",
    "put_xorb",
    "read_token",
    "reconstruction",
    "write_token",
]

_TOKEN_FOR = timedelta(minutes=5)
_MAX_SHARD_BYTES = 64 * 1024 * 1024
# To put files together takes minutes where they are large, up to 64 MiB for the shard and a
# hundred bytes for each chunk it names.
_SHARDS = Turns(4)


def write_token(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/xet-write-token/REVISION`: the right to upload for five minutes."""
    # The bytes come before the commit: what it will be on, the commit says.
    repository = writable(call)
    return _token(call, "write", repository.kind, repository.name)


def read_token(call: Call) -> Response:
    """`GET /api/KIND/ORG/NAME/xet-read-token/REVISION`: the right to download for five minutes."""
    repository = repository_of(call)
    name = call.release().name if repository is None else repository.name
    return _token(call, "read", kind_of(call), name)


def put_xorb(channel: Channel) -> Endpoint:
    """`POST STORE/v1/xorbs/default/HASH`: a xorb; the token is asked before the body is read."""

    async def _taken(request: Request, token: Object) -> Response:
        namespace, name = (
            token.text("name").partition("/")[0],
            from_hex(request.path_params["hash"]),
        )
        incoming = await run_in_threadpool(channel.xet.incoming_xorb, namespace, name)
        try:
            await take_in(request, incoming)
            await run_in_threadpool(incoming.finish)
        finally:
            await run_in_threadpool(incoming.drop)
        # Always the same answer: whether it was here already is nobody's business.
        return found_json({"was_inserted": True})

    return _written(channel, _taken)


def put_shard(channel: Channel) -> Endpoint:
    """`POST STORE/v1/shards`: how files are put together; they are, before this answers."""

    def put_together(token: Object, read: Callable[[], bytes]) -> Response:
        namespace = token.text("name").partition("/")[0]
        made = channel.xet.put_shard(namespace, read(), at=channel.clock())
        user = _principal(channel, token)
        repository = _repository(channel, token) if user is not None and user.only else None
        if repository is not None:
            possession = channel.workspace.possession
            for digest, size in possession.held(namespace, made).items():
                possession.record(repository.holder, digest, size, at=channel.clock())
        return found_json({"result": 1})

    async def _taken(request: Request, token: Object) -> Response:
        async with whole_body(request, _MAX_SHARD_BYTES, channel.data, turns=_SHARDS) as read:
            # Who gave up waiting sends it again: the work of before is nobody's.
            if await request.is_disconnected():
                raise ClientDisconnect
            return await run_in_threadpool(put_together, token, read)

    return _written(channel, _taken)


def reconstruction(channel: Channel, *, version: int = 1) -> Endpoint:
    """`GET STORE/v1/reconstructions/FILE`: where the parts of a file are fetched."""

    def found(request: Request) -> Response:
        token = _claims(channel, request, "xet-read")
        readable = _readable(channel, request, token, request.path_params["file"])
        file = readable.file
        channel.audit.record(replace(readable.event, action="reconstruct"))
        start, end = asked_range(request.headers.get("range"), file.plan.size)
        namespace = token.text("name").partition("/")[0]
        base = str(request.base_url).rstrip("/")
        expires = channel.clock() + _TOKEN_FOR
        terms: list[dict[str, object]] = []
        places: dict[str, list[dict[str, object]]] = {}
        skipped = 0
        for index, run in enumerate(file.plan.runs):
            if run.offset + run.size <= start or run.offset >= end:
                continue
            first, last, begins, low, high = 0, run.count, run.offset, 0, run.packed
            length = run.size
            if start > run.offset or end < run.offset + run.size:
                lengths = channel.xet.lengths(namespace, file, run)
                first, last, begins, low, high = covered(run, lengths, start, end)
                length = sum(lengths[first:last])
            if not terms:
                skipped = start - begins
            chunks = {"start": first, "end": last}
            known = places.setdefault(to_hex(run.xorb), [])
            terms.append({"hash": to_hex(run.xorb), "unpacked_length": length, "range": chunks})
            # A file that repeats itself names the same bytes once.
            if any(each["range"] == chunks for each in known):
                continue
            fields = {
                **{key: token.value[key] for key in ("kind", "name", "token")},
                "file": file.name,
                "run": index,
                "start": low,
                "end": high,
            }
            link = channel.workspace.links.make("xet-get", fields, expires=expires)
            known.append(
                {
                    "range": chunks,
                    "url": f"{base}/api/openweir/xet/{quote(link)}",
                    # The last byte counts in, as in a Range header.
                    "url_range": {"start": low, "end": high - 1},
                }
            )
        where = {"fetch_info": places} if version == 1 else second_form(places)
        return JSONResponse({"offset_into_first_range": skipped, "terms": terms, **where})

    return _threaded(found)


def fetch(channel: Channel) -> Endpoint:
    """`GET /api/openweir/xet/LINK` with the range the link allows: bytes of a xorb."""

    def found(request: Request) -> Response:
        link = channel.workspace.links.read(
            request.path_params["link"], "xet-get", at=channel.clock()
        )
        asked, readable = monotonic(), _readable(channel, request, link, link.text("file"))
        file = readable.file
        number = link.integer("run")
        if number >= len(file.plan.runs):
            # Sent anew after it was lost, in other pieces than when the link was made.
            raise HubError("there is no such file here", code="entry-not-found")
        run = file.plan.runs[number]
        low, high = link.integer("start"), link.integer("end")
        start, end = asked_range(request.headers.get("range"), high)
        if start < low:
            raise HubError("this link allows other bytes", code="link")
        lengths = channel.xet.lengths(link.text("name").partition("/")[0], file, run)
        blob = channel.blobs.checked(file.plan.sha256, file.plan.size)
        headers = {
            "Content-Length": str(end - start),
            "Content-Range": f"bytes {start}-{end - 1}/*",
            "Cache-Control": "private, no-store",
        }
        response = StreamingResponse(
            bytes_of(blob, pieces(run, lengths, start, end)),
            status_code=206,
            headers=headers,
            media_type="application/octet-stream",
        )
        return metered_as(
            channel,
            response,
            readable.event,
            still=lambda: _still(channel, request, link, link.text("file")),
            asked=asked,
        )

    return _threaded(found)


async def not_here(request: Request) -> Response:
    """Answer 404: for what clients ask first and do without, such as chunks of others."""
    found = refusal(HubError("not here", code="no-such-page"))
    found.headers["X-Request-Id"] = request_id_of(request)
    return found


def _token(call: Call, right: str, kind: Kind, name: str) -> Response:
    expires = call.channel.clock() + _TOKEN_FOR
    fields = {
        "kind": kind.value,
        "name": name,
        "token": "" if call.principal is None else call.principal.token_sha256,
    }
    token = call.channel.workspace.links.make(f"xet-{right}", fields, expires=expires)
    store = call.base + STORE.format(
        epoch=call.channel.xet.epoch(), namespace=quote(name.partition("/")[0])
    )
    until = int(expires.timestamp())
    return found_json(
        {"accessToken": token, "exp": until, "casUrl": store},
        headers={
            "X-Xet-Access-Token": token,
            "X-Xet-Token-Expiration": str(until),
            "X-Xet-Cas-Url": store,
        },
    )


def _claims(channel: Channel, request: Request, *purposes: str) -> Object:
    """Return what the bearer's token allows.

    Raises:
        HubError: it allows nothing here.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    namespace = request.path_params["namespace"]
    for purpose in purposes if scheme.lower() == "bearer" else ():
        try:
            claims = channel.workspace.links.read(token.strip(), purpose, at=channel.clock())
        except HubError:
            continue
        if claims.text("name").partition("/")[0] == namespace:
            return claims
    raise HubError("this token allows nothing here", code="credentials")


def _principal(channel: Channel, claims: Object) -> Principal | None:
    """Return whom a token or link speaks for; None for anonymous.

    Raises:
        HubError: it was made for an account's token that holds no more; what is open to all
            can be asked for again without one.
    """
    digest = claims.text("token")
    if not digest:
        return None
    found = channel.accounts.of_token(digest, at=channel.clock())
    if found is None:
        raise HubError("this token allows nothing here", code="credentials")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readable:
    """A file that whoever asks may read now, and the event that says by what right."""

    file: XetFile
    event: AccessEvent


def _readable(channel: Channel, request: Request, claims: Object, name: str) -> _Readable:
    """Return a file if whoever holds the token or link may read it now.

    Raises:
        HubError: they may not, or it is not there: one answer for both; or it is halted.
    """
    full, principal = claims.text("name"), _principal(channel, claims)
    from_hex(name)
    file = channel.xet.named(full.partition("/")[0], name)
    event = AccessEvent(
        at=channel.clock(),
        action="xet-get",
        user="" if principal is None else principal.user,
        token="" if principal is None else principal.token,
        name=full,
        range=request.headers.get("range", ""),
        detail=f"xet:{name}",
        request_id=request_id_of(request),
    )
    if file is not None:
        if principal is not None and _reads(channel, principal, claims, file):
            return _Readable(file=file, event=event)
        if claims.text("kind") == Kind.MODEL.value:
            found = _released(channel, full, file, principal, event)
            if found is not None:
                return _Readable(file=file, event=found)
    raise HubError("there is no such file here", code="entry-not-found")


def _reads(channel: Channel, principal: Principal, claims: Object, file: XetFile) -> bool:
    """Whether a member may read a file; one whose token is for a repository, of that one."""
    if not principal.reads(claims.text("name")) or not principal.only:
        return principal.reads(claims.text("name"))
    repository, digest = _repository(channel, claims), file.plan.sha256
    return repository is not None and bool(
        channel.workspace.held(repository, (digest,), alone=True)
    )


def _repository(channel: Channel, claims: Object) -> Repository | None:
    """Return the repository that a token is for, if it still has that name."""
    kind, name = Kind(claims.text("kind")), claims.text("name")
    return channel.workspace.repositories.find(kind, name)


def _released(
    channel: Channel, full: str, file: XetFile, principal: Principal | None, event: AccessEvent
) -> AccessEvent | None:
    """Return the event of serving a file of a release, or None if it may not be served."""
    release = channel.known(full)
    if release is None or release.state == "expired":
        return None
    for listed in release.files:
        if listed.sha256 != file.plan.sha256:
            continue
        found, grant = channel.admission(release, listed.tier, principal, path=listed.path)
        if found is Answer.HALTED:
            raise DisabledError(release)
        if found is Answer.SERVE:
            gated = listed.tier is Tier.GATED_WEIGHTS or release.stage is not None
            return replace(
                event,
                grant=grant.id if gated and grant is not None else "",
                decision=sha256(release.bundle.decision),
                commit=release.commit,
                path=listed.path,
            )
    return None


def _still(channel: Channel, request: Request, claims: Object, name: str) -> bool:
    try:
        _readable(channel, request, claims, name)
    except HubError:
        return False
    return True


def _written(channel: Channel, taken: Callable[[Request, Object], Awaitable[Response]]) -> Endpoint:
    async def _run(request: Request) -> Response:
        async def _work() -> Response:
            token = await run_in_threadpool(_claims, channel, request, "xet-write")
            user = await run_in_threadpool(_principal, channel, token)
            if user is None or not user.writes(token.text("name")):
                raise HubError("this token allows nothing here", code="credentials")
            return await taken(request, token)

        return await answer(request, _work)

    return _run


def _threaded(handler: Callable[[Request], Response]) -> Endpoint:
    async def _run(request: Request) -> Response:
        async def _work() -> Response:
            return await run_in_threadpool(handler, request)

        return await answer(request, _work)

    return _run
