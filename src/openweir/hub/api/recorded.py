"""What the endpoints write into the audit chain, and the answers that write it by themselves."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.responses import Response

from openweir.errors import HubError, OpenweirError
from openweir.hub.api.metered import Metered
from openweir.hub.api.reply import Call, refusal, request_id_of
from openweir.hub.audit import AccessEvent
from openweir.hub.channel import Channel
from openweir.hub.read_once import require_fresh

__all__ = ["Right", "event_of", "metered_as", "record", "record_answer"]

_log = logging.getLogger("openweir.hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """By what right bytes go out.

    Attributes:
        decision: SHA-256 of the decision; empty for a member's own draft.
        grant: id of the grant that opened the gate; empty where none was needed.
    """

    decision: str = ""
    grant: str = ""


def record(call: Call, action: str, *, name: str = "", commit: str = "", detail: str = "") -> None:
    """Record something that is no download.

    Args:
        call: the request; whoever sent it is named.
        action: `publish`, `ask`, `grant`, `reject`, `halt`, ...
        name: of the release, if the path does not say it.
        commit: that it is about.
        detail: what there is to say.
    """
    event = _event(call, name or call.name, Right(), commit, "")
    call.channel.audit.record(replace(event, action=action, detail=detail, range=""))


def record_answer(call: Call, right: Right, commit: str, path: str, status: int) -> None:
    """Record a request for a file that was not served."""
    require_fresh()
    call.channel.audit.record(replace(event_of(call, right, commit, path), status=status, grant=""))


def event_of(call: Call, right: Right, commit: str, path: str) -> AccessEvent:
    """Return the event of serving a file.

    Args:
        call: the request.
        right: by which it goes out.
        commit: that the file was asked at.
        path: of the file.
    """
    return _event(call, call.name, right, commit, path)


def metered_as(
    channel: Channel,
    inner: Response,
    event: AccessEvent,
    *,
    still: Callable[[], bool],
    asked: float | None = None,
) -> Response:
    """Return an answer that records `event` as it begins and ends, and ends with its right.

    Args:
        channel: whose log it is.
        inner: the answer.
        event: what is recorded.
        still: whether the right to it holds.
        asked: when that was asked last, by `time.monotonic`; None for now.
    """
    begun = 0

    def began(status: int) -> None:
        nonlocal begun
        # Nothing has gone out yet: if this cannot be written, nothing will.
        if event.action != "head":
            begun = channel.audit.record(replace(event, phase="begin", status=status))

    def finished(status: int, sent: int, cut: bool) -> None:
        phase = "end" if begun else ""
        ended = replace(
            event,
            at=channel.clock(),
            phase=phase,
            status=status,
            sent_bytes=sent,
            cut=cut,
            of=begun,
        )
        try:
            channel.audit.record(ended)
        except HubError as error:
            # The bytes went out and their `begin` is kept: the chain shows it without an end.
            _log.error("the end of a download is not recorded: %s", error)

    def refused(error: OpenweirError) -> Response:
        answer = refusal(error)
        answer.headers["X-Request-Id"] = event.request_id
        return answer

    return Metered(inner, still=still, began=began, finished=finished, refused=refused, asked=asked)


def _event(call: Call, name: str, right: Right, commit: str, path: str) -> AccessEvent:
    request, principal = call.request, call.principal
    return AccessEvent(
        at=call.channel.clock(),
        action=request.method.lower(),
        user="" if principal is None else principal.user,
        token="" if principal is None else principal.token,
        range=request.headers.get("range", ""),
        request_id=request_id_of(request),
        name=name,
        commit=commit,
        path=path,
        decision=right.decision,
        grant=right.grant,
    )
