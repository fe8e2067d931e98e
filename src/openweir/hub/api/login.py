"""Logins: OAuth's endpoints as stock clients call them (RFC 8628, RFC 6749, RFC 8693)."""

from urllib.parse import parse_qs, quote

from starlette.responses import JSONResponse, Response

from openweir.errors import HubError
from openweir.hub.access.keyless import KEYLESS_FOR
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, error_word, found_json
from openweir.hub.keyless_logins import KeylessLogins
from openweir.hub.logins import ACCESS_FOR, ASKED_FOR, Renewable

__all__ = ["answer", "device", "token"]

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ID_KIND = "urn:ietf:params:oauth:token-type:id_token"
_ACCESS_KIND = "urn:ietf:params:oauth:token-type:access_token"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_LONGEST_TOKEN = 16 * 1024 + 1
_WHY = {
    "unsupported_grant_type": "log in by a device code, a refresh token or an ID token",
    "authorization_pending": "nobody has agreed to this login yet",
    "expired_token": "this login is over; begin a new one",
    "access_denied": "this login was refused",
    "invalid_grant": "the refresh token is used up, ended or unknown; log in again",
}
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def device(call: Call) -> Response:
    """`POST /oauth/device` with `client_id`: begin a login on a device without a browser."""
    client = _form(call, "client_id")
    asked = call.channel.logins.ask(client, at=call.channel.clock())
    page = f"{call.base}/device"
    return JSONResponse(
        {
            "device_code": asked.device_code,
            "user_code": asked.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={quote(asked.user_code)}",
            "expires_in": int(ASKED_FOR.total_seconds()),
            "interval": 5,
        },
        headers=_NOT_KEPT,
    )


def token(call: Call) -> Response:
    """`POST /oauth/token`: a token for a login that was agreed to, a refresh or an ID token."""
    grant, at = _form(call, "grant_type"), call.channel.clock()
    if grant == _EXCHANGE:
        return _exchange(call)
    try:
        if grant == _DEVICE:
            found = call.channel.logins.redeem(_form(call, "device_code"), at=at)
        elif grant == "refresh_token":
            found = call.channel.logins.refresh(_form(call, "refresh_token"), at=at)
        else:
            return _refused("unsupported_grant_type")
    except HubError as error:
        if error.code != "hub.oauth":
            raise
        return _refused(error.message)
    return JSONResponse(_told(found), headers=_NOT_KEPT)


def answer(call: Call) -> Response:
    """`POST /api/openweir/logins` with `user_code` and `agreed`: let a device in, or not."""
    body = call.json()
    agreed = body.value.get("agreed", True)
    if not isinstance(agreed, bool):
        raise HubError("`agreed` is true or false", code="bad-request")
    user, keyless = call.user(), KeylessLogins(call.channel.store, call.channel.accounts)
    # Else an hour of a job would become the weeks of a device.
    if keyless.made(user.token_sha256):
        raise HubError("a token without a person behind it lets nobody in", code="not-yours")
    call.channel.logins.answer(body.text("user_code"), user, agreed=agreed, at=call.channel.clock())
    return found_json({"agreed": agreed})


def _exchange(call: Call) -> Response:
    """Trade a provider's ID token for a token of this hub (RFC 8693)."""
    if _form(call, "subject_token_type") != _ID_KIND:
        return _refused("invalid_request", f"`subject_token_type` is `{_ID_KIND}`")
    keyless = KeylessLogins(call.channel.store, call.channel.accounts)
    try:
        made = keyless.exchange(
            _form(call, "subject_token", longest=_LONGEST_TOKEN),
            _form(call, "resource"),
            at=call.channel.clock(),
        )
    except HubError as error:
        word = {
            "hub.oauth-request": "invalid_request",
            "hub.oauth-target": "invalid_target",
        }.get(error.code)
        if word is None:
            raise
        return _refused(word, error.message)
    record(
        call,
        "login",
        name=made.resource.name,
        detail=f"{made.account} by {made.issuer}: {made.subject}"[:200],
    )
    return JSONResponse(
        {
            "access_token": made.token,
            "issued_token_type": _ACCESS_KIND,
            "token_type": "bearer",
            "expires_in": int(KEYLESS_FOR.total_seconds()),
            "scope": f"{made.role}:{made.resource.name}",
        },
        headers=_NOT_KEPT,
    )


def _told(found: Renewable) -> dict[str, object]:
    return {
        "access_token": found.access_token,
        "refresh_token": found.refresh_token,
        "token_type": "bearer",
        "expires_in": int(ACCESS_FOR.total_seconds()),
        "scope": "read-repos write-repos",
    }


def _refused(word: str, why: str = "") -> Response:
    """Return RFC 6749's refusal, with our headers beside it."""
    said = why or _WHY.get(word, word)
    told = {"error": word, "error_description": said}
    headers = {
        **_NOT_KEPT,
        "X-Error-Code": error_word("oauth." + word.replace("_", "-")),
        "X-Error-Message": said,
    }
    return JSONResponse(told, status_code=400, headers=headers)


def _form(call: Call, name: str, *, longest: int = 256) -> str:
    """Return a field of a form, or of the JSON that some clients send in its place."""
    if call.request.headers.get("content-type", "").startswith("application/json"):
        return call.json().text(name, "")[:longest]
    try:
        form = parse_qs(call.body.decode(), max_num_fields=20)
    except ValueError:
        raise HubError("the form cannot be read", code="bad-request") from None
    return form.get(name, [""])[0][:longest]
