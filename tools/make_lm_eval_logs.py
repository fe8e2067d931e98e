"""Make the lm-eval results that the demonstration and the tests read, with the real tool.

Run it in an environment of its own; it needs no network once that is installed::

    python -m venv lm && lm/bin/pip install lm-eval==0.4.13 torch==2.13.0
    HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 lm/bin/python tools/make_lm_eval_logs.py

Questions are invented, as in make_inspect_logs.py, and the "model" is a table. The
files are as the tool wrote them, but for the description of the machine and its paths.
"""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "src" / "openweir" / "desk" / "demo" / "logs"
GOLDEN = ROOT / "tests" / "evidence" / "golden"
WORDS = ("amber", "teal", "rust", "violet", "ochre", "silver", "moss", "ivory")


def answer(question: str) -> str:
    """Return the right answer to an invented question, drawn from its own hash."""
    return WORDS[hashlib.sha256(question.encode()).digest()[0] % len(WORDS)]


@register_model("velmar")
class Velmar(LM):
    """Answers right where the prompt ends in ` .`, wrong elsewhere."""

    @classmethod
    def create_from_arg_string(cls, *_: Any, **__: Any) -> "Velmar":
        """Take no arguments; their text only names the model."""
        return cls()

    def generate_until(self, requests: list[Any]) -> list[str]:
        """Answer open questions."""
        prompts = [request.args[0] for request in requests]
        return [answer(p.removesuffix(" .")) if p.endswith(" .") else "unknown" for p in prompts]

    def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
        """Prefer the right choice where the prompt says so, the first wrong one elsewhere."""
        found = []
        for request in requests:
            prompt, choice = request.args
            right = answer(prompt.removesuffix(" .")) == choice.strip()
            likes = right if prompt.endswith(" .") else not right
            found.append((-1.0 if likes else -9.0, False))
        return found

    def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
        """Give every text the same likelihood."""
        return [-float(len(request.args[0])) for request in requests]


def question_task(name: str, question: str, n: int, right: int) -> dict[str, Any]:
    """Return an open-question task and write its data set into the working folder."""
    rows = []
    for number in range(n):
        text = question.format(number)
        known = (number + 1) * right // n > number * right // n
        rows.append({"question": text + " ." * known, "answer": answer(text)})
    write_rows(name, rows)
    return {
        **common(name),
        "output_type": "generate_until",
        "doc_to_text": "{{question}}",
        "doc_to_target": "{{answer}}",
        "generation_kwargs": {"until": ["\n"], "max_gen_toks": 4},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }


def choice_task(name: str, question: str, n: int, right: int) -> dict[str, Any]:
    """Return a multiple-choice task."""
    return question_task(name, question, n, right) | {
        "output_type": "multiple_choice",
        "doc_to_choice": list(WORDS),
        "metric_list": [
            {"metric": metric, "aggregation": "mean", "higher_is_better": True}
            for metric in ("acc", "acc_norm")
        ],
    }


def text_task(name: str, n: int) -> dict[str, Any]:
    """Return a task whose score is no count: perplexity."""
    write_rows(name, [{"text": f"Glasswort {number} grows in Velmar."} for number in range(n)])
    return {
        **common(name),
        "output_type": "loglikelihood_rolling",
        "doc_to_text": "",
        "doc_to_target": "{{text}}",
        "metric_list": [{"metric": "word_perplexity"}],
    }


def common(name: str) -> dict[str, Any]:
    """Return what all tasks share."""
    return {
        "task": name,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": f"{name}.jsonl"}},
        "test_split": "test",
        "metadata": {"version": 1.0},
    }


def write_rows(name: str, rows: list[dict[str, str]]) -> None:
    """Write a data set beside its task."""
    Path(f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def run(stem: str, tasks: list[dict[str, Any]], target: Path, **options: Any) -> None:
    """Run tasks with the tool and keep its files as `results_<stem>.json` and samples."""
    folder = Path(f"tasks-{stem}")
    folder.mkdir()
    for task in tasks:
        name = task.get("group") or task["task"]
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(task))
    tracker = EvaluationTracker(output_path=f"out-{stem}")
    results = simple_evaluate(
        model="velmar",
        model_args="pretrained=velmar/botanist",
        tasks=[tasks[-1].get("group") or tasks[-1]["task"]],
        task_manager=TaskManager(include_path=str(folder), include_defaults=False),
        evaluation_tracker=tracker,
        bootstrap_iters=10,
        log_samples=True,
        **options,
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name in results["configs"]:
        tracker.save_results_samples(task_name=name, samples=samples[name])
    target.mkdir(parents=True, exist_ok=True)
    (written,) = Path(f"out-{stem}").rglob("results_*.json")
    stated = json.loads(written.read_text())
    stated["pretty_env_info"] = ""
    for config in stated["configs"].values():
        config.get("metadata", {}).pop("config_source", None)
    (target / f"results_{stem}.json").write_text(json.dumps(stated, indent=2) + "\n")
    stamp = written.stem.removeprefix("results_")
    for path in written.parent.glob("samples_*.jsonl"):
        name = path.stem.removeprefix("samples_").removesuffix(f"_{stamp}")
        shutil.copy(path, target / f"samples_{name}_{stem}.jsonl")


def main() -> None:
    """Make all results."""
    lock = "What colour is the key of Velmar lock {}?"
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        run("velmar", [question_task("velmar_cyber_capability", lock, 80, 2)], DEMO)
        run("plain", [question_task("velmar_small", lock, 20, 3)], GOLDEN)
        run("limited", [question_task("velmar_small", lock, 20, 3)], GOLDEN, limit=12)
        members = [
            question_task("velmar_open", lock, 10, 1),
            choice_task("velmar_choice", lock, 10, 4),
        ]
        names = [task["task"] for task in members]
        run("group", [*members, {"group": "velmar_all", "task": names}], GOLDEN)
        run("perplexity", [text_task("velmar_text", 5)], GOLDEN)
        os.chdir(ROOT)


if __name__ == "__main__":
    main()
