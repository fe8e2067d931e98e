"""What lies between the computed and the effective tier, and the signed words it comes from.

An *instruction* is a signed statement about one release: an override of people of the
releasing party, or an order of a regulator. An *adjustment* is what became of it, or the
owner's own hold, in a decision.
"""

from dataclasses import dataclass
from datetime import date

from openweir.attest import Envelope, Statement, Subject, Trust
from openweir.attest.envelope import read_envelope
from openweir.canonical import Object
from openweir.digest import sha256
from openweir.errors import DecisionError
from openweir.instant import parse_day
from openweir.tier import Tier

__all__ = [
    "KINDS",
    "PREDICATE_ORDER",
    "PREDICATE_OVERRIDE",
    "Adjustment",
    "Instruction",
    "instruction_statement",
    "read_instruction",
]

PREDICATE_OVERRIDE = "https://openweir.example/override/v1"
PREDICATE_ORDER = "https://openweir.example/order/v1"
KINDS = {PREDICATE_OVERRIDE: "override", PREDICATE_ORDER: "order"}
_MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A signed statement that sets the tier of one release, its signatures verified.

    Attributes:
        kind: `override` or `order`.
        file: where it lies in the case.
        release, release_sha256: which release; the digest is None for one without files.
        computed: the tier the evidence supported when it was made.
        policy_sha256: the policy it was made under.
        made_on, until: first and last day it holds.
        dissent: verbatim what those who disagree say; `none` is said, never assumed.
        signers: (name, role) of everyone trusted who signed it.
    """

    kind: str
    file: str
    release: str
    release_sha256: str | None
    to: Tier
    computed: Tier
    policy_sha256: str
    made_on: date
    until: date
    reason: str
    dissent: str
    signers: tuple[tuple[str, str], ...]
    envelope: Envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One step between the computed and the effective tier.

    Attributes:
        kind: `hold` (its owner holds it back), `override` or `order`.
        refused: why it does not count; empty when it does.
        file, until, reason, dissent, signers, envelope: of overrides and orders.
    """

    kind: str
    to: Tier
    refused: str = ""
    file: str = ""
    until: date | None = None
    reason: str = ""
    dissent: str = ""
    signers: tuple[tuple[str, str], ...] = ()
    envelope: Envelope | None = None

    def to_json(self) -> dict[str, object]:
        """Return the adjustment as plain JSON values."""
        found: dict[str, object] = {"kind": self.kind, "to": self.to.word, "refused": self.refused}
        if self.until is not None and self.envelope is not None:
            found |= {
                "file": self.file,
                "until": self.until.isoformat(),
                "reason": self.reason,
                "dissent": self.dissent,
                "signers": [{"name": name, "role": role} for name, role in self.signers],
                "envelope": self.envelope.to_json(),
            }
        return found

    @classmethod
    def from_json(cls, read: Object) -> "Adjustment":
        """Read what `to_json` wrote; no signature is verified here."""
        until, envelope = read.optional_text("until"), read.optional_object("envelope")
        return cls(
            kind=read.text("kind"),
            to=Tier.parse(read.text("to"), where=read.where),
            refused=read.text("refused"),
            file=read.text("file", ""),
            until=None if until is None else parse_day(until, where=read.where),
            reason=read.text("reason", ""),
            dissent=read.text("dissent", ""),
            signers=tuple(
                (item.text("name"), item.text("role")) for item in read.objects("signers")
            ),
            envelope=None if envelope is None else read_envelope(envelope),
        )


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
    predicate_type = next(uri for uri, known in KINDS.items() if known == kind)
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
    kind = KINDS.get(statement.predicate_type)
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
        envelope=envelope,
    )
