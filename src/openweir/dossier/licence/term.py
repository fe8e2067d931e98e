"""Terms: what a licence says on twelve questions, each with the clause it is read from.

A value is never a guess: `unknown` is a question that nobody has read the text for, and
`none` is one the text was read for and is silent on.

Source: openweir's reading of the pinned texts; the questions are those that the EU
guidelines C(2025) 5045, paragraphs 78 to 84, and the Open Source AI Definition ask.
"""

from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["PREDICATES", "UNKNOWN", "WHOLE_TEXT", "Question", "Term", "unknown_term"]

UNKNOWN = "unknown"
WHOLE_TEXT = "whole text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question every licence is asked.

    Attributes:
        answers: the words an answer may begin with; () for free text.
        free: what answer leaves the licensee free.
        meaning: the question as a sentence.
    """

    answers: tuple[str, ...]
    free: str
    meaning: str


_YES_NO = ("yes", "no", "limited")

PREDICATES: MappingProxyType[str, Question] = MappingProxyType(
    {
        "use_any_purpose": Question(
            answers=_YES_NO, free="yes", meaning="May it be used for any purpose?"
        ),
        "commercial": Question(answers=_YES_NO, free="yes", meaning="May it be used commercially?"),
        "scale_cap": Question(
            answers=(), free="none", meaning="At what number of users or revenue do rights change?"
        ),
        "field_of_use": Question(answers=(), free="none", meaning="Which uses are forbidden?"),
        "acceptable_use_policy": Question(
            answers=("none", "fixed", "by-url"),
            free="none",
            meaning="Is there a policy on use: in the text, or at an address where it can change?",
        ),
        "modify": Question(answers=_YES_NO, free="yes", meaning="May it be modified?"),
        "redistribute": Question(answers=_YES_NO, free="yes", meaning="May it be passed on?"),
        "relicense_derivatives": Question(
            answers=_YES_NO, free="yes", meaning="May what is made from it bear other terms?"
        ),
        "pass_on_restrictions": Question(
            answers=_YES_NO,
            free="no",
            meaning="Must limits on use be imposed on whoever gets it next?",
        ),
        "output_training_limit": Question(
            answers=(), free="none", meaning="What may outputs not be used to train?"
        ),
        "attribution": Question(
            answers=(), free="none", meaning="What must be named, shown or kept?"
        ),
        "excluded": Question(
            answers=(), free="none", meaning="Which territories or persons get no rights?"
        ),
        "revocable": Question(
            answers=_YES_NO, free="no", meaning="May the licensor end it without a breach?"
        ),
        "remote_restriction": Question(
            answers=_YES_NO, free="no", meaning="May the licensor restrict use from afar?"
        ),
        "ends_on": Question(
            answers=(), free="none", meaning="What ends the rights of itself, besides a breach?"
        ),
    }
)
"""The twelve questions, then three on how the rights can end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """What a licence says on one question.

    Attributes:
        predicate: the question, a key of `PREDICATES`.
        values: the answer; several where a text lists several.
        clause: where in the text: a section, or `whole text` for a silence.
        words: a few words of that clause, verbatim; "" for a silence.
        condition: a plain sentence, where the answer restricts whoever uses it; "" else.
    """

    predicate: str
    values: tuple[str, ...]
    clause: str = ""
    words: str = ""
    condition: str = ""

    @property
    def known(self) -> bool:
        """Whether the text was read for it."""
        return self.values != (UNKNOWN,)

    @property
    def free(self) -> bool:
        """Whether the answer leaves the licensee as free as it can."""
        return self.values == (PREDICATES[self.predicate].free,)

    def to_json(self) -> dict[str, object]:
        """Return the term as plain JSON values."""
        return {
            "values": list(self.values),
            "clause": self.clause,
            "words": self.words,
            "condition": self.condition,
        }


def unknown_term(predicate: str) -> Term:
    """Return the answer of a text that was not read for a question."""
    return Term(predicate=predicate, values=(UNKNOWN,))
