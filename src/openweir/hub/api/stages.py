"""Stages of a release over HTTP: its plan, where it stands, and the next step."""

from starlette.responses import Response

from openweir.canonical import decimal_text
from openweir.errors import HubError
from openweir.hub.api.recorded import record
from openweir.hub.api.reply import Call, found_json
from openweir.hub.release import Release
from openweir.hub.stages.plan import Stage
from openweir.hub.stages.store import Standing
from openweir.instant import format_instant

__all__ = ["advance", "measure", "set_plan", "stages_json", "standing_of"]


def stages_json(call: Call) -> Response:
    """`GET /openweir/ORG/NAME/stages.json`: the plan, the present stage, what the next asks."""
    release = call.release(halted=True)
    standing = standing_of(call, release)
    if standing is None:
        raise HubError(f"`{call.name}` has no stage plan", code="unknown-request")
    return found_json(
        {"name": release.name, "release_state": release.state} | _standing_json(standing)
    )


def set_plan(call: Call) -> Response:
    """`PUT /api/openweir/releases/ORG/NAME/stages` with a plan, before the first step."""
    owner, release = call.owner(), call.release(halted=True)
    call.channel.stages.set_plan(
        release.name, call.body, release.decision, by=owner.user, at=call.channel.clock()
    )
    record(call, "plan", detail=str(len(call.body)))
    return found_json({"name": release.name})


def advance(call: Call) -> Response:
    """`POST /api/openweir/releases/ORG/NAME/stages` with the signed statement of the step."""
    call.owner()
    release, channel = call.release(), call.channel
    step = channel.stages.advance(
        release.name,
        call.body,
        decision=release.decision,
        trust=channel.trust(),
        at=channel.clock(),
        bound=release.plan,
    )
    record(call, "stage", commit=release.commit, detail=f"{step.to} {step.sha256}")
    return found_json(
        {"name": release.name, "stage": step.to, "taken_at": format_instant(step.taken_at)}
    )


def standing_of(call: Call, release: Release) -> Standing | None:
    """Return where a release stands in its plan; None where it has none."""
    channel = call.channel
    return channel.stages.standing(
        release.name, trust=channel.trust(), at=channel.clock(), bound=release.plan
    )


def measure(call: Call) -> Response:
    """`POST /api/openweir/releases/ORG/NAME/measures`: signed measurements; some halt at once."""
    user, release, channel = call.user(), call.release(halted=True), call.channel
    if not user.may_write:
        raise HubError("this token may only read", code="read-only")
    standing = standing_of(call, release)
    if standing is None:
        raise HubError(f"`{call.name}` has no stage plan", code="unknown-request")
    at = channel.clock()
    report, pulled = channel.stages.report(
        release.name, call.body, standing=standing, trust=channel.trust(), at=at
    )
    record(call, "measure", detail=f"{', '.join(report.by)} {report.sha256}")
    for halt, found in pulled:
        text = f"{halt.when}; {decimal_text(found.value)} was measured by {', '.join(report.by)}"
        channel.notices.halt(release.name, trigger=halt.trigger, text=text, by=user.user, at=at)
        record(call, "halt", detail=f"{halt.trigger}: {text}")
    return found_json(
        {
            "name": release.name,
            "by": list(report.by),
            "measures": [name for name, _ in report.measures],
            "halted": [halt.trigger for halt, _ in pulled],
        }
    )


def _standing_json(standing: Standing) -> dict[str, object]:
    plan, step = standing.plan, standing.step
    now = None if step is None else step.to
    following = plan.after(now)
    return {
        "plan_sha256": plan.sha256,
        "release_sha256": plan.release_sha256,
        "stage": now,
        "since": None if step is None else format_instant(step.taken_at),
        "step_sha256": None if step is None else step.sha256,
        "step_decided_at": None if step is None else format_instant(step.decided_at),
        "lapsed": standing.lapsed,
        "fallen_back": standing.fallen,
        "bound": standing.bound,
        "measurers": list(plan.measurers),
        "measures": {
            name: {"value": decimal_text(found.value), "at": format_instant(found.at)}
            for name, found in standing.measures
        },
        "pulled": [str(halt) for halt, _ in standing.pulled],
        "stages": [_stage_json(stage) for stage in plan.stages],
        "next": None if following is None else following.id,
    }


def _stage_json(stage: Stage) -> dict[str, object]:
    return {
        "id": stage.id,
        "min_days": stage.min_days,
        "max_days": stage.max_days,
        "components": list(stage.components),
        "advance": [str(condition) for condition in stage.advance],
        "evidence_days": stage.evidence_days,
        "overstay": stage.overstay,
        "halt": [str(item) for item in stage.halt],
        "approvers": {"signatures": stage.signatures, "roles": list(stage.roles)},
    }
