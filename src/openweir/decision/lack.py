"""What a higher tier lacks: minimal sets of what would have to be shown."""

from dataclasses import dataclass

from openweir.canonical import Object
from openweir.tier import Tier

__all__ = ["Lack", "Need", "lack_to_json", "need_to_json", "read_lack"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that would have to be shown: which leaf, what is asked, what is there.

    Attributes:
        shows: what else is shown with it, since it asks less: `asked` of other leaves.
    """

    requirement: str
    label: str
    asked: str
    found: str
    reason: str
    shows: tuple[str, ...] = ()

    @property
    def refuted(self) -> bool:
        """Whether the opposite is shown: only another model or release could change it."""
        return self.reason.startswith("refuted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What a higher tier lacks.

    Attributes:
        blocking: ids of the requirements that stop it.
        sets: minimal sets of needs: showing all of any one set reaches the tier. Those that
            evidence can still show come first, each kind from the smallest up.
        open_sets: how many of the sets are open to evidence; the others need something
            of which the opposite is shown.
        complete: whether `sets` holds all minimal sets; they can be very many.
        alternative: another way to give access meanwhile, and what it preserves.
    """

    tier: Tier
    blocking: tuple[str, ...]
    sets: tuple[tuple[Need, ...], ...]
    complete: bool
    alternative: str
    open_sets: int = 0


def need_to_json(need: Need) -> dict[str, object]:
    """Return a need as plain JSON values."""
    found: dict[str, object] = {
        "requirement": need.requirement,
        "label": need.label,
        "asked": need.asked,
        "found": need.found,
        "reason": need.reason,
    }
    if need.shows:
        found["shows"] = list(need.shows)
    return found


def lack_to_json(lack: Lack) -> dict[str, object]:
    """Return a lack as plain JSON values."""
    return {
        "blocking": list(lack.blocking),
        "sets": [[need_to_json(need) for need in needs] for needs in lack.sets],
        "open_sets": lack.open_sets,
        "complete": lack.complete,
        "alternative": lack.alternative,
    }


def read_lack(tier: Tier, read: Object) -> Lack:
    """Read what `lack_to_json` wrote."""
    return Lack(
        tier=tier,
        blocking=read.texts("blocking"),
        complete=read.flag("complete"),
        alternative=read.text("alternative"),
        open_sets=read.integer("open_sets", 0),
        sets=tuple(
            tuple(
                Need(
                    requirement=need.text("requirement"),
                    label=need.text("label"),
                    asked=need.text("asked"),
                    found=need.text("found"),
                    reason=need.text("reason"),
                    shows=need.texts("shows"),
                )
                for need in (Object(item, f"{read.where}.sets") for item in needs)
            )
            for needs in read.items("sets")
        ),
    )
