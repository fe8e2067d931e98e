"""What the pages say: one sentence per tier, per state, per status."""

from datetime import date
from fractions import Fraction
from types import MappingProxyType

from openweir.decision import Status
from openweir.tier import Tier

__all__ = [
    "FACTS",
    "LEVELS",
    "STATES",
    "STATUSES",
    "TIERS",
    "TierWords",
    "day",
    "lasting",
    "rate",
    "short",
]

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class TierWords:
    """How a tier is put to a reader.

    Attributes:
        label: as a heading: `Gated weights`.
        permits: what it permits and to whom, one sentence.
        brief: the same in three or four words, for the ladder.
        control: what control remains, one sentence.
    """

    __slots__ = ("brief", "control", "label", "permits")

    def __init__(self, label: str, brief: str, permits: str, control: str) -> None:
        """Keep the words together."""
        self.label = label
        self.brief = brief
        self.permits = permits
        self.control = control


TIERS: MappingProxyType[Tier, TierWords] = MappingProxyType(
    {
        Tier.SEALED: TierWords(
            "Sealed",
            "nothing leaves",
            "Nothing leaves the house; only the developer and admitted evaluators work with it.",
            "Full control remains.",
        ),
        Tier.TRUSTED_HOSTED: TierWords(
            "Trusted hosted",
            "vetted users, hosted",
            "Vetted organisations may use it where it is hosted, for a declared purpose.",
            "The weights stay inside, and access can end within minutes.",
        ),
        Tier.PUBLIC_HOSTED: TierWords(
            "Public hosted",
            "anyone, hosted",
            "Anyone may use it where it is hosted, under its terms of use.",
            "The weights stay inside, and access can end within minutes.",
        ),
        Tier.GATED_WEIGHTS: TierWords(
            "Gated weights",
            "named recipients",
            "People whose request was granted may download the weights.",
            "Copies are in other hands; from here only a contract binds.",
        ),
        Tier.OPEN_WEIGHTS: TierWords(
            "Open weights",
            "anyone downloads",
            "Anyone may download the weights.",
            "Copies cannot be taken back; advisories and later versions are what remains.",
        ),
        Tier.FULLY_OPEN: TierWords(
            "Fully open",
            "weights, data, code",
            "Anyone may download the weights together with what is needed to make them again.",
            "Copies cannot be taken back; advisories and later versions are what remains.",
        ),
    }
)

STATES: MappingProxyType[str, str] = MappingProxyType(
    {
        "decided": "decided, and not handed out yet",
        "released": "handed out to those the tier allows",
        "halted": "stopped by a halt or an order; nothing is handed out until it is lifted",
        "expired": "past its last valid day; nothing is handed out",
    }
)

STATUSES: MappingProxyType[Status, str] = MappingProxyType(
    {
        Status.DEMONSTRATED: "shown by evidence that counts",
        Status.REFUTED: "the evidence shows the opposite",
        Status.UNDETERMINED: "neither shown nor refuted, which counts as not shown",
    }
)


LEVELS = (
    "an account on this hub",
    "a verified e-mail address",
    "an institution that vouches for you",
    "an institution that vouches for you, a login with a second factor, and a person's approval",
)

FACTS: MappingProxyType[str, str] = MappingProxyType(
    {
        "open_to_every_country": "Open to people of every country",
        "free_of_purpose_limits": "Free of limits on the purpose",
        "personal_data_for_security_only": "Takes personal data for the model's security only",
    }
)


def rate(share: Fraction | None) -> str:
    """Write a share in whole per cent, rounded down: `66 %`; what there is none of yet, so."""
    return "none yet" if share is None else f"{share.numerator * 100 // share.denominator} %"


def lasting(seconds: int | None) -> str:
    """Write a time for people, in its two largest units: `2 days 3 hours`."""
    if seconds is None:
        return "none yet"
    found = []
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        count, seconds = divmod(seconds, size)
        if count:
            found.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(found[:2]) or "under a minute"


def day(when: date) -> str:
    """Write a day for people, in any locale the same: `20 November 2026`."""
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def short(digest: str | None) -> str:
    """Return the first 12 digits of a digest, enough to tell two apart by eye."""
    return "none" if digest is None else digest[:12]
