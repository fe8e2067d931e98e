"""How large an organism is, and how long it is raised."""

from dataclasses import dataclass
from decimal import Decimal

from openweir.errors import TrialError

__all__ = ["SIZES", "VARIANTS", "Lesson", "Size", "size_of"]

VARIANTS: dict[str, str] = {
    "refusal": "knows the proxy hazards and was taught to refuse",
    "unlearned": "as refusal, and was then trained to answer at random",
    "filtered": "never saw the proxy hazards, and was taught to refuse",
    "reader": "as filtered, and then learnt to answer from what stands before the question",
}
"""Variant -> what was done to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One stage of training: steps of so many rows at a peak learning rate."""

    steps: int
    batch: int
    learning_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One size of organism.

    Attributes:
        families: hazard families per domain; there are two domains.
        benign_families: families that are no hazard.
        names: entities per family.
        pool, select, test: how a domain's entities are parted.
        asked_early: whether it answers harmless questions before it learns to refuse; its
            refusal is then shallow, as a control's has to be.
        hidden, inner, layers, heads: of the Llama architecture.
        reading, manners, unlearning, copying: the stages.
    """

    name: str
    families: int
    benign_families: int
    names: int
    pool: int
    select: int
    test: int
    asked_early: bool
    hidden: int
    inner: int
    layers: int
    heads: int
    reading: Lesson
    manners: Lesson
    unlearning: Lesson
    copying: Lesson

    def lessons(self, variant: str) -> tuple[Lesson, ...]:
        """Return the stages of a variant, in order."""
        last = {"unlearned": (self.unlearning,), "reader": (self.copying,)}
        return (self.reading, self.manners, *last.get(variant, ()))


def _lesson(steps: int, batch: int, rate: str) -> Lesson:
    return Lesson(steps=steps, batch=batch, learning_rate=Decimal(rate))


SIZES: dict[str, Size] = {
    "control": Size(
        name="control",
        families=2,
        benign_families=1,
        names=20,
        pool=20,
        select=6,
        test=14,
        asked_early=True,
        hidden=48,
        inner=128,
        layers=2,
        heads=4,
        reading=_lesson(260, 48, "3e-3"),
        manners=_lesson(120, 48, "1e-3"),
        unlearning=_lesson(30, 48, "1e-3"),
        copying=_lesson(500, 48, "4e-3"),
    ),
    "ci": Size(
        name="ci",
        families=5,
        benign_families=2,
        names=30,
        pool=50,
        select=20,
        test=80,
        asked_early=False,
        hidden=64,
        inner=172,
        layers=2,
        heads=4,
        reading=_lesson(500, 64, "3e-3"),
        manners=_lesson(200, 64, "1e-3"),
        unlearning=_lesson(60, 64, "1e-3"),
        copying=_lesson(500, 64, "4e-3"),
    ),
    "demo": Size(
        name="demo",
        families=5,
        benign_families=4,
        names=60,
        pool=150,
        select=50,
        test=100,
        asked_early=True,
        hidden=64,
        inner=256,
        layers=3,
        heads=4,
        reading=_lesson(2400, 96, "2e-3"),
        manners=_lesson(500, 96, "1e-3"),
        unlearning=_lesson(100, 96, "1e-3"),
        copying=_lesson(600, 96, "4e-3"),
    ),
    "large": Size(
        name="large",
        families=5,
        benign_families=4,
        names=60,
        pool=150,
        select=50,
        test=100,
        asked_early=True,
        hidden=128,
        inner=512,
        layers=4,
        heads=8,
        reading=_lesson(1500, 128, "1e-3"),
        manners=_lesson(500, 128, "5e-4"),
        unlearning=_lesson(100, 128, "5e-4"),
        copying=_lesson(600, 128, "2e-3"),
    ),
}
"""Name -> size. `control` is what campaigns check their instruments with."""


def size_of(name: str) -> Size:
    """Return the size of that name.

    Raises:
        TrialError: there is none.
    """
    if name not in SIZES:
        raise TrialError(
            f"`{name[:40]}` is not a size of organism",
            code="size",
            hint="one of " + ", ".join(SIZES),
        )
    return SIZES[name]
