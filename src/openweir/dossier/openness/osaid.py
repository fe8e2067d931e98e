"""The Open Source AI Definition as a checklist: met, not met, or a person must judge.

A tool can refute an element (a licence without commercial use, weights that are
not there) and gather what bears on it. Whether information on the data suffices,
or code is complete, is judged by people; their judgement comes in with a name.

Source: Open Source AI Definition 1.0 (Open Source Initiative, 2024-10-28).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from openweir.artifact import show
from openweir.dossier.openness.holding import Holding, Part
from openweir.dossier.openness.rule_set import rule_data
from openweir.dossier.openness.terms import Terms, terms_of
from openweir.errors import DossierError

__all__ = ["Element", "Judgement", "Met", "OsaidResult", "osaid"]


class Met(StrEnum):
    """How an element stands."""

    MET = "met"
    NOT_MET = "not met"
    PERSON = "needs a person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a named person judged of one element.

    Attributes:
        element: `use`, `study`, `modify`, `share`, `data-information`, `code`, `parameters`.
        met: yes or no.
        by, on, reason: who, on which day, why.
    """

    element: str
    met: bool
    by: str
    on: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One element of the definition and why it stands as it does."""

    identity: str
    text: str
    met: Met
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OsaidResult:
    """The checklist; `verdict` is met only when every element is."""

    elements: tuple[Element, ...]

    @property
    def verdict(self) -> Met:
        """`not met` if any element is not, else `needs a person` if any does, else `met`."""
        found = {element.met for element in self.elements}
        return next((met for met in (Met.NOT_MET, Met.PERSON) if met in found), Met.MET)


def osaid(holding: Holding, judgements: Iterable[Judgement] = ()) -> OsaidResult:
    """Go through the checklist.

    Args:
        holding: the parts of the system and their licences as declared.
        judgements: people's answers; they settle only what needs a person, and
            cannot undo what a licence refutes.

    Raises:
        DossierError: a judgement names no element, or an element is judged twice.
    """
    texts = {
        row.text("id"): row.text("text") for row in rule_data("osaid.toml").read.objects("element")
    }
    judged = _by_element(judgements, texts)
    found = {
        "use": _free(holding, Terms.limits),
        "study": _study(holding),
        "modify": _free(holding, _no_condition),
        "share": _free(holding, _passed_on),
        "data-information": _complete(holding.part("data information"), approved=False),
        "code": _code(holding),
        "parameters": _complete(holding.part("weights"), approved=True),
    }
    return OsaidResult(
        elements=tuple(
            _settle(
                Element(identity=name, text=text, met=found[name][0], reason=found[name][1]), judged
            )
            for name, text in texts.items()
        )
    )


_Answer = tuple[Met, str]
_Conditions = Callable[[Terms], tuple[str, ...]]


def _free(holding: Holding, conditions: _Conditions) -> _Answer:
    """A freedom over the weights' licence: refuted by any refusal or by a condition on it."""
    weights = holding.part("weights")
    if weights.present == "no":
        return Met.NOT_MET, "the weights are not there"
    terms = terms_of(weights.licence) if weights.licence else None
    if terms is None:
        said = f"`{weights.licence}`" if weights.licence else "no licence"
        return Met.PERSON, f"weights: {said}, whose terms are not on record"
    against = (*terms.refusals(), *conditions(terms))
    if against:
        return Met.NOT_MET, f"{terms.title}: {'; '.join(against)}"
    if terms.for_data:
        return Met.PERSON, f"{terms.title} is a licence for data"
    if terms.duties():
        return Met.PERSON, f"{terms.title}: {'; '.join(terms.duties())}"
    return Met.MET, f"{terms.title}: {terms.basis}"


def _no_condition(_: Terms) -> tuple[str, ...]:
    return ()


def _passed_on(terms: Terms) -> tuple[str, ...]:
    return ("limits on use must be passed on",) if terms.passes_on else ()


def _study(holding: Holding) -> _Answer:
    parts = [holding.part(name) for name in ("weights", "inference code", "architecture")]
    gone = [part.name for part in parts if part.present == "no"]
    if gone:
        return Met.NOT_MET, f"not there: {', '.join(gone)}"
    open_ = [part.name for part in parts if part.present != "yes"]
    if open_:
        return Met.PERSON, f"not known to be there in full: {', '.join(open_)}"
    return Met.MET, "weights, inference code and architecture are there"


def _code(holding: Holding) -> _Answer:
    """Code to train and to run; that it is complete is for a person to say."""
    answers = [
        _complete(holding.part(name), approved=True) for name in ("training code", "inference code")
    ]
    refuted = [reason for met, reason in answers if met is Met.NOT_MET]
    if refuted:
        return Met.NOT_MET, "; ".join(refuted)
    return Met.PERSON, "is it complete? " + "; ".join(reason for _, reason in answers)


def _complete(part: Part, *, approved: bool) -> _Answer:
    """A part that must be there, under approved terms where the definition asks for that."""
    if part.present == "no":
        return Met.NOT_MET, f"{part.name}: not there ({part.seen})"
    if part.present != "yes":
        return Met.PERSON, f"{part.name}: {part.present} ({part.seen})"
    if not approved:
        return Met.PERSON, f"is it enough to rebuild the system? ({part.seen})"
    terms = terms_of(part.licence) if part.licence else None
    if terms is None:
        said = f"`{part.licence}` is not on record" if part.licence else "no licence known"
        return Met.PERSON, f"{part.name}: {said}"
    against = (*terms.refusals(), *terms.limits())
    if against:
        return Met.NOT_MET, f"{part.name}: {terms.title}: {'; '.join(against)}"
    if not terms.approved:
        return Met.PERSON, f"{part.name}: {terms.title} is not approved by the initiative"
    return Met.MET, f"{part.name}: {terms.title}, approved by the initiative"


def _by_element(judgements: Iterable[Judgement], texts: dict[str, str]) -> dict[str, Judgement]:
    found: dict[str, Judgement] = {}
    for judgement in judgements:
        if judgement.element not in texts:
            raise DossierError(
                f"`{show(judgement.element)}` is no element of the definition",
                code="osaid-element",
                hint="one of " + ", ".join(texts),
            )
        if judgement.element in found:
            raise DossierError(
                f"element `{judgement.element}` is judged twice", code="osaid-element"
            )
        found[judgement.element] = judgement
    return found


def _settle(element: Element, judged: dict[str, Judgement]) -> Element:
    judgement = judged.get(element.identity)
    if judgement is None or element.met is not Met.PERSON:
        return element
    return Element(
        identity=element.identity,
        text=element.text,
        met=Met.MET if judgement.met else Met.NOT_MET,
        reason=f"judged by {judgement.by} on {judgement.on}: {judgement.reason}",
    )
