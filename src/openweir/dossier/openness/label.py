"""What a release may be called: `open source` only when the definition is met in full."""

from dataclasses import dataclass

from openweir.dossier.openness.holding import Holding
from openweir.dossier.openness.osaid import Met, OsaidResult
from openweir.dossier.openness.terms import terms_of

__all__ = ["Label", "label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The words a release may go by.

    Attributes:
        words: `open source`, `open weights`, `weights on request`, `weights not out` or `unknown`.
        reasons: why `open source` is refused; () where it is granted.
    """

    words: str
    reasons: tuple[str, ...]


def label(holding: Holding, checklist: OsaidResult) -> Label:
    """Return what a release may be called.

    Open weights are weights that anyone can get under a licence that lets them
    use, change and pass them on; that alone is never open source.

    Args:
        holding: the parts of the system.
        checklist: the Open Source AI Definition gone through for it.
    """
    if checklist.verdict is Met.MET:
        return Label(words="open source", reasons=())
    reasons = tuple(
        f"{element.identity}: {element.met.value} ({element.reason})"
        for element in checklist.elements
        if element.met is not Met.MET
    )
    return Label(words=_weights(holding), reasons=reasons)


def _weights(holding: Holding) -> str:
    weights = holding.part("weights")
    if weights.present == "no":
        return "weights not out"
    if weights.present == "partial":
        return "weights on request"
    if weights.present == "unknown" or not weights.licence:
        return "unknown"
    terms = terms_of(weights.licence)
    if terms is None or terms.for_data:
        return "unknown"
    return (
        "open weights" if terms.modify and terms.redistribute else "weights under a closed licence"
    )
