"""Weights: what two sets of tensors say about each other.

In: model folders. Out: a `Comparison`: exact counts, an exact bound on how likely
they are between strangers, and one of three verdicts. Never: runs a model, loads
code, trusts a card's `base_model`, or says who came first.

numpy is loaded only when tensors are read; it comes with the extra `weights`.

Source: exact sign tests under independent symmetric initialisation and an
optimiser that is odd in each coordinate (SGD, Adam, AdamW).
"""

from openweir.weights.comparison import Comparison, SignTest, Verdict, compare
from openweir.weights.tensors import TensorSource, list_tensors, read_rows, require_numpy

__all__ = [
    "Comparison",
    "SignTest",
    "TensorSource",
    "Verdict",
    "compare",
    "list_tensors",
    "read_rows",
    "require_numpy",
]
