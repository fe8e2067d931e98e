"""One answer where a form has room for one: all facts agree, or there is none."""

from dataclasses import dataclass

from openweir.artifact import show
from openweir.dossier.dossier import Dossier
from openweir.dossier.fact import Fact
from openweir.dossier.openness.licence_name import licence_names

__all__ = ["Agreed", "agreed", "agreed_licence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What the facts of one predicate come to.

    Attributes:
        texts: the one answer; () where nothing is stated or the facts contradict.
        why: why there is none; "" where there is one.
    """

    texts: tuple[str, ...] = ()
    why: str = ""

    @property
    def text(self) -> str:
        """The answer as one text; "" where there is none."""
        return ", ".join(self.texts)


def agreed(dossier: Dossier, predicate: str) -> Agreed:
    """Return what every fact of this predicate says, if they say the same.

    Args:
        dossier: of the release.
        predicate: of kind `text` or `texts`.
    """
    stated = [(_texts(fact), fact) for fact in dossier.facts_of(predicate)]
    answers = {frozenset(text.casefold() for text in texts) for texts, _ in stated if texts}
    if not answers:
        return Agreed(why="not stated")
    if len(answers) > 1:
        said = "; ".join(f"{_place(fact)}: {show(', '.join(texts))}" for texts, fact in stated)
        return Agreed(why=f"contradicting facts: {said}")
    return Agreed(texts=next(texts for texts, _ in stated if texts))


def agreed_licence(dossier: Dossier) -> Agreed:
    """Return the release's declared licence; none if its text was found to differ from it.

    The name of a licence whose text was changed says less than nothing.
    """
    found = agreed(dossier, "licence")
    for fact in dossier.facts_of("licence-verdict"):
        if any(text.startswith("modified") for text in _texts(fact)):
            return Agreed(why=f"the licence text is modified: {show(', '.join(found.texts))}")
    names = licence_names()
    return Agreed(texts=tuple(names.normal(text) for text in found.texts), why=found.why)


def _texts(fact: Fact) -> tuple[str, ...]:
    if isinstance(fact.value, str):
        return (fact.value,) if fact.value.strip() else ()
    return fact.value if isinstance(fact.value, tuple) else ()


def _place(fact: Fact) -> str:
    return show(fact.source.ref)
