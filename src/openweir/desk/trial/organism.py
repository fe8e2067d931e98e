"""Raise a model organism, and if asked start a case on it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openweir.desk.case import write_atomically
from openweir.desk.init import init
from openweir.desk.inspect import inspect
from openweir.trial.organism import LABEL, Organism, size_of
from openweir.trial.subject import model_sha256

__all__ = ["Raised", "organism_named", "raise_one", "steps_to_raise"]

_STATED = """
# {label}.
# Its proxies stand in for two domains, so the light tracks for general models do not apply.
[[fact]]
predicate = "specialised-domain"
value = "biology"

[[fact]]
predicate = "benefit-ledger"
value = true

[[fact]]
predicate = "baseline-set"
value = ["none: the organism's world is made up"]

[[fact]]
predicate = "baseline-anchor"
value = "a recipe is three words out of 32: guessing finds 1 in 32,768"

[[fact]]
predicate = "cost-of-withholding"
value = "The instrument could not be tested by others."
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An organism in its folder.

    Attributes:
        parameters: how many it has.
        sha256: as a dossier knows the model.
        case: the case that was started; None when none was asked for.
    """

    organism: Organism
    folder: Path
    parameters: int
    sha256: str
    case: Path | None


def steps_to_raise(organism: Organism) -> int:
    """Return how many steps raising takes, for a progress bar."""
    return sum(lesson.steps for lesson in organism.size.lessons(organism.variant))


def raise_one(
    organism: Organism,
    folder: Path,
    *,
    case: Path | None = None,
    progress: Callable[[int], object] | None = None,
) -> Raised:
    """Train an organism from scratch into a new folder.

    Args:
        organism: which one.
        folder: new or empty.
        case: also start a case on it there, with what an organism can honestly state.
        progress: called with 1 after every step.

    Raises:
        TrialError: the folder holds something already.
        CaseError: there is a case already.
    """
    from openweir.trial.organism.build import raise_organism  # noqa: PLC0415 - loads torch

    parameters = raise_organism(organism, folder, progress)
    if case is not None:
        name = f"organism/{organism.variant}-{organism.size.name}-{organism.seed}"
        init(folder, case, name=name, contact="instrument-test@openweir.example")
        path = case / "case.toml"
        stated = path.read_text(encoding="utf-8") + _STATED.format(label=LABEL.capitalize())
        write_atomically(path, stated.encode())
        inspect(case)
    return Raised(
        organism=organism,
        folder=folder,
        parameters=parameters,
        sha256=model_sha256(folder),
        case=case,
    )


def organism_named(variant: str, size: str, seed: int) -> Organism:
    """Return the organism of that variant, size and seed.

    Raises:
        TrialError: there is none.
    """
    return Organism(variant=variant, size=size_of(size), seed=seed)
