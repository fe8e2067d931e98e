"""The words policies may use, gathered from the rooms that own them."""

from openweir.dossier import COMPONENTS, PREDICATES, Certainty
from openweir.evidence import Access, Independence, Rung
from openweir.policy import Vocabulary

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    predicates={name: (found.kind, found.unit) for name, found in PREDICATES.items()},
    components=tuple(COMPONENTS),
    certainties=tuple(certainty.value for certainty in Certainty),
    evaluations=("PE1", "PE2", "PE3", "PE4", "SYS"),
    rungs=tuple(rung.name for rung in Rung),
    independences=tuple(level.word for level in Independence),
    accesses=tuple(level.name for level in Access),
    roles=("developer", "reviewer", "evaluator"),
)
