"""Visas: what others vouch for about a person, signed and for a time.

Source: GA4GH Passport 1.2 and AAI OIDC Profile 1.2. A visa is a JWT with the claim
`ga4gh_visa_v1`; the hub is a clearinghouse that accepts those of issuers its operator named.
It carries no longer than its `exp`, and no longer than `asserted` plus the issuer's bound
(clearinghouse requirement: `now + requested < min(exp, asserted + maxAuthzTTL)`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from openweir.errors import HubError

__all__ = ["MFA", "VERIFIED_EMAIL", "Visa", "carried_until", "level_of"]

VERIFIED_EMAIL = "openweir:VerifiedEmail"
MFA = "openweir:MultiFactor"
"""Types that the hub itself makes of what an OpenID provider says at login."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visa:
    """One checked visa.

    Attributes:
        issuer, subject: who vouches for whom, in the issuer's own names.
        type: of GA4GH, or `openweir:...` for what was learnt at login.
        by: who at the source vouched: `so` a signing official, `dac`, `system`, `self`, ...
        asserted: when the source said so.
        until: the instant from which it carries nothing.
    """

    issuer: str
    subject: str
    type: str
    value: str
    source: str
    by: str
    asserted: datetime
    until: datetime


def level_of(visas: Iterable[Visa], *, at: datetime) -> tuple[int, datetime | None]:
    """Return how well a person is known, and until when the visas used carry that.

    0 an account; 1 a verified e-mail address; 2 an institution vouches for them (an
    affiliation that an official or a system of the institution states); 3 that, and they
    logged in with more than one factor: a named person's approval is the grant itself.

    Args:
        visas: of one person.
        at: now.
    """
    good = [visa for visa in visas if visa.until > at]
    vouched = [
        visa for visa in good if visa.type == "AffiliationAndRole" and visa.by in ("so", "system")
    ]
    factors = [visa for visa in good if visa.type == MFA]
    email = [visa for visa in good if visa.type == VERIFIED_EMAIL]
    used: tuple[list[Visa], ...] = ()
    level = 0
    if vouched and factors:
        level, used = 3, (vouched, factors)
    elif vouched:
        level, used = 2, (vouched,)
    elif email:
        level, used = 1, (email,)
    # Of several that show the same the longest carries; of those needed together the shortest.
    ends = [max(visa.until for visa in group) for group in used]
    return level, min(ends) if ends else None


def carried_until(visas: Iterable[Visa], level: int, *, at: datetime) -> datetime | None:
    """Return until when a person is known at a level; None for level 0.

    Raises:
        HubError: they are not known that well.
    """
    if level == 0:
        return None
    good = tuple(visas)
    shown, _ = level_of(good, at=at)
    if shown < level:
        raise HubError(
            f"level {level} is asked and level {shown} is shown",
            code="level",
            hint="log in with your institution: openweir access passport --hub URL",
        )
    # A better level may end sooner than the one asked: each level is looked at on its own.
    needed = {
        1: (VERIFIED_EMAIL, "AffiliationAndRole", MFA),
        2: ("AffiliationAndRole",),
        3: ("AffiliationAndRole", MFA),
    }[level]
    return level_of((visa for visa in good if visa.type in needed), at=at)[1]
