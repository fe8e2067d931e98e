"""Have a decision re-checked by the checker that knows nothing of the engine."""

from dataclasses import dataclass
from pathlib import Path

from openweir.canonical import parse
from openweir.decision import checker
from openweir.errors import CanonicalError, UsageError

__all__ = ["Rechecked", "verify_decision"]

_MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """The verdict.

    Attributes:
        tier: what follows from the grounds; empty when refused.
        fault: why it was refused, in one sentence; empty when accepted.
    """

    tier: str
    fault: str


def verify_decision(path: Path) -> Rechecked:
    """Check a decision's file.

    Args:
        path: `decision.json`, or a case that holds one.

    Raises:
        UsageError: the file cannot be read.
    """
    file = path / "decision.json" if path.is_dir() else path
    try:
        with file.open("rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot be read: {error.strerror}",
            code="unreadable",
            where=str(file),
            hint="openweir decide CASE writes a decision",
        ) from None
    try:
        # One spelling only: a key that stands twice could read otherwise elsewhere.
        parse(data, where=str(file), max_bytes=_MAX_BYTES)
        return Rechecked(tier=checker.read(data), fault="")
    except CanonicalError as error:
        return Rechecked(tier="", fault=error.message)
    except checker.Refused as refused:
        return Rechecked(tier="", fault=str(refused))
