"""Sign an override or an order about a case's release, and decide again.

Steps: (1) read case and keys; (2) make the statement, or find the same one half signed;
(3) sign with every key; (4) ask the law whether it counts; (5) keep it and the decision.
What the law refuses is not kept, unless only more signatures are wanting.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from openweir.attest import Envelope, Statement
from openweir.decision import AWAITS, Adjustment, Decision
from openweir.decision.instruction import instruction_statement, read_instruction
from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.decide import Standing, decide_case, standing
from openweir.desk.home import Home
from openweir.desk.keys import load_key, read_trust
from openweir.digest import sha256
from openweir.errors import UsageError
from openweir.instant import parse_day
from openweir.tier import Tier

__all__ = ["Overridden", "override_case"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """What came of it.

    Attributes:
        file: where the signed statement lies; None when it was refused.
        adjustment: how it counts, with the reason where it does not.
        decision: with it.
    """

    file: Path | None
    adjustment: Adjustment
    decision: Decision


def override_case(
    root: Path,
    *,
    to: str,
    by: Sequence[str],
    reason: str,
    dissent: str,
    expires: str,
    order: bool = False,
    policy: str | Sequence[str] | None = None,
    as_of: str | None = None,
    home: Home | None = None,
) -> Overridden:
    """Override the computed tier of the case at `root`, or order a lower one.

    Args:
        root: the case folder.
        to: the tier it is set to.
        by: names of keys in `home`, or PEM files; all of them sign.
        reason: in words.
        dissent: in words; `none` where nobody dissents.
        expires: the last day, YYYY-MM-DD.
        order: whether it is a regulator's order.
        policy: as for deciding.
        as_of: the day it is made.
        home: keys, and whose signatures count.

    Raises:
        OpenweirError: the case, a key, the policy, the tier or a day cannot be read.
    """
    home = home or Home.find()
    tier, until = Tier.parse(to, where="--to"), parse_day(expires, where="--expires")
    found = standing(root, policy=policy, as_of=as_of, home=home)  # (1)
    if not by:
        raise UsageError("nobody signs it", code="by", hint="--by KEY, once per person")
    kind = "order" if order else "override"
    statement = _statement(found, kind, tier, until, reason=reason, dissent=dissent)
    file, envelope = _started(CaseFolder.open(root), kind, statement)  # (2)
    for stated in by:  # (3)
        key = load_key(home, stated)[1]
        envelope = (
            Envelope.sign(statement, key) if envelope is None else envelope.with_signature(key)
        )
    assert envelope is not None
    instruction = read_instruction(envelope, read_trust(home.trust), file=file)
    others = tuple(item for item in found.case.instructions if item.file != file)
    case = replace(found.case, instructions=(*others, instruction))  # (4)
    decision = replace(found, case=case).decide()
    adjustment = next(item for item in decision.adjustments if item.file == file)
    if adjustment.refused and not adjustment.refused.startswith(AWAITS):
        return Overridden(file=None, adjustment=adjustment, decision=decision)
    write_atomically(root / file, envelope.to_bytes())  # (5)
    outcome = decide_case(root, policy=policy, as_of=found.as_of.isoformat(), home=home)
    return Overridden(file=root / file, adjustment=adjustment, decision=outcome.decision)


def _statement(
    found: Standing, kind: str, to: Tier, until: date, *, reason: str, dissent: str
) -> Statement:
    decision = found.decide()
    return instruction_statement(
        kind=kind,
        release=decision.name,
        release_sha256=decision.release_sha256,
        to=to,
        computed=decision.tier,
        policy_sha256=decision.policy.sha256,
        made_on=found.as_of,
        until=until,
        reason=reason,
        dissent=dissent,
    )


def _started(case: CaseFolder, kind: str, statement: Statement) -> tuple[str, Envelope | None]:
    """Return where the statement lies, and the envelope of those who signed it already."""
    name = f"{kind}s/{sha256(statement.to_bytes())[:16]}.dsse.json"
    if not case.path(name).exists():
        return name, None
    envelope = Envelope.from_bytes(case.read(name, made_by="override"), where=name)
    return name, envelope if envelope.payload == statement.to_bytes() else None
