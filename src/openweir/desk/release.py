"""`openweir release`: plan, advance, halt and resume a release on a hub."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openweir.attest import Envelope
from openweir.canonical import Object, parse
from openweir.desk.access import Access
from openweir.desk.case import write_atomically
from openweir.desk.clock import now
from openweir.desk.keys import load_key
from openweir.errors import HubError, UsageError
from openweir.hub.stages.change import step_statement
from openweir.hub.stages.measure import Measure, measure_statement
from openweir.instant import parse_instant

__all__ = ["Advance", "advance", "halt", "measure", "resume", "set_plan", "status"]

_MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """What became of a step.

    Attributes:
        to: the stage it enters.
        signatures: how many it has now.
        sent: whether the hub took it.
        statement: where its signatures lie; None where they were only sent.
    """

    to: str
    signatures: int
    sent: bool
    statement: Path | None


def status(access: Access) -> Object:
    """Return where a release stands: halts and advisories, and its stages if it has a plan.

    Raises:
        HubError: refused, or the hub is out of reach.
    """
    org, _, name = access.name.partition("/")
    with access.client() as client:
        found = dict(client.call("GET", "openweir", org, name, "notices.json").value)
        kinds = client.call("GET", "openweir", org, name, "release.json")
        found["tier"] = kinds.text("tier")
        found["release_sha256"] = kinds.optional_text("release_sha256")
        found["stages"] = _stages(access)
    return Object(found, access.address)


def set_plan(access: Access, plan: Path) -> None:
    """Give a release its plan, before its first step.

    Raises:
        HubError: refused (`hub.refused`), or the hub is out of reach.
        UsageError: the file cannot be read.
    """
    body = Object(parse(_read(plan), where=str(plan)), str(plan)).value
    with access.client() as client:
        client.call("PUT", access.path("stages"), body=body)


def advance(
    access: Access,
    *,
    keys: Sequence[str],
    measures: Path | None,
    statement: Path | None,
    send: bool,
) -> Advance:
    """Sign the next step, and take it to the hub.

    People on different machines pass `statement` on: the first makes it, the others add their
    signatures, the last one sends it.

    Args:
        access: the release and who speaks.
        keys: names or files of private keys on this machine.
        measures: JSON: name -> `value` and `at`.
        statement: where the step with its signatures lies, or is to lie.
        send: whether to send it, rather than only to sign.

    Raises:
        HubError: refused, with every reason.
        UsageError: there is no next stage, or a file cannot be read.
    """
    if statement is not None and statement.is_file():
        envelope = Envelope.from_bytes(_read(statement), where=str(statement))
    else:
        envelope = Envelope(payload=_next(access, measures), signatures=())
    for key in keys:
        envelope = envelope.with_signature(load_key(access.home, key)[1])
    if statement is not None:
        write_atomically(statement, envelope.to_bytes())
    read = Object(parse(envelope.payload, where="step"), "step").object("predicate")
    if send:
        body = Object(parse(envelope.to_bytes(), where="step"), "step").value
        with access.client() as client:
            client.call("POST", access.path("stages"), body=body)
    return Advance(
        to=read.text("to"),
        signatures=len(envelope.signatures),
        sent=send,
        statement=statement,
    )


def measure(access: Access, *, keys: Sequence[str], measures: Path) -> Object:
    """Sign measurements and report them; those that pull a trigger of the plan halt at once.

    Args:
        access: the release and who speaks.
        keys: names or files of private keys on this machine, of people who may measure.
        measures: JSON: name -> `value` and `at`.

    Returns:
        The hub's answer: `measures` that it took and `halted`, the triggers they pulled.

    Raises:
        HubError: refused, or the hub is out of reach.
        UsageError: there is no plan, no key, or a file cannot be read.
    """
    if not keys:
        raise UsageError("measurements are signed", code="key", hint="--key NAME")
    read = Object(_planned(access), "stages")
    statement = measure_statement(
        access.name,
        release_sha256=read.text("release_sha256"),
        plan_sha256=read.text("plan_sha256"),
        measures=_measures(measures),
        at=now(),
    )
    envelope = Envelope(payload=statement.to_bytes(), signatures=())
    for key in keys:
        envelope = envelope.with_signature(load_key(access.home, key)[1])
    body = Object(parse(envelope.to_bytes(), where="measurements"), "measurements").value
    with access.client() as client:
        return client.call("POST", access.path("measures"), body=body)


def halt(access: Access, *, trigger: str, reason: str) -> None:
    """Stop a release on every replica of its hub.

    Raises:
        HubError: refused, or the hub is out of reach.
    """
    with access.client() as client:
        body = {"trigger": trigger, "reason": reason}
        client.call("POST", access.path("halt"), body=body)


def resume(access: Access, *, reason: str) -> int:
    """End the halts of a release; return how many there were. Orders stay in force.

    Raises:
        HubError: refused, or the hub is out of reach.
    """
    with access.client() as client:
        found = client.call("DELETE", access.path("halt"), body={"reason": reason})
    return found.integer("ended")


def _stages(access: Access) -> Mapping[str, object] | None:
    org, _, name = access.name.partition("/")
    try:
        with access.client() as client:
            return client.call("GET", "openweir", org, name, "stages.json").value
    except HubError as error:
        if error.code == "hub.refused":
            return None
        raise


def _planned(access: Access) -> Mapping[str, object]:
    stages = _stages(access)
    if stages is None:
        raise UsageError(
            f"`{access.name}` has no stage plan",
            code="no-plan",
            hint=f"openweir release plan {access.name} PLAN.json --hub {access.address}",
        )
    return stages


def _next(access: Access, measures: Path | None) -> bytes:
    read = Object(_planned(access), "stages")
    following = read.optional_text("next")
    if following is None:
        raise UsageError("the plan has no further stage", code="no-stage")
    return step_statement(
        access.name,
        release_sha256=read.text("release_sha256"),
        plan_sha256=read.text("plan_sha256"),
        places=(read.optional_text("stage"), following),
        previous=read.optional_text("step_sha256"),
        measures={} if measures is None else _measures(measures),
        at=now(),
    ).to_bytes()


def _measures(path: Path) -> dict[str, Measure]:
    read = Object(parse(_read(path), where=str(path)), str(path))
    found = {}
    for name in read.value:
        item = read.object(name)
        found[name] = Measure(
            value=item.decimal("value"), at=parse_instant(item.text("at"), where=item.where)
        )
    return found


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_BYTES)
    except OSError as error:
        raise UsageError(
            f"cannot read the file: {error.strerror}", code="system", where=str(path)
        ) from None
