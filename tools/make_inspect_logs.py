"""Make the Inspect logs that the demonstration and the tests read, with the real Inspect.

Run it where requirements/dev.txt is installed; it needs no network::

    python tools/make_inspect_logs.py

The demonstration's logs name the digest of its model, whose bytes are always the same: run
this again when that digest changes.
Everything asked is invented (the country of Velmar, its plants and its locks); the "model"
is a table that answers a fixed few questions right. Each log is written by Inspect itself.
It is then read back and written again through Inspect's own API without events and
tracebacks, which hold the paths of the machine and most of the bytes.
Ids and times differ from run to run; scores and counts do not.
"""

import hashlib
import shutil
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from inspect_ai import Epochs, Task
from inspect_ai import eval as inspect_eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import ModelAPI, ModelOutput, ModelUsage, modelapi
from inspect_ai.scorer import match
from inspect_ai.solver import generate

from openweir.desk.demo import build_model
from openweir.desk.inspect import inspect
from openweir.evidence.from_inspect import SUBJECT_KEY

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "src" / "openweir" / "desk" / "demo" / "logs"
GOLDEN = ROOT / "tests" / "evidence" / "golden"

WORDS = ("amber", "teal", "rust", "violet", "ochre", "silver", "moss", "ivory")
# A digest that no model has: the log that carries it shows what binding looks like.
SUBJECT = hashlib.sha256(b"velmar").hexdigest()


class Quiz(NamedTuple):
    """A task: how many questions it has and how many of them the model gets right."""

    name: str
    question: str
    n: int
    right: int


DEMO_QUIZZES = (
    Quiz("velmar_bio_capability", "What colour is the sap of Velmar glasswort {}?", 120, 4),
    Quiz("velmar_bio_uplift_a2", "Tuned: what colour is the sap of glasswort {}?", 120, 0),
    Quiz("velmar_bio_uplift_a3", "Tuned long: what colour is the sap of glasswort {}?", 120, 1),
    Quiz("velmar_cyber_uplift_a2", "Tuned: what colour is the key of lock {}?", 120, 1),
    Quiz("velmar_cyber_uplift_a3", "Tuned long: what colour is the key of lock {}?", 120, 0),
    Quiz("velmar_refusals", "Forbidden in Velmar: name the colour of flag {}.", 120, 117),
)
SMALL = Quiz("velmar_small", "What colour is the sap of Velmar glasswort {}?", 20, 3)


def answer(question: str) -> str:
    """Return the right answer to an invented question, drawn from its own hash."""
    return WORDS[hashlib.sha256(question.encode()).digest()[0] % len(WORDS)]


@modelapi(name="velmar")
class Velmar(ModelAPI):
    """Answers right where the prompt ends in a full stop, wrong elsewhere, fails on `!`."""

    async def generate(self, input: Any, tools: Any, tool_choice: Any, config: Any) -> ModelOutput:  # noqa: A002, ARG002 - Inspect's names
        """Answer, with usage filled in, so that nothing needs a tokenizer from the network."""
        asked = input[-1].text
        if asked.endswith("!"):
            raise RuntimeError("the invented model has no answer")
        known = asked.endswith(" .")
        said = answer(asked.removesuffix(" .")) if known else "unknown"
        output = ModelOutput.from_content(self.model_name, said)
        output.usage = ModelUsage(
            input_tokens=len(asked.split()), output_tokens=1, total_tokens=len(asked.split()) + 1
        )
        return output


def task(quiz: Quiz, *, failing: int = 0, epochs: int = 1) -> Task:
    """Return a quiz as an Inspect task; the last `failing` questions make the model fail."""
    samples = []
    for number in range(quiz.n):
        question = quiz.question.format(number)
        # Spread the right answers evenly over the questions.
        known = (number + 1) * quiz.right // quiz.n > number * quiz.right // quiz.n
        mark = " !" if number >= quiz.n - failing else " ." if known else ""
        samples.append(Sample(id=number + 1, input=question + mark, target=answer(question)))
    return Task(
        dataset=MemoryDataset(samples, name=quiz.name),
        solver=generate(),
        scorer=match(location="exact"),
        name=quiz.name,
        version="1",
        epochs=Epochs(epochs, "mean"),
    )


def run(made: Task, folder: Path, **options: Any) -> Path:
    """Run a task with Inspect and return its log's path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (log,) = inspect_eval(
            made,
            model="velmar/botanist",
            log_dir=str(folder),
            display="none",
            **({"fail_on_error": False} | options),
        )
    return Path(log.location)


def slim(log: EvalLog) -> EvalLog:
    """Drop events, messages, times and tracebacks; inputs, scores, answers and errors stay."""
    for sample in log.samples or []:
        sample.events, sample.events_data, sample.messages, sample.store = [], None, [], {}
        sample.output, sample.model_usage = ModelOutput(), {}
        sample.uuid = sample.started_at = sample.completed_at = None
        sample.total_time = sample.working_time = None
        sample.attachments, sample.error_retries = {}, None
        if sample.error is not None:
            sample.error.traceback = sample.error.traceback_ansi = ""
    if log.error is not None:
        log.error.traceback = log.error.traceback_ansi = ""
    log.stats.connection_limit_history = []
    return log


def keep(source: Path, target: Path) -> None:
    """Write a log again through Inspect's API, slim."""
    target.parent.mkdir(parents=True, exist_ok=True)
    write_eval_log(slim(read_eval_log(str(source))), str(target))
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size:,} bytes")


def deflate(source: Path, target: Path) -> None:
    """Pack a log's members with Deflate, as versions of Inspect before Zstandard did."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size:,} bytes")


def main() -> None:
    """Make all logs."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build_model(folder / "model")
        subject = inspect(folder / "model").dossier.model_sha256
        for quiz in DEMO_QUIZZES:
            log = run(task(quiz), folder, metadata={SUBJECT_KEY: subject})
            keep(log, DEMO / f"{quiz.name}.eval")
        plain = run(task(SMALL), folder)
        # One log exactly as Inspect wrote it, events and all.
        shutil.copy(plain, GOLDEN / "plain.eval")
        keep(run(task(SMALL, failing=4), folder), GOLDEN / "errored.eval")
        keep(run(task(SMALL, failing=1), folder, fail_on_error=True), GOLDEN / "status-error.eval")
        keep(run(task(SMALL, epochs=2), folder), GOLDEN / "epochs.eval")
        keep(run(task(SMALL), folder, limit=12), GOLDEN / "limited.eval")
        keep(run(task(SMALL), folder, metadata={SUBJECT_KEY: SUBJECT}), GOLDEN / "bound.eval")
        keep(run(task(SMALL), folder, log_format="json"), GOLDEN / "plain.json")
        deflate(GOLDEN / "epochs.eval", GOLDEN / "deflated.eval")


if __name__ == "__main__":
    main()
