"""What a case declares: only known words, with the kind and unit they mean."""

import difflib
from collections.abc import Iterable
from typing import NoReturn

from openweir.artifact import show
from openweir.dossier.component import COMPONENTS
from openweir.dossier.dossier import Component
from openweir.dossier.fact import Estimate, Fact
from openweir.dossier.vocabulary import PREDICATES
from openweir.errors import DossierError

__all__ = ["check_component", "check_fact"]

_KINDS = {"flag": "true or false", "text": "text", "texts": "a list of texts"}
_DOMAINS = ("none", "biology", "chemistry", "cyber")


def check_fact(fact: Fact, *, where: str) -> None:
    """Check that a declared fact says something the vocabulary knows.

    Args:
        fact: as declared.
        where: its place in the case, such as `case.toml: fact[2]`.

    Raises:
        DossierError: an unknown predicate (the hint names the nearest one), or a value
            of another kind or unit than the predicate means.
    """
    predicate = PREDICATES.get(fact.predicate)
    if predicate is None:
        _unknown("predicate", fact.predicate, PREDICATES, where=f"{where}.predicate")
    found = _kind(fact)
    if found != predicate.kind:
        expected = _KINDS.get(predicate.kind, f"a number of {predicate.unit}")
        _refuse(f"`{fact.predicate}` is {expected}", "kind", f"{where}.value")
    if isinstance(fact.value, Estimate):
        if fact.unit != predicate.unit:
            _refuse(
                f"`{fact.predicate}` is counted in `{predicate.unit}`, not `{fact.unit}`",
                "unit",
                f"{where}.unit",
            )
        if fact.value.lower < 0:
            _refuse(f"`{fact.predicate}` cannot be negative", "negative", f"{where}.value")
    if fact.predicate == "specialised-domain" and fact.value not in _DOMAINS:
        _refuse(f"`{show(str(fact.value))}` is not a domain", "domain", f"{where}.value", _DOMAINS)


def check_component(component: Component, *, where: str) -> None:
    """Check that a declared component has a known name.

    Raises:
        DossierError: it has not; the hint names the nearest one.
    """
    if component.name not in COMPONENTS:
        _unknown("component", component.name, COMPONENTS, where=f"{where}.name")


def _kind(fact: Fact) -> str:
    if isinstance(fact.value, bool):
        return "flag"
    if isinstance(fact.value, Estimate):
        return "estimate"
    return "texts" if isinstance(fact.value, tuple) else "text"


def _unknown(what: str, word: str, known: Iterable[str], *, where: str) -> NoReturn:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    raise DossierError(
        f"`{show(word)}` is not a known {what}",
        code=what,
        where=where,
        hint=f"did you mean `{near[0]}`?" if near else "one of " + ", ".join(sorted(names)),
    )


def _refuse(message: str, code: str, where: str, choices: Iterable[str] = ()) -> NoReturn:
    hint = "one of " + ", ".join(choices) if choices else ""
    raise DossierError(message, code=code, where=where, hint=hint)
