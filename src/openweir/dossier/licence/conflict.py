"""Conflicts between the licence of a model and those of the models it was made from.

A parent's licence binds what is made from it. What is said here follows from the terms on
record: it names the clause, and it stays `unknown` where nobody has read one.

Source: EU guidelines C(2025) 5045, paragraph 82; the clauses of each licence.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from openweir.dossier.licence.pack import licence
from openweir.dossier.licence.record import Licence
from openweir.dossier.licence.term import Term

__all__ = ["Conflict", "ConflictKind", "conflicts"]


class ConflictKind(StrEnum):
    """How a parent's term stands to the child's licence; the gravest first."""

    CONFLICT = "conflict"  # the child's licence gives what the parent's withholds
    UNKNOWN = "unknown"  # a term that decides it was not read
    DUTY = "duty"  # no conflict, but something the parent asks of whoever passes the child on


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One term of a parent's licence that the child has to answer to.

    Attributes:
        kind: see `ConflictKind`.
        child, parent: licences on record.
        predicate: the question the term answers.
        reason: one sentence.
        clause: of the parent's licence.
    """

    kind: ConflictKind
    child: str
    parent: str
    predicate: str
    reason: str
    clause: str

    def to_json(self) -> dict[str, object]:
        """Return the conflict as plain JSON values."""
        return {
            "kind": self.kind.value,
            "child": self.child,
            "parent": self.parent,
            "predicate": self.predicate,
            "reason": self.reason,
            "clause": self.clause,
        }


_Say = Callable[[ConflictKind, Term, str], Conflict]

# Limits of the parent that the child's licence must repeat, with what happens if it does not.
_KEPT = {
    "commercial": "the parent limits commercial use and the child does not",
    "scale_cap": "the parent changes rights with scale and the child does not",
    "field_of_use": "the parent forbids uses and the child does not",
    "acceptable_use_policy": "the parent binds use to a policy and the child does not",
    "excluded": "the parent excludes persons or territories and the child does not",
    "output_training_limit": "the parent limits what outputs may train and the child does not",
}
# Terms of the parent that ask something of whoever passes the child on.
_DUTIES = ("attribution", "remote_restriction", "ends_on")


def conflicts(child: str, parents: Iterable[str]) -> tuple[Conflict, ...]:
    """Return what the licences of its parents ask of a model's licence.

    Args:
        child: the licence of the model, on record.
        parents: the licences of the models it was made from, on record.

    Raises:
        DossierError: one of them is not on record.
    """
    own = licence(child)
    found = {conflict: None for parent in parents for conflict in _between(own, licence(parent))}
    order = list(ConflictKind)
    return tuple(sorted(found, key=lambda c: (order.index(c.kind), c.parent, c.predicate)))


def _between(child: Licence, parent: Licence) -> Iterator[Conflict]:
    def say(kind: ConflictKind, term: Term, reason: str) -> Conflict:
        return Conflict(
            kind=kind,
            child=child.licence,
            parent=parent.licence,
            predicate=term.predicate,
            reason=reason,
            clause=term.clause,
        )

    for predicate, wrong in (
        ("modify", "the parent permits no changed version"),
        ("redistribute", "the parent may not be passed on"),
    ):
        term = parent.terms[predicate]
        if term.values == ("no",):
            yield say(ConflictKind.CONFLICT, term, wrong)
        elif term.values == ("limited",):
            limit = term.condition or f"only as the parent's clause {term.clause} permits"
            yield say(ConflictKind.DUTY, term, limit)
    if child.licence != parent.licence:
        yield from _kept(child, parent, say)
    unread = [name for name, term in parent.terms.items() if not term.known]
    if unread:
        yield say(
            ConflictKind.UNKNOWN,
            parent.terms[unread[0]],
            f"not read in the parent's licence: {', '.join(unread)}",
        )
    for predicate in _DUTIES:
        term = parent.terms[predicate]
        if term.known and term.condition:
            yield say(ConflictKind.DUTY, term, term.condition)


def _kept(child: Licence, parent: Licence, say: _Say) -> Iterator[Conflict]:
    """Yield where another licence than the parent's fails to keep what the parent asks."""
    same = parent.terms["relicense_derivatives"]
    if same.values == ("no",):
        yield say(
            ConflictKind.CONFLICT,
            same,
            same.condition or "what is made from the parent must bear the parent's licence",
        )
    passed_on = parent.terms["pass_on_restrictions"]
    for predicate, reason in _KEPT.items():
        term, own = parent.terms[predicate], child.terms[predicate]
        if not term.known or term.free:
            continue
        if not own.known:
            yield say(ConflictKind.UNKNOWN, term, f"{reason}, as far as it was read")
        elif own.free:
            yield say(ConflictKind.CONFLICT, term, reason)
        elif own.values != term.values:
            yield say(ConflictKind.UNKNOWN, term, "parent and child word it differently")
    if passed_on.values == ("yes",) and child.terms["pass_on_restrictions"].free:
        yield say(
            ConflictKind.CONFLICT,
            passed_on,
            "the parent's limits must be passed on, and the child's licence does not",
        )
