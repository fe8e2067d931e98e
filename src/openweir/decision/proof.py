"""The proof tree: what was asked, what was found, and what follows, node by node."""

from dataclasses import dataclass
from enum import StrEnum

from openweir.canonical import Object

__all__ = ["Atom", "Proof", "Status"]


class Status(StrEnum):
    """What is known of an atom, a formula or a requirement; only the first counts."""

    DEMONSTRATED = "demonstrated"
    REFUTED = "refuted"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """The numbers behind a leaf of a proof: what was asked and what was found."""

    asked: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One node of a proof tree.

    Attributes:
        kind: `all`, `any`, `at-least`, `fact`, `component` or `claim`.
        label: what the node says, in words.
        status, reason: the reason is empty when demonstrated.
        threshold: how many children `at-least` needs; 0 otherwise.
        atom: of leaves only.
        evidence: digests of the evidence files a leaf rests on, sorted.
        children: in the policy's order.
    """

    kind: str
    label: str
    status: Status
    reason: str = ""
    threshold: int = 0
    atom: Atom | None = None
    evidence: tuple[str, ...] = ()
    children: tuple["Proof", ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the tree as plain JSON values."""
        found: dict[str, object] = {
            "kind": self.kind,
            "label": self.label,
            "status": self.status.value,
        }
        if self.reason:
            found["reason"] = self.reason
        if self.threshold:
            found["threshold"] = self.threshold
        if self.atom is not None:
            found["asked"], found["found"] = self.atom.asked, self.atom.found
        if self.evidence:
            found["evidence"] = list(self.evidence)
        if self.children:
            found["children"] = [child.to_json() for child in self.children]
        return found

    @classmethod
    def from_json(cls, read: Object) -> "Proof":
        """Read a tree written by `to_json`."""
        asked = read.optional_text("asked")
        return cls(
            kind=read.text("kind"),
            label=read.text("label"),
            status=Status(read.text("status")),
            reason=read.text("reason", ""),
            threshold=read.integer("threshold", 0),
            atom=None if asked is None else Atom(asked=asked, found=read.text("found")),
            evidence=read.texts("evidence"),
            children=tuple(cls.from_json(child) for child in read.objects("children")),
        )
