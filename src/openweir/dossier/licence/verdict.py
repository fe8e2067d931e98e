"""What is said of a licence text: how it stands to the pinned ones, and what remains."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Difference", "Identified", "Part", "Standing"]


class Standing(StrEnum):
    """How a text, or a declaration, stands to the licences on record; the surest first."""

    EXACT = "exact"  # word for word a pinned text
    MODIFIED = "modified"  # a pinned text with differences that nothing explains
    FAMILY = "family"  # of a known family, in a version that is not on record
    DECLARED_ONLY = "declared-only"  # named, and no text to compare
    NONE = "none"  # nothing named, or a text like none of the pack


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where a text departs from the pinned one.

    Attributes:
        line: in the text, from 1.
        before: the words just before it, for finding the place.
        removed: what the pinned text has there, as it stands in it; "" for nothing.
        added: what this text has there; "" for nothing.
    """

    line: int
    before: str
    removed: str
    added: str

    def to_json(self) -> dict[str, object]:
        """Return the difference as plain JSON values."""
        return {
            "line": self.line,
            "before": self.before,
            "removed": self.removed,
            "added": self.added,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One licence found in a text.

    Attributes:
        standing: of this part.
        licence: the licence on record it is, or departs from.
        text: the pinned text it was compared with; "" where it was only named.
        first_line, last_line: where it stands.
        words: of the text that belong to it.
        departs: words on both sides that differ and are not explained.
        explained: what differs from the pinned text and changes nothing.
        residue: what differs from it and is not explained.
    """

    standing: Standing
    licence: str
    text: str = ""
    first_line: int = 1
    last_line: int = 1
    words: int = 0
    departs: int = 0
    explained: tuple[str, ...] = ()
    residue: tuple[Difference, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Return the part as plain JSON values."""
        return {
            "verdict": self.standing.value,
            "licence": self.licence,
            "text": self.text,
            "lines": [self.first_line, self.last_line],
            "words": self.words,
            "departs": self.departs,
            "explained": list(self.explained),
            "residue": [difference.to_json() for difference in self.residue],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a text, or a declaration, was found to be.

    Attributes:
        standing: that of the weakest part; `exact` needs every part to be exact.
        parts: the licences found, in the order of the text; () when there is none.
        family: the family, for `family`.
        words: in the text.
        nearest: the pinned text most like it where no licence was found; "" for none.
        reason: why it stands so, where that is not plain.
        set_aside: what of the file was not compared.
    """

    standing: Standing
    parts: tuple[Part, ...] = ()
    family: str = ""
    words: int = 0
    nearest: str = ""
    reason: str = ""
    set_aside: tuple[str, ...] = ()

    @property
    def licences(self) -> tuple[str, ...]:
        """The licences found, each once, in the order of the text."""
        return tuple(dict.fromkeys(part.licence for part in self.parts))

    def in_words(self) -> str:
        """Return the verdict as the dossier states it: `exact Apache-2.0`."""
        named = self.family if self.standing is Standing.FAMILY else " + ".join(self.licences)
        return f"{self.standing.value} {named}".strip()

    def to_json(self) -> dict[str, object]:
        """Return what was found as plain JSON values."""
        first = self.parts[0] if self.parts else None
        return {
            "verdict": self.standing.value,
            "id": first.licence if first is not None else None,
            "text": first.text if first is not None else None,
            "licences": list(self.licences),
            "family": self.family,
            "words": self.words,
            "nearest": self.nearest,
            "reason": self.reason,
            "set_aside": list(self.set_aside),
            "parts": [part.to_json() for part in self.parts],
        }
