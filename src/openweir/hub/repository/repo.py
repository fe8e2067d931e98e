"""What a repository is, apart from its history."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from openweir.instant import format_instant

__all__ = ["Gating", "Kind", "Repository"]


class Kind(StrEnum):
    """What a repository holds."""

    MODEL = "model"
    DATASET = "dataset"


class Gating(StrEnum):
    """How access requests are answered; what they open is for the decision to say."""

    NO = "no"
    AUTO = "auto"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One repository.

    Attributes:
        name: `namespace/name`.
        private: not listed even once released.
    """

    id: int
    kind: Kind
    name: str
    private: bool
    gated: Gating
    created_at: datetime
    updated_at: datetime

    @property
    def namespace(self) -> str:
        """The user or organisation it belongs to."""
        return self.name.partition("/")[0]

    @property
    def holder(self) -> str:
        """Who holds what tokens for this repository alone have sent; no namespace is called so."""
        return f"repository:{self.id}:{format_instant(self.created_at)}"
