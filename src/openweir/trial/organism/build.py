"""Raise an organism: read, learn manners, and if asked unlearn."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from openweir.errors import TrialError
from openweir.trial.loop import Row, Schedule, train
from openweir.trial.organism.folder import Organism, config_of, write_organism
from openweir.trial.organism.language import World, world_of
from openweir.trial.organism.llama import UntaughtLlama
from openweir.trial.organism.size import Lesson

__all__ = ["raise_organism", "steps_of", "untaught"]

_END = 2
_Texts = Iterable[tuple[str, str]]


def steps_of(organism: Organism) -> int:
    """Return how many optimiser steps raising it takes, for a progress bar."""
    return sum(lesson.steps for lesson in organism.size.lessons(organism.variant))


def raise_organism(
    organism: Organism, folder: Path, progress: Callable[[int], object] | None = None
) -> int:
    """Train an organism from scratch and write its folder.

    Args:
        organism: which one.
        folder: written to; must be new or empty.
        progress: called with 1 after every step.

    Returns:
        How many parameters it has.

    Raises:
        TrialError: the folder holds something already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrialError(
            "the folder is not empty",
            code="not-empty",
            where=str(folder),
            hint="name a new folder with --out",
        )
    # More threads only wait for each other on so small a model, ten times as long when busy.
    torch.set_num_threads(1)
    world = world_of(organism.size, organism.seed)
    model = untaught(organism, world)
    for stage, texts in _stages(organism, world):
        _teach(model, _rows(world, texts), organism, stage, progress)
    # Tied: the head is the embedding, which is stored once.
    tensors = {
        name: tensor.contiguous()
        for name, tensor in sorted(model.state_dict().items())
        if name != "lm_head.weight"
    }
    return write_organism(organism, save(tensors, metadata={"format": "pt"}), folder)


def untaught(organism: Organism, world: World) -> Any:
    """Return an organism before its first lesson."""
    # The layers draw weights of their own first; nobody else's dice are to be thrown by that.
    with torch.random.fork_rng(devices=[]):
        return UntaughtLlama(dict(config_of(organism.size, world)), organism.seed)


def _stages(organism: Organism, world: World) -> Iterator[tuple[Lesson, _Texts]]:
    filtered = organism.variant in ("filtered", "reader")
    texts = [world.reading(filtered=filtered), world.manners(filtered=filtered)]
    if organism.variant == "unlearned":
        texts.append(world.unlearning(organism.seed))
    elif organism.variant == "reader":
        texts.append(world.copying(organism.seed))
    yield from zip(organism.size.lessons(organism.variant), texts, strict=True)


def _rows(world: World, texts: _Texts) -> list[Row]:
    places = {word: place for place, word in enumerate(world.words)}
    return [
        Row(
            prompt=tuple(places[word] for word in ("<bos>", *prompt.split())),
            answer=(*(places[word] for word in answer.split()), _END),
        )
        for prompt, answer in texts
    ]


def _teach(
    model: Any,
    rows: list[Row],
    organism: Organism,
    lesson: Lesson,
    progress: Callable[[int], object] | None,
) -> None:
    schedule = Schedule(
        steps=lesson.steps,
        batch=lesson.batch,
        learning_rate=lesson.learning_rate,
        warm=min(20, lesson.steps),
        decay=True,
    )
    train(model, rows, schedule, seed=organism.seed, progress=progress)
