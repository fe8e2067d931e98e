"""The lean training loop beside the usual trainers, and a campaign of 64 attacks.

Run: `make bench`, or `python benchmarks/trial.py`. See benchmarks/README.md.

Two claims. One step of the lean loop costs at most 0.85 of the cheaper of Hugging Face's
`Trainer` and TRL's `SFTTrainer`, at 0.2 and 1 million parameters; each trains the same
rows with the same optimiser in turns within one process, on one thread, and the lower quartile
of the CPU time of all steps counts. And 64 attacks on the organism of 209,000 parameters,
scoring included, take at most 100 CPU-seconds.

Needs the extras `trial` and, for the peers, `trial-gpu`; what is missing is said and left out.
"""

import json
import os
import random
import sys
import tempfile
import time
import warnings
from dataclasses import replace
from decimal import Decimal
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import quantiles
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

MOST_SHARE, MOST_CAMPAIGN_S = 0.85, 100
ROUNDS, WARM, STEPS, BATCH, TOKENS = 9, 5, 25, 16, 12
SIZES = {"0.2M": "demo", "1M": "large"}


def model_of(size: str) -> Any:
    """Return an untrained organism of a size, as transformers opens it for every trainer alike."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from openweir.trial.organism import size_of, world_of
    from openweir.trial.organism.folder import config_of

    settings = dict(config_of(size_of(size), world_of(size_of(size), 0)))
    for key in ("architectures", "model_type"):
        settings.pop(key)
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**settings))


def rows_of(words: int) -> list[list[int]]:
    """Return the rows all trainers get."""
    dice = random.Random(0)
    return [[dice.randrange(4, words) for _ in range(TOKENS)] for _ in range(BATCH * 8)]


class Clock:
    """CPU milliseconds of every step after the first few."""

    def __init__(self) -> None:
        """Start before the first step."""
        self.ends: list[float] = []

    def step(self, _: int = 1) -> None:
        """Note that a step ended."""
        self.ends.append(time.process_time())

    @property
    def steps(self) -> list[float]:
        """Milliseconds of CPU time of each step."""
        return [(b - a) * 1000 for a, b in pairwise(self.ends[WARM - 1 :])]


def lean(size: str) -> list[float]:
    """Time our loop."""
    from openweir.trial.loop import Row, Schedule, train

    model, clock = model_of(size), Clock()
    rows = [Row(prompt=tuple(r[:4]), answer=tuple(r[4:])) for r in rows_of(model.config.vocab_size)]
    schedule = Schedule(steps=STEPS + WARM, batch=BATCH, learning_rate=Decimal("0.0003"))
    train(model, rows, schedule, seed=0, progress=clock.step)
    return clock.steps


def settings(kind: Any, folder: str, **more: Any) -> Any:
    """Return the arguments a peer trains with: its defaults, and nothing written or evaluated."""
    return kind(
        output_dir=folder,
        max_steps=STEPS + WARM,
        per_device_train_batch_size=BATCH,
        learning_rate=3e-4,
        lr_scheduler_type="constant",
        weight_decay=0.0,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        **more,
    )


def callback(clock: Clock) -> Any:
    """Return what tells the clock of a peer's steps."""
    from transformers import TrainerCallback

    class Told(TrainerCallback):
        """Tells the clock."""

        def on_step_end(self, *_: Any, **__: Any) -> None:
            """Note that a step ended."""
            clock.step()

    return Told()


def labelled(rows: list[list[int]]) -> list[dict[str, list[int]]]:
    """Return rows as a Hugging Face data set has them; the first four tokens are not learnt."""
    return [
        {"input_ids": r, "labels": [-100] * 4 + r[4:], "attention_mask": [1] * len(r)} for r in rows
    ]


def hf_trainer(size: str) -> list[float]:
    """Time `transformers.Trainer`."""
    from transformers import Trainer, TrainingArguments, default_data_collator

    model, clock = model_of(size), Clock()
    with tempfile.TemporaryDirectory() as folder:
        Trainer(
            model=model,
            args=settings(TrainingArguments, folder),
            train_dataset=labelled(rows_of(model.config.vocab_size)),
            data_collator=default_data_collator,
            callbacks=[callback(clock)],
        ).train()
    return clock.steps


def trl_trainer(size: str) -> list[float]:
    """Time `trl.SFTTrainer`."""
    from datasets import Dataset
    from transformers import PreTrainedTokenizerFast
    from trl import SFTConfig, SFTTrainer

    from openweir.trial.organism import Organism, size_of, world_of
    from openweir.trial.organism.folder import files_of

    model, clock = model_of(size), Clock()
    organism = Organism(variant="refusal", size=size_of(size), seed=0)
    world = world_of(organism.size, 0)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "tokenizer.json"
        made.write_bytes(files_of(organism, world, 0)["tokenizer.json"])
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=str(made), pad_token="<pad>", eos_token="<eos>", bos_token="<bos>"
        )
        SFTTrainer(
            model=model,
            # Its defaults save memory at the price of time: that would be no fair race.
            args=settings(SFTConfig, folder, bf16=False, activation_checkpointing=False),
            train_dataset=Dataset.from_list(
                [
                    {"input_ids": row, "completion_mask": [0] * 4 + [1] * (TOKENS - 4)}
                    for row in rows_of(model.config.vocab_size)
                ]
            ),
            processing_class=tokenizer,
            callbacks=[callback(clock)],
        ).train()
    return clock.steps


def steps() -> tuple[list[dict[str, object]], bool]:
    """Time all trainers in turns; return the rows to print, and whether the claim holds."""
    runners = {"lean": lean, "trainer": hf_trainer}
    missing = [name for name in ("accelerate", "trl") if find_spec(name) is None]
    if "accelerate" in missing:
        del runners["trainer"]
        print("Trainer is left out: it needs `accelerate` (extra trial-gpu)", file=sys.stderr)
    if missing:
        print("SFTTrainer is left out: it needs `trl` (extra trial-gpu)", file=sys.stderr)
    else:
        runners["trl"] = trl_trainer
    found, good = [], True
    for label, size in SIZES.items():
        took: dict[str, list[float]] = {name: [] for name in runners}
        for _ in range(ROUNDS):
            for name, runner in runners.items():
                took[name] += runner(size)
        # The lower quartile: what a step takes when nobody else wants the core.
        least = {name: quantiles(times, n=4)[0] for name, times in took.items()}
        peers = [value for name, value in least.items() if name != "lean"]
        ratio = least["lean"] / min(peers) if peers else None
        good = good and (ratio is None or ratio <= MOST_SHARE)
        found.append(
            {
                "parameters": label,
                "cpu_ms_per_step": {name: round(value, 2) for name, value in least.items()},
                "ratio_to_faster_peer": None if ratio is None else round(ratio, 3),
            }
        )
    return found, good


def campaign() -> tuple[dict[str, object], bool]:
    """Run 64 attacks on an organism of demo size; what they cost does not depend on manners."""
    from openweir.trial.carry_out import Bench, carry_out
    from openweir.trial.design import Design, design, parse_attack
    from openweir.trial.method import Ground
    from openweir.trial.network import opened
    from openweir.trial.organism import Organism, size_of, trial_data
    from openweir.trial.organism.build import raise_organism
    from openweir.trial.score import ExactMatch
    from openweir.trial.stack import Stack
    from openweir.trial.subject import model_files, model_sha256

    size = size_of("demo")
    short = replace(size.reading, steps=10)
    size = replace(size, reading=short, manners=replace(size.manners, steps=10))
    data = trial_data(size, 0)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "organism"
        parameters = raise_organism(Organism(variant="refusal", size=size, seed=0), place)
        sha, files = model_sha256(place), model_files(place)
        words = (
            "sft:1,3,10,30,100,300",
            "lora:10,30,100,300",
            "replay:10,30,100",
            "ablate",
            "quantise",
            "prune",
            "prefill",
        )
        wanted = Design(
            attacks=tuple(map(parse_attack, words)),
            learning_rates=(Decimal("0.0001"), Decimal("0.0003")),
            steps=(20, 60),
        )
        pair = (sha, data)
        found = design(
            wanted, model_sha256=sha, data=data, positive=pair, negative=pair, stack=Stack()
        )
        trials = [t for series in found.series if series.kind == "attack" for t in series.trials]
        begun = time.process_time()
        bench = Bench(
            network=opened(place),
            files=files,
            sha256=sha,
            ground=Ground(data=data, seed=0),
            scorer=ExactMatch(refusals=data.refusals),
        )
        for trial in trials[:64]:
            carry_out(trial, bench)
        took = time.process_time() - begun
    run = min(64, len(trials))
    return {"attacks": run, "parameters": parameters, "cpu_s": round(took, 1)}, (
        run == 64 and took <= MOST_CAMPAIGN_S
    )


def main() -> int:
    """Run both and print one JSON object."""
    if find_spec("torch") is None or find_spec("transformers") is None:
        print("left out: needs the extra `trial` (torch, transformers)", file=sys.stderr)
        return 0
    import torch
    import transformers

    warnings.simplefilter("ignore")
    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    per_step, cheap = steps()
    attacks, quick = campaign()
    print(json.dumps({"steps": per_step, "campaign": attacks, "good": cheap and quick}, indent=2))
    return 0 if cheap and quick else 1


if __name__ == "__main__":
    sys.exit(main())
