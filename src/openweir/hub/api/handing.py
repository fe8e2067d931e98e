"""Open files that others send: nginx before the hub, or the bucket they lie in.

The hub decides, as for every file, and then names the bytes instead of sending them. It does
so only where no grant can be taken back: what a gate or a stage holds goes through the hub,
which counts each byte and stops within two seconds. Of what is handed on, the audit says
that it was, when and to whom, and not how many bytes went out. A halt stops the next request
at once; a link that is out works to its end, and a transfer under way runs to its end.
Sources: nginx, `X-Accel-Redirect`; Amazon S3, presigned URLs.
"""

from dataclasses import replace

from starlette.responses import Response

from openweir.hub.api.reply import Call
from openweir.hub.audit import AccessEvent
from openweir.hub.blobs import Blob

__all__ = ["FRONT_HEADER", "LINK_SECONDS", "handed_on", "may_be_handed_on"]

FRONT_HEADER = "X-Openweir-Front"
"""What nginx tells the hub: the location of its own that it sends blobs from."""

LINK_SECONDS = 60
"""For how long a link into the bucket works."""

_MEDIA_TYPE = "application/octet-stream"
# nginx and buckets know a file by other tags than the hub gave: they would say no to the right one.
_CONDITIONS = ("if-match", "if-none-match")
# Smaller files are sent before another request would have been made.
_FROM_BYTES = 1024 * 1024


def handed_on(
    call: Call, blob: Blob, *, headers: dict[str, str], event: AccessEvent
) -> Response | None:
    """Return the answer that has somebody else send an open blob; None for nobody.

    Args:
        call: a request that was admitted without a grant.
        blob: compared with its digest.
        headers: of the file, which are on this answer too.
        event: of sending it, recorded here.
    """
    front = call.channel.front
    if not may_be_handed_on(call, blob):
        return None
    if any(name in call.request.headers for name in _CONDITIONS):
        return None
    if front.accel and call.request.headers.get(FRONT_HEADER) == front.accel:
        there = front.accel + blob.key.removeprefix("blobs/")
        _record(call, event, 200, "handed to the front, which sends it")
        return Response(headers={**headers, "X-Accel-Redirect": there}, media_type=_MEDIA_TYPE)
    # Some servers answer a range behind a link as if it were the whole.
    if front.links and "range" not in call.request.headers:
        name = event.path.rpartition("/")[2]
        link = blob.storage.link(blob.key, seconds=LINK_SECONDS, name=name)
        if link is not None:
            _record(call, event, 302, f"a link into the bucket for {LINK_SECONDS} s")
            return Response(
                status_code=302,
                headers={**headers, "Location": link, "Cache-Control": "no-store"},
                media_type=_MEDIA_TYPE,
            )
    return None


def may_be_handed_on(call: Call, blob: Blob) -> bool:
    """Whether others send this file when it is open and somebody asks for it another way."""
    front = call.channel.front
    long = call.request.method == "GET" and blob.stamp.size >= _FROM_BYTES
    return long and bool(front.accel or front.links)


def _record(call: Call, event: AccessEvent, status: int, detail: str) -> None:
    # Nothing has gone out yet: if this cannot be written, nothing will.
    call.channel.audit.record(replace(event, status=status, detail=detail))
