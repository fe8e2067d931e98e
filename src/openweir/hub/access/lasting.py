"""Whether a grant that was given still meets what its gate asks now.

Rules that were tightened reach those who were let in before: at each request, with the reason
and the way back in. Rules that were loosened let nobody in by themselves, and never open what
the decision holds back: the gate asks that first.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from openweir.errors import HubError
from openweir.hub.access.rules import GateRules
from openweir.hub.access.terms import terms
from openweir.hub.access.visas import Visa, carried_until
from openweir.hub.gate import Grant

__all__ = ["shortfall"]


def shortfall(
    rules: GateRules,
    grant: Grant,
    visas: Iterable[Visa],
    *,
    changed_at: datetime | None,
    at: datetime,
) -> str:
    """Return what a grant lacks by the present rules, as a sentence's end; empty for nothing.

    Args:
        rules: as published now.
        grant: accepted.
        visas: of its holder, only looked at where the rules ask for a level.
        changed_at: when the rules were published; None for the plainest, never published.
        at: now.
    """
    try:
        carried_until(visas, rules.level, at=at) if rules.level else None
    except HubError as error:
        return f"{error.message}: show it again with `openweir access passport`"
    answered = grant.answered_at
    since = changed_at is not None and (answered is None or changed_at > answered)
    # Whom the publisher let in without a request has met the rules of that day by their word.
    if not since:
        return ""
    lacking = sorted(set(rules.conditions) - set(grant.terms))
    if lacking:
        words = ", ".join(terms()[one].short for one in lacking)
        return f"the gate asks for {words} since: ask again and accept it"
    # A panel let them in against the publisher: what only narrows the purpose is no way out.
    if grant.by_panel:
        return ""
    if rules.purposes and not set(rules.purposes) & set(grant.terms):
        words = ", ".join(terms()[one].short for one in rules.purposes)
        return f"the gate is for {words} since: ask again with a purpose it is for"
    if rules.days and answered is not None and at > answered + timedelta(days=rules.days):
        return f"grants last {rules.days} days since: ask again"
    return ""
