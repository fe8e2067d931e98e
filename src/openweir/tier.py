"""The six release tiers, from nothing leaves to everything is public.

A tier is a named preset over three axes: who (audience), what (components) and
what control remains after hand-over. Weights leave the house at
`gated-weights`, where only a contract still binds, and can never come back from
`open-weights`.
"""

from enum import IntEnum

from openweir.errors import UsageError

__all__ = ["Tier"]


class Tier(IntEnum):
    """How openly a release may leave; a larger value is more open."""

    SEALED = 0
    TRUSTED_HOSTED = 1
    PUBLIC_HOSTED = 2
    GATED_WEIGHTS = 3
    OPEN_WEIGHTS = 4
    FULLY_OPEN = 5

    @property
    def word(self) -> str:
        """The tier's name in every file, page and message: `gated-weights`."""
        return self.name.lower().replace("_", "-")

    @property
    def weights_leave(self) -> bool:
        """Whether copies of the weights leave the house at this tier."""
        return self >= Tier.GATED_WEIGHTS

    @property
    def irreversible(self) -> bool:
        """Whether nobody can take copies back: no verb may say recall from here on."""
        return self >= Tier.OPEN_WEIGHTS

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> "Tier":
        """Read a tier's word.

        Raises:
            UsageError: the word names no tier; the hint lists all six.
        """
        for tier in cls:
            if tier.word == text:
                return tier
        raise UsageError(
            f"`{text}` is not a tier",
            code="unknown-tier",
            where=where,
            hint="one of " + ", ".join(tier.word for tier in cls),
        )
