"""Believing a row: its stored bytes pass every check, or there is no release.

In: a row of the database, what is trusted, the orders in the log. Out: the release, with what
each check found. Never: a file, tier or statement that the signed decision does not name.
"""

from datetime import datetime

from openweir.attest import Trust
from openweir.decision import Decision
from openweir.errors import HubError
from openweir.hub.accept import Bundle, check
from openweir.hub.blobs import Blobs
from openweir.hub.orders import LoggedOrder, check_orders
from openweir.hub.release import Release, ReleaseFile, commit_of, files_of, is_statement
from openweir.hub.stages.plan import PLAN_FILE, StagePlan, require_fit
from openweir.hub.store import ReleaseRow
from openweir.hub.summaries import SUMMARIES, summaries_of, summary_fault
from openweir.register import LogPolicy

__all__ = ["believe"]

_FOLDER = ".openweir/"


def believe(
    row: ReleaseRow,
    rows: tuple[ReleaseFile, ...],
    blobs: Blobs,
    *,
    trust: Trust,
    orders: tuple[LoggedOrder, ...],
    at: datetime,
    log_policy: LogPolicy | None,
) -> Release:
    """Return the release that a row and its files are.

    Args:
        row: as the database has it.
        rows: its files and statements, as the database lists them.
        blobs: where their bytes lie.
        trust: whom the hub trusts.
        orders: those in the log.
        at: the present instant, in UTC.
        log_policy: the witnesses that must have cosigned the log; None asks for none.

    Raises:
        OpenweirError: something is not what the signed decision says.
    """
    bundle = Bundle(
        decision=blobs.read(row.decision),
        envelope=blobs.read(row.envelope),
        log_proof=None if row.log_proof is None else blobs.read(row.log_proof),
        model_signature=None if row.model_signature is None else blobs.read(row.model_signature),
    )
    checks = check(bundle, trust=trust, at=at, log_policy=log_policy)
    for failed in checks:
        # Expiry alone keeps a release visible, so that people can read why it stopped.
        if not failed.ok and failed.name != "expiry":
            raise HubError(failed.detail, code="unverified")
    decision = Decision.from_bytes(bundle.decision)
    if at.date() < decision.as_of:
        raise HubError(f"the decision is of {decision.as_of}, a day to come", code="unverified")
    obeyed = check_orders(decision, orders, at.date())
    files = tuple(file for file in rows if not file.path.startswith(_FOLDER))
    statements = tuple(file for file in rows if file.path.startswith(_FOLDER))
    _require_decided(row, decision, files, statements)
    if commit_of(bundle.decision, rows) != row.commit:
        raise HubError("the commit is not the one of these files", code="unverified")
    # A summary whose signer no longer counts is passed over; the release stands without it.
    void = {file.path for file in statements if _is_void(file, decision, bundle, blobs, trust)}
    rows = tuple(file for file in rows if file.path not in void)
    statements = tuple(file for file in statements if file.path not in void)
    listed = rows if decision.effective_tier.weights_leave else ()
    expired = at.date() > decision.valid_until
    halted = "" if obeyed.ok else obeyed.detail
    return Release(
        name=row.name,
        commit=row.commit,
        decision=decision,
        bundle=bundle,
        checks=checks,
        files=listed,
        statements=statements,
        state="expired" if expired else "halted" if halted else "released",
        published_at=row.published_at,
        published_by=row.published_by,
        halted=halted,
        plan=_plan(decision, statements, blobs),
        warnings=(f"openweir order {row.name}; {row.name} is halted: {halted}",) if halted else (),
    )


def _is_void(
    file: ReleaseFile, decision: Decision, bundle: Bundle, blobs: Blobs, trust: Trust
) -> bool:
    """Whether a file is a summary that does not say, rightly signed, what was decided."""
    name = file.path.removeprefix(_FOLDER)
    if not name.startswith(SUMMARIES):
        return False
    expected = dict(summaries_of(decision, bundle.decision))
    held = blobs.read(file.sha256)
    return bool(summary_fault(expected.get(name.removeprefix(SUMMARIES)), held, trust))


def _plan(
    decision: Decision, statements: tuple[ReleaseFile, ...], blobs: Blobs
) -> StagePlan | None:
    """Return the stage plan that a decision names; without its bytes nothing is served."""
    named = dict(decision.inputs).get(PLAN_FILE)
    if named is None:
        return None
    if not any(file.path == _FOLDER + PLAN_FILE for file in statements):
        raise HubError("the plan that the decision names is not here", code="unverified")
    plan = StagePlan.from_bytes(blobs.read(named))
    require_fit(plan, decision)
    return plan


def _require_decided(
    row: ReleaseRow,
    decision: Decision,
    files: tuple[ReleaseFile, ...],
    statements: tuple[ReleaseFile, ...],
) -> None:
    """Compare what the database lists with what the decision says (law 8)."""
    if decision.name != row.name:
        raise HubError(f"the decision is about `{decision.name}`", code="unverified")
    decided = {(file.path, file.size, file.sha256, tier) for file, tier in files_of(decision)}
    if {(file.path, file.size, file.sha256, file.tier) for file in files} != decided:
        raise HubError("the files listed are not the files decided", code="unverified")
    own = {
        "decision.json": row.decision,
        "decision.dsse.json": row.envelope,
        "decision.tlog-proof": row.log_proof,
        "model.sig": row.model_signature,
    }
    for statement in statements:
        name = statement.path.removeprefix(_FOLDER)
        named = own.get(name) or dict(decision.inputs).get(name)
        if name.startswith(SUMMARIES):
            continue  # read and compared on its own
        if not is_statement(name) or statement.sha256 != named:
            raise HubError(f"statement `{name}` is not the one decided on", code="unverified")
        if statement.tier is not decision.effective_tier:
            raise HubError(f"statement `{name}` has another tier", code="unverified")
