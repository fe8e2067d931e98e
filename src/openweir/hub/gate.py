"""The gate: who gets which file, as a pure function.

Permission is computed on the reference (release and path), never on the blob:
two releases may hold the same bytes under different decisions.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from openweir.tier import Tier

__all__ = [
    "Answer",
    "Grant",
    "GrantStatus",
    "Principal",
    "StageStanding",
    "Standing",
    "admit",
    "see",
]


class Answer(StrEnum):
    """What the gate says; the table in `openweir.hub.api.reply` gives each its HTTP status."""

    SERVE = "serve"
    HIDDEN = "hidden"
    EXPIRED = "expired"
    HALTED = "halted"
    NOT_YET = "not-yet"
    WITHHELD = "withheld"
    NEEDS_LOGIN = "needs-login"
    NEEDS_GRANT = "needs-grant"


class GrantStatus(StrEnum):
    """Where a request for access stands."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Attributes:
        user: the account's name.
        publisher: whether the account may publish and grant for every name.
        token: first digits of the token's SHA-256, for the log.
        token_sha256: all of them, by which a short-lived right finds its token again.
        may_write: whether the token may change anything; a `read` token never may.
        only: the one repository the token is for, `org/name`; empty for all of the account's.
        organisations: (name, role) of each organisation the user belongs to; a role is
            `read`, `write` or `admin`.
    """

    user: str
    publisher: bool
    token: str
    token_sha256: str = ""
    may_write: bool = True
    organisations: tuple[tuple[str, str], ...] = ()
    only: str = ""

    def covers(self, name: str) -> bool:
        """Whether the token speaks for the account where `org/name` is concerned."""
        return not self.only or name.lower() == self.only.lower()

    def owns(self, name: str) -> bool:
        """Whether this account may publish `org/name` and answer its access requests."""
        return self.may_write and (self._everywhere(name) or self.role(name) == "admin")

    def reads(self, name: str) -> bool:
        """Whether drafts under `org/name` are shown to this account."""
        return self._everywhere(name) or self.role(name) is not None

    def writes(self, name: str) -> bool:
        """Whether this account may upload to and change `org/name`."""
        return self.may_write and (self._everywhere(name) or self.role(name) in ("write", "admin"))

    def role(self, name: str) -> str | None:
        """Return the role in the namespace of `org/name`; a user is `admin` of their own."""
        namespace = name.partition("/")[0]
        if not self.covers(name):
            return None
        if namespace == self.user:
            return "admin"
        return dict(self.organisations).get(namespace)

    def _everywhere(self, name: str) -> bool:
        return self.publisher and self.covers(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A request for access and its answer.

    Attributes:
        id: opaque.
        expires: last day on which an accepted request counts; None until revoked.
        asked: whether the user asked for it, rather than being given it.
        terms: what they declared and accepted, as term ids.
        fields: (name, value) of the form.
        reason_class: of a rejection.
        until: the instant from which what they showed carries no more; None for never.
        cohort: the stage from which it counts; empty where there is no plan.
        panel: the panel's rules when they asked, as JSON; empty for none.
        appeal: why a rejected user thinks otherwise.
        by_panel: whether a panel admitted them, against the publisher's answer.
    """

    id: str
    name: str
    user: str
    status: GrantStatus
    purpose: str
    asked_at: datetime
    answered_at: datetime | None = None
    answered_by: str = ""
    reason: str = ""
    expires: date | None = None
    asked: bool = True
    terms: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    reason_class: str = ""
    until: datetime | None = None
    cohort: str = ""
    panel: str = ""
    appeal: str = ""
    by_panel: bool = False

    @property
    def appealed(self) -> bool:
        """Whether the user appealed."""
        return bool(self.appeal)

    def holds(self, day: date) -> bool:
        """Whether this opens the gate on that day."""
        accepted = self.status is GrantStatus.ACCEPTED
        return accepted and (self.expires is None or day <= self.expires)

    def carried(self, at: datetime) -> bool:
        """Whether what the user showed still carries it."""
        return self.until is None or at < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class StageStanding:
    """How far a release plan has opened a release that is not open to everybody yet.

    Attributes:
        stage: the present one; empty before the first, or when it lapsed.
        cohorts: grants for these open the gate now.
        paths: the files that are open to them; None for all.
    """

    stage: str
    cohorts: tuple[str, ...]
    paths: tuple[str, ...] | None

    def opens(self, path: str, cohort: str) -> bool:
        """Whether a grant for a cohort opens a file now."""
        return cohort in self.cohorts and (self.paths is None or path in self.paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a decision lets the hub do.

    Attributes:
        verified: whether signature, approvals, digests and log proof all held.
        tier: the effective tier.
        valid_until: the decision's last day.
        halted: whether a halt or an order stops it.
        stage: how far its plan has opened it; None without a plan, or once it is public.
    """

    verified: bool
    tier: Tier
    valid_until: date
    halted: bool = False
    stage: StageStanding | None = None


def see(standing: Standing | None, *, at: datetime) -> Answer:
    """Say whether a release may be seen at all: `SERVE`, `HIDDEN`, `EXPIRED` or `HALTED`.

    Sealed, unverifiable and unknown are one answer, so that none can be told apart.
    """
    if standing is None or not standing.verified or standing.tier is Tier.SEALED:
        return Answer.HIDDEN
    if at.date() > standing.valid_until:
        return Answer.EXPIRED
    return Answer.HALTED if standing.halted else Answer.SERVE


def admit(
    standing: Standing | None,
    file_tier: Tier,
    principal: Principal | None,
    grant: Grant | None,
    *,
    at: datetime,
    path: str = "",
) -> Answer:
    """Say whether a file may be served.

    Args:
        standing: of the release; None if there is none of that name.
        file_tier: what the decision says of the file; `sealed` for one it does not name.
        principal: None for an anonymous client.
        grant: the principal's own for this release, if any.
        at: now.
        path: of the file, which a stage may not open yet.
    """
    seen = see(standing, at=at)
    if seen is not Answer.SERVE or standing is None:
        return seen
    tier = min(file_tier, standing.tier)
    if not tier.weights_leave:
        return Answer.WITHHELD
    stage = standing.stage
    if tier is not Tier.GATED_WEIGHTS and stage is None:
        return Answer.SERVE
    if principal is None:
        return Answer.NEEDS_LOGIN
    theirs = grant is not None and grant.user == principal.user and grant.holds(at.date())
    theirs = theirs and grant is not None and grant.carried(at)
    if not theirs or grant is None:
        return Answer.NEEDS_GRANT
    return Answer.SERVE if stage is None or stage.opens(path, grant.cohort) else Answer.NOT_YET
