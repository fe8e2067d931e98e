"""Instructions as signed statements: what is signed, and reading it back.

Apart from deciding, so that a case without instructions never loads cryptography.
"""

from datetime import date

from openweir.attest import Envelope, Statement, Subject, Trust
from openweir.canonical import Object, compact
from openweir.decision.adjustment import Instruction
from openweir.decision.decision import Decision
from openweir.decision.override import BARRED_ROLES
from openweir.decision.proof import Status
from openweir.digest import sha256
from openweir.errors import DecisionError, OpenweirError
from openweir.instant import parse_day
from openweir.tier import Tier

__all__ = [
    "PREDICATE_ORDER",
    "PREDICATE_OVERRIDE",
    "instruction_statement",
    "lift_fault",
    "read_instruction",
]

PREDICATE_OVERRIDE = "https://openweir.example/override/v1"
PREDICATE_ORDER = "https://openweir.example/order/v1"
_KINDS = {PREDICATE_OVERRIDE: "override", PREDICATE_ORDER: "order"}
_MAX_TEXT = 20_000
_LEAST_ROLES = 2


def instruction_statement(
    *,
    kind: str,
    release: str,
    release_sha256: str | None,
    to: Tier,
    computed: Tier,
    policy_sha256: str,
    made_on: date,
    until: date,
    reason: str,
    dissent: str,
) -> Statement:
    """Return the statement that people sign for an override or an order.

    It holds nothing of the signers, so that several people sign the same payload.
    """
    named = ("sha256", sha256(release.encode()))
    predicate_type = next(uri for uri, known in _KINDS.items() if known == kind)
    return Statement(
        subject=(
            Subject(
                name=release,
                digests=(("dirHash", release_sha256) if release_sha256 else named,),
            ),
        ),
        predicate_type=predicate_type,
        predicate={
            "to": to.word,
            "computed": computed.word,
            "policy_sha256": policy_sha256,
            "made_on": made_on.isoformat(),
            "until": until.isoformat(),
            "reason": reason,
            "dissent": dissent,
        },
    )


def read_instruction(envelope: Envelope, trust: Trust, *, file: str) -> Instruction:
    """Verify and read an override or an order.

    Args:
        envelope: as it lies in the case; hostile until verified.
        trust: whose signatures count, and in which role.
        file: where it lies.

    Raises:
        AttestError: no trusted signature, or a broken one.
        DecisionError: the statement is neither an override nor an order.
        CanonicalError: a key is missing or of the wrong type.
    """
    statement, keys = envelope.verify(trust.public_keys)
    kind = _KINDS.get(statement.predicate_type)
    if kind is None or len(statement.subject) != 1:
        raise DecisionError("neither an override nor an order", code="instruction", where=file)
    read = Object(statement.predicate, file)
    subject = statement.subject[0]
    reason, dissent = read.text("reason"), read.text("dissent")
    if max(len(reason), len(dissent)) > _MAX_TEXT:
        raise DecisionError(
            f"reason and dissent have at most {_MAX_TEXT} characters",
            code="instruction",
            where=file,
        )
    return Instruction(
        kind=kind,
        file=file,
        release=subject.name,
        release_sha256=subject.digest("dirHash"),
        to=Tier.parse(read.text("to"), where=file),
        computed=Tier.parse(read.text("computed"), where=file),
        policy_sha256=read.text("policy_sha256"),
        made_on=parse_day(read.text("made_on"), where=file),
        until=parse_day(read.text("until"), where=file),
        reason=reason,
        dissent=dissent,
        signers=tuple((item.name, item.role) for item in trust.signers(keys)),
        envelope=compact(envelope.to_json()).decode(),
    )


def lift_fault(decision: Decision, trust: Trust) -> str:
    """Return why nothing in a decision lifts it above its computed tier; empty when one does.

    For whoever serves or uses a release: believes the signatures inside the decision only.
    How many roles the policy asks, those who signed the decision answer for.
    """
    fault = "no override is with it"
    for item in decision.adjustments:
        if item.kind == "override" and item.to > decision.tier and not item.refused:
            try:
                envelope = Envelope.from_bytes(item.envelope.encode())
                found = read_instruction(envelope, trust, file=item.file)
            except OpenweirError as error:
                fault = error.message
                continue
            fault = _lift_fault(decision, found)
            if not fault:
                return ""
    return fault


def _lift_fault(decision: Decision, item: Instruction) -> str:
    if (item.release, item.release_sha256) != (decision.name, decision.release_sha256):
        return "the override was made for another release"
    if item.policy_sha256 != decision.policy.sha256:
        return "the override was made under another policy"
    if item.kind != "override" or not (item.to == decision.effective_tier == decision.tier + 1):
        return "the override does not lift by exactly one tier"
    if not item.made_on <= decision.as_of <= decision.valid_until <= item.until:
        return "the decision outlives the override"
    if not item.dissent.strip() or not item.reason.strip():
        return "the override gives no reason or does not say who dissents"
    if len({role for _, role in item.signers} - set(BARRED_ROLES)) < _LEAST_ROLES:
        return "the override is not signed in two roles that you trust"
    stops = [r.id for r in decision.requirements if r.hard_stop and r.tier <= item.to]
    short = {r.id for r in decision.requirements if r.status is not Status.DEMONSTRATED}
    return next((f"{name} is a hard stop" for name in stops if name in short), "")
