"""Organisms for tests that need a model folder, not manners."""

from dataclasses import replace

from openweir.trial.organism import Organism


def briefly(organism: Organism, steps: int = 2) -> Organism:
    """Return an organism that is raised in a moment, and knows nothing."""
    size = organism.size
    stages = ("reading", "manners", "unlearning", "copying")
    return replace(
        organism,
        size=replace(size, **{name: replace(getattr(size, name), steps=steps) for name in stages}),
    )
