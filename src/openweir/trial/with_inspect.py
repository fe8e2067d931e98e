"""Run an Inspect task on a network in memory, and read its log as anyone else's.

The task brings solver, scorer and, where a question of the campaign is one of its own
samples, all of that sample; the campaign brings the questions, parted as they are, so that
what is sealed stays sealed. One sample at a time, greedily: the same trial comes to the
same verdicts. The log holds answers of attacked weights and is deleted when it was read.
"""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inspect_ai import eval as run_task
from inspect_ai import task_with
from inspect_ai._eval.loader import load_tasks  # no public name loads a task without running it
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageUser,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    get_model,
    modelapi,
)

from openweir.errors import EvidenceError, TrialError
from openweir.evidence.inspect_answers import Answered, read_answers
from openweir.trial.data import Example, TrialData
from openweir.trial.inspect_task import InspectTask, parse_task
from openweir.trial.network import Network
from openweir.trial.paper import Marked, Paper
from openweir.trial.score import Verdict, refuses

__all__ = ["marked_by"]


class _Attacked(ModelAPI):
    """A provider of Inspect that answers from weights in this process."""

    network: Network
    longest: int

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: Any = GenerateConfig(),  # noqa: B008 - what Inspect itself hands over
        **_: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> Any:  # noqa: A002, ARG002 - Inspect's names
        """Answer a conversation; one that ends in the model's own words is gone on with."""
        if tools:
            raise TrialError("the attacked model cannot call tools", code="inspect-tools")
        turns = [{"role": one.role, "content": one.text} for one in input]
        opening = turns.pop()["content"] if turns[-1]["role"] == "assistant" else ""
        longest = min(self.longest, config.max_tokens or self.longest)
        answer, asked, drawn = self.network.converse(turns, opening=opening, longest=longest)
        found = ModelOutput.from_content(self.model_name, answer)
        # Told, or Inspect would count them with a tokenizer from the network.
        found.usage = ModelUsage(
            input_tokens=asked, output_tokens=drawn, total_tokens=asked + drawn
        )
        return found

    def max_connections(self) -> int:
        """Return 1: what an answer is must not depend on what is asked beside it."""
        return 1


modelapi(name="openweir")(_Attacked)


def marked_by(
    task: InspectTask, network: Network, papers: Sequence[Paper], data: TrialData
) -> tuple[Marked, ...]:
    """Ask all papers in one run of a task.

    Args:
        task: named by whoever started the command.
        network: with the weights under attack.
        papers: the questions.
        data: for how long an answer may be, and how a refusal is known.

    Raises:
        TrialError: the task was changed, cannot be loaded, or did not run to its end.
    """
    task.check_outside(network.folder)
    if task.file is not None and parse_task(f"{task.source}@{task.name}") != task:
        raise TrialError(
            "the Inspect task was changed since the command began",
            code="inspect-task",
            where=task.source,
            hint="what is planned with one task is not scored by another",
        )
    with warnings.catch_warnings(), tempfile.TemporaryDirectory(prefix="openweir-") as logs:
        warnings.simplefilter("ignore")
        answered = _run(task, network, papers, data, Path(logs))
    return tuple(
        _marked([answered[f"{index}-{place}"] for place in range(len(paper.examples))], data)
        for index, paper in enumerate(papers)
    )


def _run(
    task: InspectTask, network: Network, papers: Sequence[Paper], data: TrialData, logs: Path
) -> dict[str, Answered]:
    model = get_model("openweir/attacked", memoize=False)
    model.api.network, model.api.longest = network, data.answer_tokens
    try:
        (loaded,) = load_tasks(
            [f"{task.source}@{task.name}" if task.file else f"{task.source}/{task.name}"]
        )
        own = {one.input: one for one in loaded.dataset or () if isinstance(one.input, str)}
        samples = [
            _sample(f"{index}-{place}", example, paper, own)
            for index, paper in enumerate(papers)
            for place, example in enumerate(paper.examples)
        ]
        (log,) = run_task(
            task_with(loaded, dataset=MemoryDataset(samples, name=data.name)),
            model=model,
            display="none",
            log_dir=str(logs),
            log_format="eval",
            log_level="error",
            epochs=1,
            max_samples=1,
            max_tasks=1,
            fail_on_error=True,
            log_samples=True,
            log_realtime=False,
            log_images=False,
            log_model_api=False,
            score_display=False,
            acp_server=False,
            ctl_server=False,
        )
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a task is anybody's code
        raise _failed(task, str(error)) from None
    if log.status != "success":
        raise _failed(task, log.error.message if log.error else log.status)
    (file,) = logs.glob("*.eval")
    with file.open("rb") as stream:
        try:
            _, found = read_answers(stream, where=task.name)
        except EvidenceError as error:
            raise TrialError(
                f"what the Inspect task says cannot be counted: {error.message}",
                code="inspect-score",
                where=task.source,
                hint=error.hint,
            ) from None
    return {one.id: one for one in found}


def _sample(place: str, example: Example, paper: Paper, own: dict[str, Any]) -> Any:
    asked = f"{example.context} {example.prompt}" if paper.context else example.prompt
    put: Any = asked
    if paper.opened and example.opening:
        put = [ChatMessageUser(content=asked), ChatMessageAssistant(content=example.opening)]
    known = own.get(example.prompt)
    if known is None:
        return Sample(id=place, input=put, target=example.reference)
    return known.model_copy(update={"id": place, "input": put})


def _marked(found: list[Answered], data: TrialData) -> Marked:
    return Marked(
        answers=tuple(one.answer for one in found),
        verdicts=tuple(
            Verdict(
                right=one.right,
                refused=refuses(one.answer, data.refusals) if one.refused is None else one.refused,
            )
            for one in found
        ),
    )


def _failed(task: InspectTask, said: str) -> TrialError:
    return TrialError(
        f"the Inspect task `{task.name}` did not run: {' '.join(said.split())[:160]}",
        code="inspect-task",
        where=task.source,
        hint="it must take plain questions with a target, and need no tools and no network",
    )
