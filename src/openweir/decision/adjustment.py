"""What lies between the computed and the effective tier, and the signed words it comes from.

An *instruction* is a signed statement about one release: an override of people of the
releasing party, or an order of a regulator. An *adjustment* is what became of it, or the
owner's own hold, in a decision.
"""

from dataclasses import dataclass
from datetime import date

from openweir.canonical import Object
from openweir.instant import parse_day
from openweir.tier import Tier

__all__ = ["Adjustment", "Instruction"]


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
        envelope: the signed statement (DSSE) in its RFC 8785 form, so that others can verify it.
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
    envelope: str


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
    envelope: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the adjustment as plain JSON values."""
        found: dict[str, object] = {"kind": self.kind, "to": self.to.word, "refused": self.refused}
        if self.until is not None:
            found |= {
                "file": self.file,
                "until": self.until.isoformat(),
                "reason": self.reason,
                "dissent": self.dissent,
                "signers": [{"name": name, "role": role} for name, role in self.signers],
                "envelope": self.envelope,
            }
        return found

    @classmethod
    def from_json(cls, read: Object) -> "Adjustment":
        """Read what `to_json` wrote; no signature is verified here."""
        until = read.optional_text("until")
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
            envelope=read.text("envelope", ""),
        )
