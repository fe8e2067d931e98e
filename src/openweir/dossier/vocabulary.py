"""The words facts are stated in: one predicate, one meaning, one kind of value.

A policy may ask only for these; a case may declare only these.
"""

from types import MappingProxyType
from typing import NamedTuple

__all__ = ["PREDICATES", "Predicate"]


class Predicate(NamedTuple):
    """What a predicate means.

    Attributes:
        kind: `flag` (yes/no), `text`, `texts` or `estimate`.
        unit: of an estimate.
        meaning: one sentence.
    """

    kind: str
    unit: str | None
    meaning: str


PREDICATES: MappingProxyType[str, Predicate] = MappingProxyType(
    {
        "active-parameters": Predicate(
            "estimate", "parameter", "Parameters used for one token; equals `parameters` if dense."
        ),
        "architecture": Predicate("text", None, "Model class as the configuration names it."),
        "base-model": Predicate("texts", None, "Models this one is derived from."),
        "baseline-set": Predicate(
            "texts", None, "Models already public that marginal risk is stated against, with dates."
        ),
        "baseline-anchor": Predicate(
            "text",
            None,
            "The absolute anchor beside the baseline set: what no general AI could do.",
        ),
        "benefit-ledger": Predicate(
            "flag", None, "Whether the case states who benefits, how, and from which tier."
        ),
        "card": Predicate("flag", None, "Whether a model card (README.md) is among the files."),
        "contact": Predicate("text", None, "Where to report a problem with the release."),
        "context-length": Predicate("estimate", "token", "Longest input the configuration allows."),
        "cost-of-withholding": Predicate(
            "text", None, "What is lost, and by whom, if the release stays closed."
        ),
        "custom-code": Predicate(
            "flag", None, "Whether loading the model would run code from its folder or elsewhere."
        ),
        "datasets": Predicate("texts", None, "Training data sets the card names."),
        "dtypes": Predicate("texts", None, "Element types of the stored tensors."),
        "licence": Predicate(
            "text", None, "Licence of the weights as declared, or as its text says: id or words."
        ),
        "licence-conditions": Predicate(
            "texts",
            None,
            "Clauses beyond attribution: user-scale, revenue, field of use, territory.",
        ),
        "licence-coverage": Predicate(
            "texts", None, "Licences of a component that is under several, with the files of each."
        ),
        "licence-text": Predicate("flag", None, "Whether a licence text is among the files."),
        "licence-verdict": Predicate(
            "text",
            None,
            "How the licence text stands to those on record: `exact`, `modified`, `family`, "
            "`declared-only` or `none`.",
        ),
        "parameters": Predicate("estimate", "parameter", "Parameters stored, tied ones once."),
        "pickle-files": Predicate("flag", None, "Whether a file that unpickles is in the folder."),
        "refused-files": Predicate("flag", None, "Whether the gate refused any file."),
        "release-date": Predicate("text", None, "Day the release was made, YYYY-MM-DD."),
        "released-as": Predicate(
            "text", None, "How the release was in fact made, in the words of its maker."
        ),
        "safety-evaluation": Predicate(
            "text", None, "What the maker published about safety tests; a pointer, not evidence."
        ),
        "specialised-domain": Predicate(
            "text", None, "`none`, `biology`, `chemistry` or `cyber`: specialised training data."
        ),
        "tamper-evaluation": Predicate(
            "text", None, "What the maker published about tests after tampering; a pointer."
        ),
        "tokenizer": Predicate("text", None, "Tokenizer class or model type."),
        "training-compute": Predicate(
            "estimate", "FLOP", "Floating-point operations of the whole training."
        ),
        "training-tokens": Predicate("estimate", "token", "Tokens seen in training, with repeats."),
        "accelerator-hours": Predicate(
            "estimate", "accelerator-hour", "Accelerator time the maker reports for training."
        ),
    }
)
