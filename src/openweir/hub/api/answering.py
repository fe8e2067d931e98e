"""Answers to requests for access: the rules of a gate, carried out in one place."""

from datetime import date, timedelta

from openweir.canonical import Object, compact
from openweir.errors import HubError
from openweir.hub.access.form import EU, value_of
from openweir.hub.access.rules import GateRules
from openweir.hub.access.statistics import REASONS
from openweir.hub.access.terms import require_terms, terms
from openweir.hub.access.visas import carried_until
from openweir.hub.channel import Channel
from openweir.hub.gate import Grant, GrantStatus
from openweir.hub.release import Release

__all__ = ["accept", "ask_for", "reject"]


def ask_for(channel: Channel, release: Release, user: str, form: Object) -> Grant:
    """Record a request; an `auto` gate answers it at once by its published rules.

    Args:
        channel: of the hub.
        release: a gated one, in force.
        user: who asks.
        form: `purpose` in words, `terms` declared and accepted, `fields` of the form.

    Raises:
        HubError: the form does not hold what the rules ask, or more than they allow.
    """
    rules = channel.gates.rules(release.name)
    stated = form.texts("terms") if "terms" in form.value else ()
    declared = _declared(rules, tuple(stated))
    fields = _fields(rules, form.optional_object("fields"))
    panel = rules.panel
    told = (
        ""
        if panel is None
        else compact({"members": list(panel.members), "votes": panel.votes}).decode()
    )
    at = channel.clock()
    before = channel.grants.of(release.name, user)
    asked = channel.grants.ask(
        release.name,
        user,
        renew=before is not None and bool(channel.shortfall(before)),
        purpose=form.text("purpose", "")
        or ", ".join(terms()[one].label for one in declared if terms()[one].group == "purpose"),
        at=at,
        terms=declared,
        fields=fields,
        panel=told,
    )
    if rules.mode == "auto" and asked.status is GrantStatus.PENDING:
        carried_until(channel.gates.visas(user), rules.level, at=at)
        return accept(channel, release.name, user, by="rules")
    return asked


def accept(
    channel: Channel,
    name: str,
    user: str,
    *,
    by: str,
    expires: date | None = None,
    cohort: str = "",
    by_panel: bool = False,
) -> Grant:
    """Let a user in, if they are known as well as the rules ask.

    The grant ends with the first of: its own last day, and what the user has shown.

    Raises:
        HubError: they are not known that well, or there is no such user.
    """
    rules, at = channel.gates.rules(name), channel.clock()
    if not channel.accounts.exists(user):
        raise HubError(f"there is no user `{user[:100]}`", code="unknown-user")
    until = carried_until(channel.gates.visas(user), rules.level, at=at)
    if expires is None and rules.days:
        expires = at.date() + timedelta(days=rules.days)
    return channel.grants.answer(
        name,
        user,
        GrantStatus.ACCEPTED,
        by=by,
        at=at,
        expires=expires,
        until=until,
        cohort=cohort,
        by_panel=by_panel,
    )


def reject(
    channel: Channel, name: str, user: str, *, by: str, reason: str = "", reason_class: str = ""
) -> Grant:
    """Turn a user down or take their access back.

    Raises:
        HubError: a panel let them in and the reason is not the model's security.
    """
    if reason_class and reason_class not in REASONS:
        raise HubError(
            f"`{reason_class[:40]}` is no class of reasons",
            code="bad-request",
            hint="one of " + ", ".join(REASONS),
        )
    found = channel.grants.of(name, user)
    if found is not None and found.by_panel and reason_class != "security":
        raise HubError(
            f"the panel let `{user}` in: only `security` takes that back",
            code="not-yours",
            hint="state the class `security`; the statistics show it",
        )
    return channel.grants.answer(
        name,
        user,
        GrantStatus.REJECTED,
        by=by,
        at=channel.clock(),
        reason=reason,
        reason_class=reason_class or "other",
    )


def _declared(rules: GateRules, stated: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms of a request if they meet the rules."""
    short = {term.short: term.id for term in terms().values()}
    ids = {short.get(one, one) for one in stated}
    groups = {one: terms()[one].group for one in ids if one in terms()}
    purposes = require_terms(
        tuple(one for one in ids if groups.get(one) != "condition"), "purpose", where="terms"
    )
    accepted = tuple(sorted(one for one in ids if groups.get(one) == "condition"))
    if rules.purposes and not set(purposes) & set(rules.purposes):
        raise HubError(
            "the purpose is none that this gate is for",
            code="purpose",
            hint="one of " + ", ".join(terms()[one].label for one in rules.purposes),
        )
    lacking = set(rules.conditions) - set(accepted)
    if lacking:
        raise HubError(
            "not every condition of this gate is accepted",
            code="purpose",
            hint="accept " + ", ".join(terms()[one].short for one in sorted(lacking)),
        )
    return (*purposes, *accepted)


def _fields(rules: GateRules, stated: Object | None) -> dict[str, str]:
    """Return the form's fields: those the rules ask for, and none beside them."""
    sent = {} if stated is None else stated.value
    odd = sorted(set(sent) - {field.name for field in rules.fields})
    if odd:
        # A gate that takes data for security only must not even be able to take more.
        raise HubError(
            f"this gate does not ask for `{odd[0][:60]}` and does not take it", code="bad-request"
        )
    found = {field.name: value_of(field, sent.get(field.name)) for field in rules.fields}
    countries = {found[field.name] for field in rules.fields if field.type == "country"}
    if rules.eu_disallowed and countries & EU:
        raise HubError("the publisher turns people in the European Union away", code="rejected")
    return found
