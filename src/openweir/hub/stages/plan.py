"""Plans: the stages of a release in order, and what must be shown to leave each."""

from dataclasses import dataclass
from decimal import Decimal

from openweir.attest import APPROVING_ROLES, ROLES
from openweir.canonical import Object, compact, decimal_text, parse
from openweir.decision import Decision
from openweir.digest import sha256
from openweir.errors import HubError

__all__ = [
    "ORDER",
    "PLAN_FILE",
    "TRIGGERS",
    "Condition",
    "Halt",
    "Stage",
    "StagePlan",
    "require_fit",
]

PLAN_FILE = "stages.json"
"""The file of a case by which the signed decision names the plan."""

ORDER = ("evaluators", "defenders", "researchers", "limited", "public")
# Why a release may be halted, in the words of the framework's stage machine.
TRIGGERS = (
    "capability-finding",
    "evaluator-retraction",
    "key-compromise",
    "regulator-order",
    "safeguard-bypass",
    "serious-incident",
    "stale-evidence",
    "weights-leak",
    "other",
)
_OVERSTAY = ("halt", "fall-back")
_SCHEMA = "openweir/stages/1"
_MAX_DAYS = 3650
_MAX_CONDITIONS = 50
_MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A number that must have been measured.

    Attributes:
        measure: such as `patched_fraction` or `open_critical_findings`.
        at_least, at_most: bounds that count in; None for no bound on that side.
    """

    measure: str
    at_least: Decimal | None = None
    at_most: Decimal | None = None

    def holds(self, value: Decimal) -> bool:
        """Whether a measured value lies within the bounds."""
        above = self.at_least is None or value >= self.at_least
        return above and (self.at_most is None or value <= self.at_most)

    def __str__(self) -> str:
        bounds = []
        if self.at_least is not None:
            bounds.append(f"at least {decimal_text(self.at_least)}")
        if self.at_most is not None:
            bounds.append(f"at most {decimal_text(self.at_most)}")
        return f"{self.measure} {' and '.join(bounds)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """What stops a release at a stage, or later.

    Attributes:
        trigger: one of `TRIGGERS`.
        when: a measured value within these bounds pulls it at once; None where people do.
    """

    trigger: str
    when: Condition | None = None

    def __str__(self) -> str:
        return self.trigger if self.when is None else f"{self.trigger}: {self.when}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage.

    Attributes:
        id: one of `ORDER`; also the cohort of the grants that it opens for.
        min_days: how long it lasts at least.
        max_days: after so many days `overstay` holds until the next stage is entered.
        overstay: `halt`, and nothing goes out, or `fall-back` to what the stages before opened.
        components: those that this stage opens, by the decision's names; empty for all.
        advance: all of these must hold to leave it.
        evidence_days: how old a measurement may be.
        halt: what stops it; in force from this stage on.
        signatures: how many people must sign the step into it, each in another role.
        roles: theirs.
    """

    id: str
    min_days: int
    max_days: int
    overstay: str
    components: tuple[str, ...]
    advance: tuple[Condition, ...]
    evidence_days: int
    halt: tuple[Halt, ...]
    signatures: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """The plan of one release.

    Attributes:
        name: `org/name`.
        release_sha256: of the release it is about: other bytes need another plan.
        stages: in order.
        measurers: roles whose signed measurements count.
        sha256: of its bytes.
    """

    name: str
    release_sha256: str
    stages: tuple[Stage, ...]
    measurers: tuple[str, ...]
    sha256: str

    def index(self, stage: str | None) -> int:
        """Return the place of a stage; -1 for None, before the first."""
        return next((at for at, item in enumerate(self.stages) if item.id == stage), -1)

    def after(self, stage: str | None) -> Stage | None:
        """Return the stage after one; the first for None, None after the last."""
        at = self.index(stage) + 1
        return self.stages[at] if at < len(self.stages) else None

    @classmethod
    def from_bytes(cls, data: bytes) -> "StagePlan":
        """Read a plan.

        Raises:
            HubError: a stage could be left by waiting, or entered without people.
            CanonicalError: it is malformed.
        """
        read = Object(parse(data, where="plan", max_bytes=_MAX_BYTES), "plan")
        if read.text("schema") != _SCHEMA:
            raise _refused(f"the schema is not `{_SCHEMA}`")
        stages = tuple(_stage(item) for item in read.objects("stages"))
        places = [ORDER.index(stage.id) for stage in stages]
        if not stages or places != sorted(set(places)):
            raise _refused(f"stages are some of {', '.join(ORDER)}, in this order, once each")
        for stage in stages[:-1]:
            if not stage.advance:
                raise _refused(f"`{stage.id}` could be left by waiting: name what must be shown")
        if stages[-1].id == "public" and stages[-1].signatures < 2:
            raise _refused("nobody takes the last step alone: `public` takes two signatures")
        measurers = read.texts("measurers") if "measurers" in read.value else APPROVING_ROLES
        if not measurers or set(measurers) - set(ROLES):
            raise _refused(f"`measurers` are some of {', '.join(ROLES)}")
        return cls(
            name=read.text("name"),
            release_sha256=read.text("release_sha256"),
            stages=stages,
            measurers=measurers,
            sha256=sha256(compact(read.value)),
        )


def _stage(read: Object) -> Stage:
    approvers = read.object("approvers")
    roles = approvers.texts("roles") if "roles" in approvers.value else APPROVING_ROLES
    stage = Stage(
        id=read.text("id"),
        min_days=read.integer("min_days", 0),
        max_days=read.integer("max_days", _MAX_DAYS),
        overstay=read.text("overstay", "halt"),
        components=read.texts("components") if "components" in read.value else (),
        advance=tuple(_condition(item) for item in _listed(read, "advance")),
        evidence_days=read.integer("evidence_days", 90),
        halt=_halts(read),
        signatures=approvers.integer("signatures"),
        roles=roles,
    )
    odd = [
        (stage.id not in ORDER, f"`{stage.id[:40]}` is no stage: {', '.join(ORDER)}"),
        (
            not 0 <= stage.min_days <= stage.max_days <= _MAX_DAYS or stage.max_days == 0,
            f"`{stage.id}` lasts from `min_days` to `max_days`, at most {_MAX_DAYS}",
        ),
        (not 0 < stage.evidence_days <= _MAX_DAYS, "`evidence_days` is a number of days"),
        (len(stage.advance) > _MAX_CONDITIONS, f"at most {_MAX_CONDITIONS} conditions"),
        (stage.overstay not in _OVERSTAY, f"`overstay` is one of {', '.join(_OVERSTAY)}"),
        (len(stage.halt) > _MAX_CONDITIONS, f"at most {_MAX_CONDITIONS} halt triggers"),
        (
            {item.trigger for item in stage.halt} - set(TRIGGERS),
            f"a halt trigger is one of {', '.join(TRIGGERS)}",
        ),
        (
            set(stage.roles) - set(APPROVING_ROLES) or len(set(stage.roles)) != len(stage.roles),
            f"a role is one of {', '.join(APPROVING_ROLES)}",
        ),
        (
            not 1 <= stage.signatures <= len(stage.roles),
            f"`{stage.id}` takes from 1 to {len(stage.roles)} signatures, one of each role",
        ),
    ]
    for wrong, sentence in odd:
        if wrong:
            raise _refused(sentence)
    return stage


def _listed(read: Object, key: str) -> tuple[Object, ...]:
    return tuple(read.objects(key)) if key in read.value else ()


def _halts(read: Object) -> tuple[Halt, ...]:
    """Read halt triggers: a word, or a word with the measure that pulls it."""
    stated = read.value.get("halt")
    if stated is None:
        return tuple(Halt(trigger=word) for word in TRIGGERS)
    if not isinstance(stated, list):
        raise _refused("`halt` is a list of triggers")
    found = []
    for item in stated:
        if isinstance(item, str):
            found.append(Halt(trigger=item))
        elif isinstance(item, dict):
            inner = Object(item, f"{read.where}.halt")
            found.append(Halt(trigger=inner.text("trigger"), when=_condition(inner)))
        else:
            raise _refused("a halt trigger is a word, or one with `measure` and a bound")
    return tuple(found)


def require_fit(plan: StagePlan, decision: Decision) -> None:
    """Refuse a plan that is not about the release of a decision.

    Raises:
        HubError: it is about another name or other bytes, or opens an unknown component.
    """
    if plan.name != decision.name or plan.release_sha256 != decision.release_sha256:
        raise HubError("the plan is about another release", code="plan")
    known = {part.component for part in decision.components}
    for stage in plan.stages:
        odd = set(stage.components) - known
        if odd:
            raise HubError(f"the decision has no component `{min(odd)[:80]}`", code="plan")


def _condition(read: Object) -> Condition:
    bounds = {
        key: read.decimal(key) if key in read.value else None for key in ("at_least", "at_most")
    }
    if bounds["at_least"] is None and bounds["at_most"] is None:
        raise _refused(f"`{read.text('measure')[:60]}` has no bound")
    return Condition(measure=read.text("measure"), **bounds)


def _refused(sentence: str) -> HubError:
    return HubError(sentence, code="plan", where="plan")
