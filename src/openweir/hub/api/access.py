"""Asking for access, answering, taking it back: the Hugging Face API and our own."""

from urllib.parse import parse_qs

from starlette.responses import Response

from openweir.canonical import Object
from openweir.errors import HubError
from openweir.hub.api.answering import accept, ask_for, reject
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, found_json
from openweir.hub.gate import Grant, GrantStatus, Principal
from openweir.hub.release import Release
from openweir.instant import format_instant, parse_day

__all__ = [
    "ask",
    "ask_by_form",
    "grant",
    "handle",
    "hf_grant",
    "list_all",
    "list_by_status",
    "mine",
    "revoke",
]


_RESET = "reset"
_PAGE = 1000


def ask(call: Call) -> Response:
    """`POST .../requests` with `purpose`, `terms`, `fields`: ask for access to a gated release."""
    return _ask(call, call.json())


def ask_by_form(call: Call) -> Response:
    """`POST /ORG/NAME/ask-access`: the Hub's own form, url-encoded, or JSON."""
    stated = call.request.headers.get("content-type", "")
    if not stated.startswith("application/x-www-form-urlencoded"):
        return _ask(call, call.json())
    try:
        sent = parse_qs(call.body.decode(), max_num_fields=100, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise HubError("the form is not one", code="bad-request") from None
    own = ("purpose", "terms")
    form: dict[str, object] = {
        "purpose": sent.get("purpose", [""])[0],
        "terms": sent.get("terms", []),
        "fields": {name: values[0] for name, values in sent.items() if name not in own},
    }
    return _ask(call, Object(form, "form"))


def mine(call: Call) -> Response:
    """`GET /api/openweir/releases/ORG/NAME/access`: where one's own request stands, and why."""
    user, release = call.user(), call.release(halted=True)
    found = call.channel.grants.of(release.name, user.user)
    if found is None:
        return found_json({"name": release.name, "status": None, "lacking": None})
    at = call.channel.clock()
    holds = found.holds(at.date()) and found.carried(at)
    lacking = call.channel.shortfall(found) if holds else ""
    return found_json(_ours(found) | {"holds": holds and not lacking, "lacking": lacking or None})


def list_all(call: Call) -> Response:
    """`GET .../requests[?status=]`: who asked for access and how they were answered."""
    _, release = _owned(call, halted=True)
    stated = call.request.query_params.get("status")
    status = None if stated is None else _status(stated)
    found = call.channel.grants.list(release.name, status)
    return found_json({"name": release.name, "requests": [_ours(item) for item in found]})


def grant(call: Call) -> Response:
    """`POST .../grants` with `user`, perhaps `expires` and `cohort`: let a user in."""
    answerer, release = _answering(call)
    body = call.json()
    stated = body.optional_text("expires")
    given = accept(
        call.channel,
        release.name,
        body.text("user"),
        by=answerer.user,
        expires=None if stated is None else parse_day(stated, where="expires"),
        cohort=body.text("cohort", ""),
    )
    record(call, "grant", detail=f"{given.user} until {given.expires or 'revoked'}")
    return found_json(_ours(given))


def revoke(call: Call) -> Response:
    """`DELETE .../grants/USER`, perhaps with `reason` and its `class`: take access back."""
    answerer, release = _answering(call, halted=True)
    body, user = call.json(), call.request.path_params["user"]
    taken = reject(
        call.channel,
        release.name,
        user,
        by=answerer.user,
        reason=body.text("reason", ""),
        reason_class=body.text("class", ""),
    )
    record(call, "reject", detail=taken.user)
    return found_json(_ours(taken))


def list_by_status(call: Call) -> Response:
    """`GET .../user-access-request/STATUS`: requests that stand so, by pages."""
    _, release = _answering(call, halted=True)
    word = call.request.path_params["status"]
    # A request that was reset is forgotten: its user may ask anew, which makes a new one.
    found = () if word == _RESET else call.channel.grants.list(release.name, _status(word))
    after = call.request.query_params.get("cursor", "")
    start = next((at for at, item in enumerate(found, 1) if item.id == after), 0)
    page, headers = found[start : start + _PAGE], {}
    if start + _PAGE < len(found):
        url = call.request.url.include_query_params(cursor=page[-1].id)
        headers["Link"] = f'<{url}>; rel="next"'
    return found_json([_theirs(item) for item in page], headers=headers)


def handle(call: Call) -> Response:
    """`POST /api/models/ORG/NAME/user-access-request/handle`: accept, reject, reopen or reset."""
    body = call.json()
    word = body.text("status")
    closes = word in (_RESET, GrantStatus.REJECTED)
    answerer, release = _answering(call, halted=closes)
    grants, name = call.channel.grants, release.name
    user = body.optional_text("user")
    if user is None:
        by_id = grants.by_id(name, body.text("requestId"))
        if by_id is None:
            raise HubError("there is no such request", code="unknown-request")
        user = by_id.user
    found = grants.of(name, user)
    if found is None:
        raise HubError(f"`{user[:100]}` has not asked for access", code="unknown-request")
    if word in (_RESET, GrantStatus.PENDING) and (found.by_panel or found.appeal):
        raise HubError("the request is before the panel, or was decided by it", code="not-yours")
    if word == _RESET:
        grants.reset(name, user)
        record(call, "reset", detail=f"{user}: {body.text('resetReason', '')[:200]}")
        return found_json({})
    status = _status(word)
    if found.status is status:
        raise HubError(f"the request is {word} already", code="unknown-request")
    reason = body.text("rejectionReason", "")
    if status is GrantStatus.ACCEPTED:
        accept(call.channel, name, user, by=answerer.user)
    elif status is GrantStatus.REJECTED:
        reject(call.channel, name, user, by=answerer.user, reason=reason)
    else:
        grants.answer(name, user, status, by=answerer.user, at=call.channel.clock())
    actions = {GrantStatus.ACCEPTED: "grant", GrantStatus.REJECTED: "reject"}
    record(call, actions.get(status, "cancel"), detail=user)
    return found_json({})


def hf_grant(call: Call) -> Response:
    """`POST .../user-access-request/grant` with `user`: let in somebody who has not asked."""
    answerer, release = _answering(call)
    user = call.json().text("user")
    found = call.channel.grants.of(release.name, user)
    if found is not None and found.status is GrantStatus.ACCEPTED:
        raise HubError(f"`{user[:100]}` has access already", code="unknown-request")
    accept(call.channel, release.name, user, by=answerer.user)
    record(call, "grant", detail=user)
    return found_json({})


def _ask(call: Call, form: Object) -> Response:
    user = call.user()
    release = _gated(call)
    asked = ask_for(call.channel, release, user.user, form)
    record(call, "ask")
    return found_json(_ours(asked))


def _answering(call: Call, *, halted: bool = False) -> tuple[Principal, Release]:
    """Return who answers and the gated release: its owner, or a reviewer its rules name."""
    user = call.user()
    if user.may_write and not user.owns(call.name):
        reviewers = call.channel.gates.rules(call.name).reviewers
        if user.user in reviewers:
            return user, _gated(call, halted=halted)
    return _owned(call, halted=halted)


def _owned(call: Call, *, halted: bool = False) -> tuple[Principal, Release]:
    """Return who asks and the gated release they answer for; strangers learn no more."""
    owner = call.owner()
    return owner, _gated(call, halted=halted)


def _gated(call: Call, *, halted: bool = False) -> Release:
    release = call.release(halted=halted)
    if not release.gated:
        raise HubError(
            f"`{release.name}` is {release.tier.word}: there is no access to ask for",
            code="not-gated",
        )
    return release


def _status(word: str) -> GrantStatus:
    if word not in {status.value for status in GrantStatus}:
        raise HubError(f"`{word[:40]}` is not pending, accepted or rejected", code="bad-request")
    return GrantStatus(word)


def _ours(item: Grant) -> dict[str, object]:
    return {
        "name": item.name,
        "user": item.user,
        "status": item.status.value,
        "purpose": item.purpose,
        "terms": list(item.terms),
        "fields": dict(item.fields),
        "cohort": item.cohort or None,
        "until": None if item.until is None else format_instant(item.until),
        "appeal": item.appeal or None,
        "by_panel": item.by_panel,
        "asked_at": format_instant(item.asked_at),
        "answered_at": None if item.answered_at is None else format_instant(item.answered_at),
        "answered_by": item.answered_by or None,
        "reason": item.reason,
        "expires": None if item.expires is None else item.expires.isoformat(),
    }


def _theirs(item: Grant) -> dict[str, object]:
    return {
        "requestId": item.id,
        "user": {"user": item.user, "fullname": item.user, "email": None},
        "status": item.status.value,
        "timestamp": format_instant(item.asked_at).replace("Z", ".000Z"),
        "fields": {"purpose": item.purpose, **dict(item.fields)},
    }
