"""Which claim a well-known task speaks to: a table people can read and add to."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from openweir.evidence.claim import slug

__all__ = ["Task", "claim_of", "tasks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One row of `tasks.csv`.

    Attributes:
        task: the name without its package, in small letters with underscores.
        claim: what a result speaks to.
        event: which answers are the claim's event: `correct` or `incorrect`.
        safer: `fewer` or `more` events.
        note: what the task asks; empty for a task that is not in the table.
    """

    task: str
    claim: str
    event: str
    safer: str
    note: str


@lru_cache(maxsize=1)
def tasks() -> tuple[Task, ...]:
    """Return the table, sorted by task."""
    text = files("openweir.evidence").joinpath("tasks.csv").read_text(encoding="utf-8")
    return tuple(Task(**row) for row in csv.DictReader(text.splitlines()))


def claim_of(name: str) -> Task:
    """Return the row for a task's name; for one that is not in the table, `other.<name>`.

    Args:
        name: as a log spells it: `inspect_evals/wmdp_bio`.
    """
    plain = slug(name.rsplit("/", 1)[-1]).replace("-", "_")
    for task in tasks():
        if task.task == plain:
            return task
    return Task(task=plain, claim=f"other.{slug(plain)}", event="correct", safer="fewer", note="")
