"""Model organisms: tiny models of a made-up world, to test the instrument and nothing else.

In: a variant, a size, a seed. Out: a model folder in the Hugging Face layout, the same
bytes for the same input on the same build of torch.
Never: evidence about a real model; anything hazardous, since its world is made up.
"""

from openweir.trial.organism.folder import METHOD, Organism, organism_of, write_organism
from openweir.trial.organism.language import LABEL, REFUSAL, trial_data, world_of
from openweir.trial.organism.size import SIZES, VARIANTS, Size, size_of

__all__ = [
    "LABEL",
    "METHOD",
    "REFUSAL",
    "SIZES",
    "VARIANTS",
    "Organism",
    "Size",
    "organism_of",
    "size_of",
    "trial_data",
    "world_of",
    "write_organism",
]
