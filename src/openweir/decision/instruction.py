"""Instructions as signed statements: what is signed, and reading it back.

Apart from deciding, so that a case without instructions never loads cryptography.
"""

from datetime import date

from openweir.attest import Envelope, Statement, Subject, Trust
from openweir.canonical import Object, compact
from openweir.decision.adjustment import Instruction
from openweir.digest import sha256
from openweir.errors import DecisionError
from openweir.instant import parse_day
from openweir.tier import Tier

__all__ = [
    "PREDICATE_ORDER",
    "PREDICATE_OVERRIDE",
    "instruction_statement",
    "read_instruction",
]

PREDICATE_OVERRIDE = "https://openweir.example/override/v1"
PREDICATE_ORDER = "https://openweir.example/order/v1"
_KINDS = {PREDICATE_OVERRIDE: "override", PREDICATE_ORDER: "order"}
_MAX_TEXT = 20_000


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
