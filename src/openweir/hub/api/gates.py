"""The gate itself: its published rules and numbers, appeals, votes, and passports."""

from starlette.responses import Response

from openweir.canonical import Object, parse
from openweir.errors import HubError
from openweir.hub.access.rules import GateRules, facts
from openweir.hub.access.statistics import gate_statistics
from openweir.hub.access.terms import SOURCE, VERSION, terms
from openweir.hub.access.visas import level_of
from openweir.hub.api.answering import accept
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, found_json
from openweir.hub.gate import GrantStatus
from openweir.instant import format_instant

__all__ = ["appeal", "finish", "gate_json", "level", "set_gate", "start", "terms_json", "vote"]


def gate_json(call: Call) -> Response:
    """`GET /openweir/ORG/NAME/gate.json`: rules, what they mean for openness, and numbers."""
    release = call.release(halted=True)
    rules = call.channel.gates.rules(release.name)
    numbers = gate_statistics(call.channel.grants.list(release.name))
    used = (*rules.purposes, *rules.conditions)
    return found_json(
        {
            "name": release.name,
            "gated": release.gated,
            "rules": rules.to_json(),
            "terms": [terms()[one].to_json() for one in used],
            "facts": facts(rules),
            "statistics": numbers.to_json(),
        }
    )


def terms_json(_call: Call) -> Response:
    """`GET /openweir/terms.json`: every term with its meaning and where it comes from."""
    found = [term.to_json() for term in terms().values()]
    return found_json({"version": VERSION, "source": SOURCE, "terms": found})


def set_gate(call: Call) -> Response:
    """`PUT /api/openweir/releases/ORG/NAME/gate`: the rules, in place of those before."""
    owner, rules = call.owner(), GateRules.read(call.json())
    for user in rules.panel.members if rules.panel is not None else ():
        independent = call.channel.accounts.exists(user) and not call.channel.accounts.belongs(
            user, call.name.partition("/")[0]
        )
        if not independent:
            raise HubError(
                f"`{user[:100]}` cannot sit on the panel: it is no account, or one of yours",
                code="bad-request",
                hint="a panel is of people without a role in the publisher's namespace",
            )
    call.channel.gates.set_rules(call.name, rules, by=owner.user, at=call.channel.clock())
    record(call, "rules", detail=f"{rules.mode}, level {rules.level}, data {rules.data}")
    return found_json(rules.to_json())


def appeal(call: Call) -> Response:
    """`POST /api/openweir/releases/ORG/NAME/appeal` with `reason`: to the panel, once."""
    user = call.user()
    made = call.channel.grants.appeal(call.name, user.user, text=call.json().text("reason", ""))
    record(call, "appeal")
    return found_json({"name": made.name, "user": made.user, "appeal": made.appeal})


def vote(call: Call) -> Response:
    """`POST .../requests/USER/votes` with `accept` and `reason`, by a member of the panel."""
    member, user = call.user(), call.request.path_params["user"]
    found = call.channel.grants.of(call.name, user)
    panel = None
    if found is not None and found.panel:
        panel = Object(parse(found.panel.encode(), where="panel"), "panel")
    sits = panel is not None and member.user in panel.texts("members")
    own = member.publisher or member.role(call.name) is not None
    if found is None or panel is None or not sits or own or not member.may_write:
        raise HubError("you do not sit on this panel", code="not-yours")
    if not found.appeal:
        raise HubError(f"`{user[:100]}` has not appealed", code="unknown-request")
    body, channel = call.json(), call.channel
    yes, no = channel.gates.vote(
        found.id,
        member.user,
        accept=body.flag("accept"),
        reason=body.text("reason", ""),
        at=channel.clock(),
    )
    status = found.status
    if yes >= panel.integer("votes") and status is GrantStatus.REJECTED:
        status = accept(channel, call.name, user, by="panel", by_panel=True).status
    record(call, "vote", detail=f"{user}: {'yes' if body.flag('accept') else 'no'}")
    return found_json({"user": user, "yes": yes, "no": no, "status": status.value})


def start(call: Call) -> Response:
    """`POST /api/openweir/passport/start` with `issuer` and `redirect`: where to log in."""
    user, body = call.user(), call.json()
    url = call.channel.passports.start(user.user, body.text("issuer"), body.text("redirect"))
    return found_json({"url": url})


def finish(call: Call) -> Response:
    """`POST /api/openweir/passport/finish` with `state` and `code`: keep what the login shows."""
    user, body = call.user(), call.json()
    shown = call.channel.passports.finish(user.user, body.text("state"), body.text("code"))
    call.channel.gates.keep(user.user, shown.issuer, shown.subject, shown.visas)
    return level(call, refused=shown.refused)


def level(call: Call, *, refused: tuple[str, ...] = ()) -> Response:
    """`GET /api/openweir/passport`: how well the hub knows who asks, and by which visas."""
    user = call.user()
    visas = call.channel.gates.visas(user.user)
    known, until = level_of(visas, at=call.channel.clock())
    return found_json(
        {
            "user": user.user,
            "level": known,
            "until": None if until is None else format_instant(until),
            "visas": [
                {
                    "type": visa.type,
                    "value": visa.value,
                    "source": visa.source,
                    "by": visa.by,
                    "issuer": visa.issuer,
                    "until": format_instant(visa.until),
                }
                for visa in visas
            ],
            "refused": list(refused),
            "providers": list(call.channel.providers()),
        }
    )
