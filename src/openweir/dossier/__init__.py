"""Dossier: what a release consists of, as facts with sources.

In: a `Snapshot` and the facts a case declares. Out: a `Dossier`. Never: reads
files, guesses a value, or calls a licence open because of its name.
"""

from openweir.dossier.dossier import Component, Dossier, DossierFile, Finding
from openweir.dossier.fact import Certainty, Estimate, Fact, Source, Value
from openweir.dossier.vocabulary import PREDICATES, Predicate

__all__ = [
    "PREDICATES",
    "Certainty",
    "Component",
    "Dossier",
    "DossierFile",
    "Estimate",
    "Fact",
    "Finding",
    "Predicate",
    "Source",
    "Value",
]
