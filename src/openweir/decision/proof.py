"""The proof tree: what was asked, what was found, and what follows, node by node."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from openweir.canonical import Object
from openweir.decision.ground import Ground, read_ground
from openweir.errors import DecisionError

__all__ = ["Atom", "Grounds", "Proof", "Status"]


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


class Grounds:
    """The grounds of a decision's leaves, each once; leaves name theirs by its place."""

    def __init__(self) -> None:
        """Start with none."""
        self._places: dict[tuple[str, Ground], int] = {}

    def place(self, asked: str, ground: Ground) -> int:
        """Return where a ground stands; a new one goes to the end."""
        return self._places.setdefault((asked, ground), len(self._places))

    def to_json(self) -> list[dict[str, object]]:
        """Return all of them as plain JSON values."""
        return [{"asked": asked, **ground.to_json()} for asked, ground in self._places]

    @staticmethod
    def read(items: Iterable[Object]) -> tuple[Ground, ...]:
        """Read what `to_json` wrote."""
        return tuple(read_ground(item) for item in items)


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
        ground: of leaves only: the comparisons that decide it, for an independent checker.
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
    ground: Ground | None = None

    def to_json(self, grounds: Grounds) -> dict[str, object]:
        """Return the tree as plain JSON values; `grounds` collects those of the leaves."""
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
        if self.atom is not None and self.ground is not None:
            found["ground"] = grounds.place(self.atom.asked, self.ground)
        if self.evidence:
            found["evidence"] = list(self.evidence)
        if self.children:
            found["children"] = [child.to_json(grounds) for child in self.children]
        return found

    @classmethod
    def from_json(cls, read: Object, grounds: tuple[Ground, ...]) -> "Proof":
        """Read a tree written by `to_json`.

        Raises:
            DecisionError: a leaf names a ground that is not there.
        """
        asked = read.optional_text("asked")
        place = read.integer("ground") if "ground" in read.value else None
        if place is not None and not 0 <= place < len(grounds):
            raise DecisionError(
                f"there is no ground {place}", code="ground", where=f"{read.where}.ground"
            )
        return cls(
            kind=read.text("kind"),
            label=read.text("label"),
            status=Status(read.text("status")),
            reason=read.text("reason", ""),
            threshold=read.integer("threshold", 0),
            atom=None if asked is None else Atom(asked=asked, found=read.text("found")),
            evidence=read.texts("evidence"),
            children=tuple(cls.from_json(child, grounds) for child in read.objects("children")),
            ground=None if place is None else grounds[place],
        )
