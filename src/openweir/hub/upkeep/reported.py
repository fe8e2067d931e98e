"""A fault of a hub, in one sentence with the next step."""

from dataclasses import dataclass

__all__ = ["Fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it must be.

    Attributes:
        code: `database`, `reference`, `commit`, `folder`, `release`, `blob`, `altered`, `xet`,
            `audit`.
        where: which repository, release or file.
        message: one sentence.
        hint: what to do about it.
        sha256: of the bytes it is about; empty for none.
    """

    code: str
    where: str
    message: str
    hint: str
    sha256: str = ""

    def to_json(self) -> dict[str, str]:
        """Return the fault as plain JSON values."""
        return {
            "code": self.code,
            "where": self.where,
            "message": self.message,
            "hint": self.hint,
            "sha256": self.sha256,
        }
