"""What a licence asks of whoever uses it, beyond notices, as plain sentences."""

from collections.abc import Iterable

from openweir.dossier.licence.pack import licence
from openweir.dossier.licence.term import PREDICATES, Term

__all__ = ["clauses_of", "conditions_of", "terms_of"]


def terms_of(name: str) -> tuple[Term, ...]:
    """Return what a licence says on every question, in the order of the questions.

    Raises:
        DossierError: it is not on record.
    """
    terms = licence(name).terms
    return tuple(terms[predicate] for predicate in PREDICATES)


def conditions_of(names: Iterable[str]) -> tuple[str, ...]:
    """Return every condition beyond notices that these licences set, each once, in order.

    A condition that nobody has read a text for is not among them.

    >>> conditions_of(["MIT"])
    ()
    >>> conditions_of(["CC-BY-NC-4.0"])
    ('no commercial use',)
    """
    return tuple(
        dict.fromkeys(term.condition for name in names for term in terms_of(name) if term.condition)
    )


def clauses_of(names: Iterable[str]) -> str:
    """Return where those conditions stand: `sections 1(b)(i), 2`."""
    clauses = dict.fromkeys(
        term.clause for name in names for term in terms_of(name) if term.condition
    )
    return "clauses " + "; ".join(clauses) if clauses else ""
