"""What a case lacks for one tier; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from openweir.decision import Decision, Lack
from openweir.desk.decide import Standing, standing
from openweir.desk.home import Home
from openweir.tier import Tier

__all__ = ["Missing", "whynot_case"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What the tier lacks.

    Attributes:
        lack: None when the evidence supports the tier already.
        standing: what was decided on.
    """

    decision: Decision
    to: Tier
    lack: Lack | None
    standing: Standing


def whynot_case(
    root: Path,
    *,
    to: str,
    policy: str | Sequence[str] | None = None,
    as_of: str | None = None,
    home: Home | None = None,
) -> Missing:
    """Return what the case at `root` lacks for a tier.

    Args:
        root: the case folder.
        to: the tier.
        policy: name of a shipped pack, or a folder, the baseline by default; of several, all count.
        as_of: YYYY-MM-DD; the present day in UTC by default.
        home: whose signatures on overrides and orders count.

    Raises:
        OpenweirError: the case, the policy, the tier or the day cannot be read.
    """
    tier = Tier.parse(to, where="--to")
    found = standing(root, policy=policy, as_of=as_of, home=home)
    decision = found.decide()
    lack = next((item for item in decision.whynot if item.tier is tier), None)
    return Missing(decision=decision, to=tier, lack=lack, standing=found)
