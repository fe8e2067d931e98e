"""Plans and steps in the database; a step counts only while its signatures do."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from openweir.attest import Envelope, Trust
from openweir.canonical import Object, decimal_text
from openweir.decision import Decision
from openweir.errors import HubError, OpenweirError
from openweir.hub import schema
from openweir.hub.gate import StageStanding
from openweir.hub.read_once import may_wait
from openweir.hub.schema import stage_measures
from openweir.hub.stages.change import Step, check_step, read_step
from openweir.hub.stages.measure import Measure, Report, latest, pulled, read_report
from openweir.hub.stages.plan import PLAN_FILE, Halt, StagePlan, require_fit
from openweir.hub.store import Store
from openweir.instant import format_instant, parse_instant

__all__ = ["Stages", "Standing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a release stands in its plan.

    Attributes:
        plan: its plan.
        step: the last step whose signatures hold; None before the first stage.
        lapsed: whether its stage lasted longer than the plan lets it.
        fallen: whether, having lapsed, it fell back to what the stages before opened.
        bound: whether the signed decision names the plan.
        measures: (name, measure) taken last, sorted.
    """

    plan: StagePlan
    step: Step | None
    lapsed: bool
    fallen: bool = False
    bound: bool = False
    measures: tuple[tuple[str, Measure], ...] = ()

    @property
    def pulled(self) -> tuple[tuple[Halt, Measure], ...]:
        """The triggers that the last measurements pull, each with the value."""
        at = self.plan.index(None if self.step is None else self.step.to)
        return pulled(self.plan, at, dict(self.measures))

    def for_gate(self, decision: Decision) -> StageStanding | None:
        """Return what the gate needs; None once everything the decision allows is open."""
        plan, at = self.plan, self.plan.index(None if self.step is None else self.step.to)
        fits = plan.release_sha256 == decision.release_sha256
        if fits and at >= 0 and plan.stages[at].id == "public":
            return None
        reached = plan.stages[: at + (0 if self.lapsed else 1)] if fits and at >= 0 else ()
        if self.lapsed and not self.fallen:
            reached = ()
        whole = any(not stage.components for stage in reached)
        opened = {name for stage in reached for name in stage.components}
        return StageStanding(
            stage=reached[-1].id if reached else "",
            cohorts=tuple(stage.id for stage in reached),
            paths=None
            if whole
            else tuple(
                file.path
                for part in decision.components
                if part.component in opened
                for file in part.files
            ),
        )


_Measures = tuple[tuple[str, Measure], ...]
# A plan or the digest of one, its steps, its reports.
_Rows = tuple[str | None, tuple[tuple[object, ...], ...], tuple[tuple[str, str], ...]]
_MOST_REPORTS = 10_000


class Stages:
    """The stages of every release."""

    def __init__(self, store: Store) -> None:
        """Work on the plans and steps in `store`."""
        self._store = store
        self._kept: dict[str, tuple[object, Trust, StagePlan, tuple[Step, ...], _Measures]] = {}
        self._lock = threading.Lock()

    def set_plan(
        self, name: str, data: bytes, decision: Decision, *, by: str, at: datetime
    ) -> None:
        """Publish a plan beside a decision that names none, before its first step.

        Raises:
            HubError: it is about another release, the decision names its own plan, or a step
                was taken already: a plan under way is changed by deciding the release again.
        """
        plan = StagePlan.from_bytes(data)
        if plan.name != name:
            raise HubError("the plan is about another release", code="plan")
        require_fit(plan, decision)
        if PLAN_FILE in dict(decision.inputs):
            raise HubError(
                f"the signed decision of `{name}` names its plan",
                code="conflict",
                hint=f"another plan takes another decision: change {PLAN_FILE} of the case, "
                "decide, sign and publish",
            )
        plans, steps = schema.stage_plans, schema.stage_steps
        with self._store.begin() as connection:
            row = connection.execute(select(plans.c.plan).where(plans.c.name == name)).scalar()
            taken = connection.execute(
                select(func.count()).select_from(steps).where(steps.c.name == name)
            ).scalar_one()
            before = None if row is None else StagePlan.from_bytes(row.encode())
            if taken and before is not None and before.release_sha256 == plan.release_sha256:
                raise HubError(
                    f"`{name}` is under way by its plan",
                    code="conflict",
                    hint="a plan is changed by a new decision of the release",
                )
            connection.execute(delete(steps).where(steps.c.name == name))
            connection.execute(delete(plans).where(plans.c.name == name))
            connection.execute(
                insert(plans).values(name=name, plan=data.decode(), by=by, at=format_instant(at))
            )

    def standing(
        self, name: str, *, trust: Trust, at: datetime, bound: StagePlan | None = None
    ) -> Standing | None:
        """Return where a release stands; None where it has no plan.

        Args:
            name: of the release.
            trust: whose signatures count.
            at: now.
            bound: the plan that the signed decision names; the database is not asked for one
                then, so that nobody puts another in its place.

        Raises:
            HubError: the plan in the database is damaged, so nothing may be opened by it.
        """
        stated = None if bound is None else bound.sha256
        row, rows, reports = self._store.once.get(
            ("stages", name, stated or ""), lambda: self._rows(name, stated)
        )
        if row is None:
            return None
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or kept[0] != (row, rows, reports) or kept[1] is not trust:
            may_wait()
            plan = StagePlan.from_bytes(row.encode()) if bound is None else bound
            taken = _verified(plan, rows, trust)
            told = latest(_verified_reports(plan, reports, trust))
            measures = tuple(sorted(told.items()))
            kept = ((row, rows, reports), trust, plan, taken, measures)
            with self._lock:
                self._kept[name] = kept
        _, _, plan, taken, measures = kept
        step = taken[-1] if taken else None
        lapsed = fallen = False
        if step is not None:
            stage = plan.stages[plan.index(step.to)]
            lapsed = stage.id != "public" and at - step.taken_at > timedelta(days=stage.max_days)
            # A clock that ran backwards cannot say how long a stage has lasted.
            backwards = at < step.taken_at - timedelta(minutes=5)
            fallen = lapsed and not backwards and stage.overstay == "fall-back"
            lapsed = lapsed or backwards
        return Standing(
            plan=plan,
            step=step,
            lapsed=lapsed,
            fallen=fallen,
            bound=bound is not None,
            measures=measures,
        )

    def _rows(self, name: str, stated: str | None) -> _Rows:
        """Return what the database says of a plan, its steps and its measurements."""
        plans, steps = schema.stage_plans, schema.stage_steps
        row = stated
        with self._store.begin() as connection:
            if row is None:
                row = connection.execute(select(plans.c.plan).where(plans.c.name == name)).scalar()
            if row is None:
                return None, (), ()
            query = select(steps.c.number, steps.c.envelope, steps.c.taken_at)
            found = connection.execute(query.where(steps.c.name == name).order_by(steps.c.number))
            rows = tuple(tuple(each) for each in found)
            return row, rows, _reports(connection, name)

    def report(
        self, name: str, envelope: bytes, *, standing: Standing, trust: Trust, at: datetime
    ) -> tuple[Report, tuple[tuple[Halt, Measure], ...]]:
        """Take signed measurements; return them and the triggers that they pull now.

        Args:
            name: of the release.
            envelope: the signed statement.
            standing: where the release stands.
            trust: whose signatures count.
            at: now.

        Raises:
            HubError: they do not count, or were taken before.
            AttestError: no signature is by a trusted key.
        """
        statement, keys = Envelope.from_bytes(envelope, where="measurements").verify(
            trust.public_keys
        )
        report = read_report(standing.plan, statement, trust.signers(keys), at=at)
        with self._store.begin() as connection:
            before = _reports(connection, name)
            known = {found.sha256 for found in _verified_reports(standing.plan, before, trust)}
            if report.sha256 in known:
                raise HubError("these measurements were taken before", code="conflict")
            if len(before) >= _MOST_REPORTS:
                raise HubError(f"`{name}` has {len(before)} reports already", code="too-many")
            connection.execute(
                insert(stage_measures).values(
                    name=name, envelope=envelope.decode(), taken_at=format_instant(at)
                )
            )
        merged = latest(
            (
                Report(sha256="", by=(), measures=standing.measures),
                report,
            )
        )
        place = standing.plan.index(None if standing.step is None else standing.step.to)
        return report, pulled(standing.plan, place, merged)

    def advance(
        self,
        name: str,
        envelope: bytes,
        *,
        decision: Decision,
        trust: Trust,
        at: datetime,
        bound: StagePlan | None = None,
    ) -> Step:
        """Take a step.

        Args:
            name: of the release.
            envelope: the signed statement.
            decision: in force.
            trust: whose signatures count.
            at: now.
            bound: the plan that the decision names.

        Raises:
            HubError: there is no plan, or the step may not be taken; every reason is said.
            AttestError: no signature is by a trusted key.
        """
        standing = self.standing(name, trust=trust, at=at, bound=bound)
        if standing is None:
            raise HubError(f"`{name}` has no stage plan", code="unknown-request")
        plan, before = standing.plan, standing.step
        statement, keys = Envelope.from_bytes(envelope, where="step").verify(trust.public_keys)
        faults = list(
            check_step(
                plan,
                before,
                statement,
                trust.signers(keys),
                signatures=decision.approvals.signatures
                if plan.after(None if before is None else before.to) == plan.stages[-1]
                else 1,
                at=at,
                reported=dict(standing.measures),
            )
        )
        faults += [f"{halt} is asked to halt it: {_told(item)}" for halt, item in standing.pulled]
        if plan.release_sha256 != decision.release_sha256:
            faults.append("the decision in force is about other bytes than the plan")
        if faults:
            raise HubError(
                "the step is not taken: " + "; ".join(faults),
                code="step",
                hint="openweir release status ORG/NAME says what is asked",
            )
        number = plan.index(None if before is None else before.to) + 1
        try:
            with self._store.begin() as connection:
                _clear_stale(connection, name, number, plan, trust)
                connection.execute(
                    insert(schema.stage_steps).values(
                        name=name,
                        number=number,
                        envelope=envelope.decode(),
                        taken_at=format_instant(at),
                    )
                )
        except IntegrityError:
            raise HubError(f"another step of `{name}` came first", code="conflict") from None
        return read_step(statement, taken_at=at)


def _told(item: Measure) -> str:
    return f"{decimal_text(item.value)} was measured at {format_instant(item.at)}"


def _reports(connection: Connection, name: str) -> tuple[tuple[str, str], ...]:
    table = stage_measures
    query = select(table.c.envelope, table.c.taken_at).where(table.c.name == name)
    rows = connection.execute(query.order_by(table.c.id))
    return tuple((str(envelope), str(taken_at)) for envelope, taken_at in rows)


def _verified_reports(
    plan: StagePlan, rows: tuple[tuple[str, str], ...], trust: Trust
) -> tuple[Report, ...]:
    """Return the reports whose signatures hold; a report of another plan says nothing of this."""
    found = []
    for envelope, taken_at in rows:
        try:
            signed = Envelope.from_bytes(envelope.encode(), where="measurements")
            statement, keys = signed.verify(trust.public_keys)
            people = trust.signers(keys)
            found.append(read_report(plan, statement, people, at=parse_instant(taken_at)))
        except OpenweirError:
            continue
    return tuple(found)


def _clear_stale(
    connection: Connection, name: str, number: int, plan: StagePlan, trust: Trust
) -> None:
    """Forget steps of an earlier plan, which stand in the way of this plan's and open nothing."""
    steps = schema.stage_steps
    query = select(steps.c.number, steps.c.envelope, steps.c.taken_at).where(
        steps.c.name == name, steps.c.number >= number
    )
    rows = [tuple(found) for found in connection.execute(query.order_by(steps.c.number))]
    for row in rows:
        try:
            signed = Envelope.from_bytes(str(row[1]).encode(), where="step")
            statement, _ = signed.verify(trust.public_keys)
            named = Object(statement.predicate, "step").object("plan").text("sha256")
        except OpenweirError:
            named = ""
        if named != plan.sha256:
            connection.execute(
                delete(steps).where(
                    steps.c.name == name, steps.c.number == row[0], steps.c.envelope == row[1]
                )
            )


def _verified(
    plan: StagePlan, rows: tuple[tuple[object, ...], ...], trust: Trust
) -> tuple[Step, ...]:
    """Return the steps up to the first that is not signed as its stage asks."""
    found: list[Step] = []
    for number, envelope, taken_at in rows:
        at = parse_instant(str(taken_at))
        try:
            signed = Envelope.from_bytes(str(envelope).encode(), where="step")
            statement, keys = signed.verify(trust.public_keys)
        except OpenweirError:
            break
        before = found[-1] if found else None
        people = trust.signers(keys)
        if number != len(found) or check_step(plan, before, statement, people, signatures=1, at=at):
            break
        found.append(read_step(statement, taken_at=at))
    return tuple(found)
