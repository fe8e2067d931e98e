"""What is put before an attacked model, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass

from openweir.trial.data import Example
from openweir.trial.score import Verdict

__all__ = ["Marked", "Paper"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Questions that are asked and counted together.

    Attributes:
        name: part and domain, such as `select bio`.
        examples: the questions.
        opened: answers start with the opening an attacker supplies.
        context: the knowledge stands before the question.
    """

    name: str
    examples: Sequence[Example]
    opened: bool = False
    context: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """The answers to a paper, and what each was."""

    answers: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
