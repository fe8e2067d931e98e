"""Steps: one signed statement from a stage to the next, and whether it may be taken.

A step is refused when anything is not shown: a measurement that is missing, too old, of a
time to come or out of bounds; a clock that ran backwards; a signature too few (R11).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from openweir.attest import APPROVING_ROLES, Statement, Subject, TrustedKey
from openweir.canonical import Object, decimal_text
from openweir.digest import sha256
from openweir.errors import HubError, OpenweirError
from openweir.hub.stages.measure import Measure
from openweir.hub.stages.plan import Stage, StagePlan
from openweir.instant import format_instant, parse_instant

__all__ = [
    "STAGE_PREDICATE",
    "Measure",
    "Step",
    "change_statement",
    "check_step",
    "read_step",
    "step_statement",
]

STAGE_PREDICATE = "https://openweir.example/stage/v1"
_SKEW = timedelta(minutes=5)
_SIGNED_WITHIN = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step that was taken.

    Attributes:
        to: the stage it entered.
        sha256: of its statement; the next step names it.
        decided_at: what its signers say.
        taken_at: when the hub took it: stages last from then on.
    """

    to: str
    sha256: str
    decided_at: datetime
    taken_at: datetime


def change_statement(
    plan: StagePlan,
    before: Step | None,
    *,
    measures: Mapping[str, Measure],
    at: datetime,
) -> Statement:
    """Return the statement that people sign to enter the next stage.

    Args:
        plan: of the release.
        before: the last step; None to enter the first stage.
        measures: what was measured, by name.
        at: now.

    Raises:
        HubError: there is no next stage.
    """
    following = plan.after(None if before is None else before.to)
    if following is None:
        raise HubError("the plan has no further stage", code="step")
    return step_statement(
        plan.name,
        release_sha256=plan.release_sha256,
        plan_sha256=plan.sha256,
        places=(None if before is None else before.to, following.id),
        previous=None if before is None else before.sha256,
        measures=measures,
        at=at,
    )


def step_statement(
    name: str,
    *,
    release_sha256: str,
    plan_sha256: str,
    places: tuple[str | None, str],
    previous: str | None,
    measures: Mapping[str, Measure],
    at: datetime,
) -> Statement:
    """Return the statement of a step from what a hub tells of its plan.

    Args:
        name: of the release.
        release_sha256: of its files.
        plan_sha256: of the plan's bytes.
        places: the stage it leaves, None before the first, and the one it enters.
        previous: SHA-256 of the last step's statement.
        measures: what was measured, by name.
        at: now.
    """
    return Statement(
        subject=(Subject(name=name, digests=(("dirHash", release_sha256),)),),
        predicate_type=STAGE_PREDICATE,
        predicate={
            "plan": {"sha256": plan_sha256},
            "from": places[0],
            "to": places[1],
            "previous": previous,
            "decided_at": format_instant(at),
            "measures": {
                key: {"value": decimal_text(found.value), "at": format_instant(found.at)}
                for key, found in sorted(measures.items())
            },
        },
    )


def read_step(statement: Statement, *, taken_at: datetime) -> Step:
    """Return the step of a statement.

    Raises:
        OpenweirError: it is of another kind or malformed.
    """
    if statement.predicate_type != STAGE_PREDICATE:
        raise HubError("the statement is about no stage", code="step")
    read = Object(statement.predicate, "step")
    return Step(
        to=read.text("to"),
        sha256=sha256(statement.to_bytes()),
        decided_at=parse_instant(read.text("decided_at")),
        taken_at=taken_at,
    )


def check_step(
    plan: StagePlan,
    before: Step | None,
    statement: Statement,
    people: Iterable[TrustedKey],
    *,
    signatures: int,
    at: datetime,
    reported: Mapping[str, Measure] = MappingProxyType({}),
) -> tuple[str, ...]:
    """Return why a step may not be taken, a sentence each; empty if it may.

    Args:
        plan: of the release.
        before: the last step taken.
        statement: of the step.
        people: whose trusted signatures it has.
        signatures: how many the decision asks for; the plan may ask for more.
        at: now.
        reported: what measurers reported last: a later value than the step's own counts too.
    """
    try:
        step = read_step(statement, taken_at=at)
        read = Object(statement.predicate, "step")
        named = (read.object("plan").text("sha256"), read.optional_text("previous"))
    except OpenweirError as error:
        return (f"the statement cannot be read: {error.message}",)
    following = plan.after(None if before is None else before.to)
    subject = statement.subject[0]
    same = (subject.name, subject.digest("dirHash")) == (plan.name, plan.release_sha256)
    faults = []
    if named[0] != plan.sha256 or not same:
        faults.append("it is a step of another plan")
    if named[1] != (None if before is None else before.sha256):
        faults.append("it does not follow the last step taken")
    if following is None or step.to != following.id:
        faults.append(f"the next stage is `{following.id if following else 'none'}`")
        return tuple(faults)
    faults += _clock_faults(step, before, at)
    if before is not None:
        # What the signers say counts too: a step is not signed before its stage has lasted.
        lasted = min(at - before.taken_at, step.decided_at - before.decided_at)
        stage = plan.stages[plan.index(before.to)]
        faults += _stage_faults(stage, lasted, read, at)
        faults += [
            f"{condition} is asked; {decimal_text(found.value)} was reported since"
            for condition in stage.advance
            if (found := reported.get(condition.measure)) is not None
            and not condition.holds(found.value)
        ]
    faults += _signature_faults(following, tuple(people), signatures)
    return tuple(faults)


def _clock_faults(step: Step, before: Step | None, at: datetime) -> list[str]:
    last = None if before is None else max(before.taken_at, before.decided_at)
    if last is not None and at < last - _SKEW:
        return ["the hub's clock stands before the last step: it cannot be told how long it lasted"]
    if step.decided_at > at + _SKEW:
        return ["it was signed at a time to come: a clock is wrong"]
    if at - step.decided_at > _SIGNED_WITHIN:
        return [f"it was signed more than {_SIGNED_WITHIN.days} days ago"]
    return []


def _stage_faults(stage: Stage, lasted: timedelta, read: Object, at: datetime) -> list[str]:
    faults = []
    if lasted < timedelta(days=stage.min_days):
        faults.append(f"`{stage.id}` lasts {stage.min_days} days; {lasted.days} have passed")
    stated = read.optional_object("measures")
    for condition in stage.advance:
        try:
            item = None if stated is None else stated.optional_object(condition.measure)
            if item is None:
                faults.append(f"`{condition.measure}` was not measured")
                continue
            value, measured = item.decimal("value"), parse_instant(item.text("at"))
        except OpenweirError as error:
            faults.append(f"`{condition.measure}` cannot be read: {error.message}")
            continue
        if measured > at + _SKEW:
            faults.append(f"`{condition.measure}` was measured at a time to come")
        elif at - measured > timedelta(days=stage.evidence_days):
            faults.append(f"`{condition.measure}` is older than {stage.evidence_days} days")
        elif not condition.holds(value):
            faults.append(f"{condition} is asked; {decimal_text(value)} was measured")
    return faults


def _signature_faults(stage: Stage, people: tuple[TrustedKey, ...], signatures: int) -> list[str]:
    """Count people, each in another role; a hub's own key has no approving role (law 5)."""
    roles = sorted(set(stage.roles) & set(APPROVING_ROLES))
    needed = max(stage.signatures, signatures)
    count = _apart(people, tuple(roles), frozenset())
    if count >= needed:
        return []
    asked = ", ".join(roles)
    return [f"{count} of {needed} signatures by different people in the roles {asked}"]


def _apart(people: tuple[TrustedKey, ...], roles: tuple[str, ...], used: frozenset[str]) -> int:
    """Return how many roles can be filled at once, each by another person."""
    if not roles:
        return 0
    role, *rest = roles
    best = _apart(people, tuple(rest), used)
    for person in people:
        if person.role == role and person.name not in used:
            best = max(best, 1 + _apart(people, tuple(rest), used | {person.name}))
    return best
