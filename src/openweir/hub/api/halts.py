"""Halting a release, letting it go on, and advisories to its users."""

from starlette.responses import Response

from openweir.canonical import decimal_text
from openweir.errors import HubError
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, found_json
from openweir.hub.api.stages import standing_of
from openweir.hub.gate import Principal

__all__ = ["advise", "halt", "notices", "resume", "withdraw"]


def notices(call: Call) -> Response:
    """`GET /openweir/ORG/NAME/notices.json`: halts and advisories in force, for everybody."""
    release = call.release(halted=True)
    found = call.channel.notices.about(release.name)
    return found_json(
        {
            "name": release.name,
            "release_state": release.state,
            "halted": release.halted or None,
            "notices": [item.to_json() for item in found],
        }
    )


def halt(call: Call) -> Response:
    """`POST /api/openweir/releases/ORG/NAME/halt` with `trigger` and `reason`: at once."""
    owner, body = _owner(call), call.json()
    notice = call.channel.notices.halt(
        call.name,
        trigger=body.text("trigger", "other"),
        text=body.text("reason", ""),
        by=owner.user,
        at=call.channel.clock(),
    )
    record(call, "halt", detail=f"{notice.topic}: {notice.text}")
    return found_json(notice.to_json())


def resume(call: Call) -> Response:
    """`DELETE /api/openweir/releases/ORG/NAME/halt` with `reason`: the decision rules again."""
    owner, reason = call.owner(), call.json().text("reason", "")
    release = call.channel.known(call.name)
    standing = None if release is None else standing_of(call, release)
    if standing is not None and standing.pulled:
        halt, found = standing.pulled[0]
        raise HubError(
            f"`{halt.when}` halts it, and {decimal_text(found.value)} was measured last",
            code="conflict",
            hint="a later measurement that is good again comes first: openweir release measure",
        )
    ended = call.channel.notices.resume(call.name, by=owner.user, at=call.channel.clock())
    record(call, "resume", detail=reason)
    return found_json({"name": call.name, "ended": ended})


def advise(call: Call) -> Response:
    """`POST .../advisories` with `id` and `text`: tell every user of the release something."""
    owner, body = _owner(call), call.json()
    notice = call.channel.notices.advise(
        call.name,
        topic=body.text("id"),
        text=body.text("text", ""),
        by=owner.user,
        at=call.channel.clock(),
    )
    record(call, "advise", detail=f"{notice.topic}: {notice.text}")
    return found_json(notice.to_json())


def withdraw(call: Call) -> Response:
    """`DELETE .../advisories/ID`: an advisory is over."""
    owner, topic = call.owner(), call.request.path_params["id"]
    call.channel.notices.withdraw(call.name, topic, by=owner.user, at=call.channel.clock())
    record(call, "withdraw", detail=topic)
    return found_json({})


def _owner(call: Call) -> Principal:
    """Return who asks, if the release is theirs and there is one, be it hidden or damaged.

    Raises:
        HubError: as `Call.owner`; or the name is mistyped, and nothing would be halted.
    """
    owner, row = call.owner(), call.channel.store.current(call.name)
    if row is None or row.name != call.name:
        raise HubError(f"there is no release `{call.name}` here", code="repo-not-found")
    return owner
