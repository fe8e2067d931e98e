"""The words policies may use, gathered from the rooms that own them."""

from openweir.dossier import PREDICATES, Certainty
from openweir.evidence import Access, Independence, Rung
from openweir.policy import Vocabulary

__all__ = ["VOCABULARY"]

VOCABULARY = Vocabulary(
    predicates={name: (found.kind, found.unit) for name, found in PREDICATES.items()},
    components=(
        *("Data card", "Data preprocessing code", "Datasets", "Evaluation code"),
        *("Evaluation data", "Evaluation results", "Inference code", "Model architecture"),
        *("Model card", "Model metadata", "Model parameters (Final)"),
        *("Model parameters (Intermediate)", "Research paper", "Sample model outputs"),
        *("Supporting libraries and tools", "Technical report", "Training code"),
        "Tokenizer",
    ),
    certainties=tuple(certainty.value for certainty in Certainty),
    evaluations=("PE1", "PE2", "PE3", "PE4", "SYS"),
    rungs=tuple(rung.name for rung in Rung),
    independences=tuple(level.word for level in Independence),
    accesses=tuple(level.name for level in Access),
    roles=("developer", "reviewer", "evaluator", "director"),
)
