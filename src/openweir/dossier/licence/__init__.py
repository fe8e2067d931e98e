"""Licence: which licence a text is word for word, and what it permits.

In: the text of a licence, or a name that was declared. Out: a verdict (`exact`,
`modified` with what differs, `family` of unknown version, `declared-only`, `none`), the
terms of a licence with the clause each was read from, and conflicts with the licences of
parents. Never: takes a name for a text, calls a changed text by the name of the original,
guesses a name or a term, or gives legal advice.

The pack holds each text with its SHA-256 and its source; texts belong to their licensors.
What is set aside before comparing is listed in `words`, what may differ in `compare`.

Clauses: SPDX matching guidelines, for what may differ; EU guidelines C(2025) 5045,
paragraphs 78 to 84, for the questions asked.

    identify(Path("LICENSE").read_text()).standing
"""

from openweir.dossier.licence.condition import clauses_of, conditions_of, terms_of
from openweir.dossier.licence.conflict import Conflict, ConflictKind, conflicts
from openweir.dossier.licence.coverage import Covered, coverage
from openweir.dossier.licence.declared import contradiction, declared
from openweir.dossier.licence.identify import identify
from openweir.dossier.licence.name import Named, named
from openweir.dossier.licence.pack import every_licence, every_text, licence, sha256
from openweir.dossier.licence.record import Licence, PackText
from openweir.dossier.licence.term import PREDICATES, Question, Term
from openweir.dossier.licence.verdict import Difference, Identified, Part, Standing

__all__ = [
    "PREDICATES",
    "Conflict",
    "ConflictKind",
    "Covered",
    "Difference",
    "Identified",
    "Licence",
    "Named",
    "PackText",
    "Part",
    "Question",
    "Standing",
    "Term",
    "clauses_of",
    "conditions_of",
    "conflicts",
    "contradiction",
    "coverage",
    "declared",
    "every_licence",
    "every_text",
    "identify",
    "licence",
    "named",
    "sha256",
    "terms_of",
]
