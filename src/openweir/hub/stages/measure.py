"""Measurements: signed numbers about a staged release, and the triggers that they pull.

A measurement can close a release and never open one: a step still takes people. What pulls a
trigger of a stage that was reached halts at once, and holds back `resume` until a later
measurement is good again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from openweir.attest import Statement, Subject, TrustedKey
from openweir.canonical import Object, decimal_text
from openweir.digest import sha256
from openweir.errors import HubError, OpenweirError
from openweir.hub.stages.plan import Halt, StagePlan
from openweir.instant import format_instant, parse_instant

__all__ = [
    "MEASURE_PREDICATE",
    "Measure",
    "Report",
    "latest",
    "measure_statement",
    "pulled",
    "read_report",
]

MEASURE_PREDICATE = "https://openweir.example/measure/v1"
_SKEW = timedelta(minutes=5)
_SIGNED_WITHIN = timedelta(days=7)
_MAX_MEASURES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measured number and when it was measured."""

    value: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Signed measurements that the hub took.

    Attributes:
        sha256: of the statement.
        by: names of those who signed and may measure.
        measures: (name, measure), sorted.
    """

    sha256: str
    by: tuple[str, ...]
    measures: tuple[tuple[str, Measure], ...]


def measure_statement(
    name: str,
    *,
    release_sha256: str,
    plan_sha256: str,
    measures: Mapping[str, Measure],
    at: datetime,
) -> Statement:
    """Return the statement that a measurer signs.

    Args:
        name: of the release.
        release_sha256: of its files.
        plan_sha256: of the plan's bytes.
        measures: what was measured, by name.
        at: now.
    """
    return Statement(
        subject=(Subject(name=name, digests=(("dirHash", release_sha256),)),),
        predicate_type=MEASURE_PREDICATE,
        predicate={
            "plan": {"sha256": plan_sha256},
            "reported_at": format_instant(at),
            "measures": {
                key: {"value": decimal_text(found.value), "at": format_instant(found.at)}
                for key, found in sorted(measures.items())
            },
        },
    )


def read_report(
    plan: StagePlan, statement: Statement, people: Iterable[TrustedKey], *, at: datetime
) -> Report:
    """Return the measurements of a statement, if they count.

    Args:
        plan: of the release.
        statement: whose signatures were checked.
        people: whose trusted signatures it has.
        at: when it came.

    Raises:
        HubError: it is about another plan, nobody who may measure signed it, or its times
            are not to be believed.
    """
    if statement.predicate_type != MEASURE_PREDICATE:
        raise _refused("the statement holds no measurements")
    by = tuple(sorted({one.name for one in people if one.role in plan.measurers}))
    if not by:
        raise _refused(f"no signature in the roles {', '.join(plan.measurers)}")
    subject = statement.subject[0]
    try:
        read = Object(statement.predicate, "measurements")
        same = (subject.name, subject.digest("dirHash")) == (plan.name, plan.release_sha256)
        if not same or read.object("plan").text("sha256") != plan.sha256:
            raise _refused("they are of another plan")
        reported = parse_instant(read.text("reported_at"))
        stated = read.object("measures")
        if not 0 < len(stated.value) <= _MAX_MEASURES:
            raise _refused(f"from 1 to {_MAX_MEASURES} measurements at a time")
        found = tuple(
            (name, _measure(stated.object(name), reported)) for name in sorted(stated.value)
        )
    except OpenweirError as error:
        raise _refused(error.message) from None
    if reported > at + _SKEW:
        raise _refused("they were signed at a time to come: a clock is wrong")
    if at - reported > _SIGNED_WITHIN:
        raise _refused(f"they were signed more than {_SIGNED_WITHIN.days} days ago")
    return Report(sha256=sha256(statement.to_bytes()), by=by, measures=found)


def latest(reports: Iterable[Report]) -> dict[str, Measure]:
    """Return name -> the measure that was taken last; of two of one instant the later report's."""
    found: dict[str, Measure] = {}
    for report in reports:
        for name, measure in report.measures:
            if name not in found or measure.at >= found[name].at:
                found[name] = measure
    return found


def pulled(
    plan: StagePlan, at: int, measures: Mapping[str, Measure]
) -> tuple[tuple[Halt, Measure], ...]:
    """Return the triggers that measurements pull, with the value that pulls each.

    Args:
        plan: of the release.
        at: the place of the present stage; triggers of the stages up to it hold, and those of
            the first before anything is open.
        measures: by name.
    """
    found = []
    for stage in plan.stages[: max(at, 0) + 1]:
        for halt in stage.halt:
            measure = None if halt.when is None else measures.get(halt.when.measure)
            if halt.when is not None and measure is not None and halt.when.holds(measure.value):
                found.append((halt, measure))
    return tuple(dict.fromkeys(found))


def _measure(read: Object, reported: datetime) -> Measure:
    measure = Measure(value=read.decimal("value"), at=parse_instant(read.text("at")))
    if measure.at > reported + _SKEW:
        raise _refused("a measurement is of a time to come")
    return measure


def _refused(why: str) -> HubError:
    return HubError(f"the measurements do not count: {why}", code="step")
