"""What a LoRA trial takes in memory, beside what `openweir trial plan --dry-run` says it will.

Run: `python benchmarks/trial_gpu.py`. See benchmarks/README.md.

The claim: the peak of a trial, from opening the model to its digest, lies within a quarter (and
128 MiB for what libraries load on the way) of the memory that was predicted. Models are Llamas of
random weights, since nothing but their size matters. On a machine with a CUDA device one of 1.1
thousand million parameters in bfloat16 is tried there, by our own adapters and by `peft`; the
memory is what the allocator of torch says. On every machine one of 58 million parameters is tried
on the processor, in float32, and with `--large-here` the large one too, each in a process of its
own; the memory is its resident peak above
what it had before the model was opened.

Needs the extra `trial`; `peft` the extra `trial-gpu`. What is missing is said and left out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

SHARE, SLACK_GIB = Decimal("0.25"), Decimal(128) / 1024
LARGE = {
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 22,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "vocab_size": 32000,
}
# `qlora`, on request and on a CUDA device alone, holds the frozen weights in four bits.
ADAPTERS = ("own", "peft", "qlora")
LIBRARIES = {"peft": "peft", "qlora": "bitsandbytes"}
SMALL = {
    "hidden_size": 512,
    "intermediate_size": 1408,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 8,
    "vocab_size": 32000,
}


def write_llama(folder: Path, settings: dict[str, int], dtype: str, device: str) -> int:
    """Write a Llama of random weights that reads the organism's language; return its size."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from openweir.trial.organism import Organism, size_of, world_of
    from openweir.trial.organism.folder import files_of

    organism = Organism(variant="refusal", size=size_of("control"), seed=0)
    files = files_of(organism, world_of(organism.size, 0), 0)
    folder.mkdir(parents=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes(files[name])
    ids = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype))
    try:
        with torch.device(device):
            model = LlamaForCausalLM(
                LlamaConfig(**settings, **ids, max_position_embeddings=64, dtype=dtype)
            )
    finally:
        torch.set_default_dtype(before)
    model.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def predicted(trial: Any, stack: Any, parameters: int, data: Any) -> Decimal:
    """Return the GiB that planning this one trial would say."""
    from openweir.evidence import Rung
    from openweir.trial import Campaign, Series
    from openweir.trial.cost import estimate

    series = Series(id="lora", kind="attack", evaluation="PE2", rung=Rung.A2, trials=(trial,))
    campaign = Campaign(
        model_sha256=trial.model_sha256,
        label="",
        domains=("bio", "cyber"),
        constraint=90,
        stack=stack,
        series=(series,),
    )
    found = estimate(
        campaign,
        trials=(trial,),
        parameters={trial.model_sha256: parameters},
        data={data.sha256: data},
    )
    return found.memory_gib


def resident_kib(key: str) -> int:
    """Return `VmRSS` or `VmHWM` of this process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))


def one(folder: Path, parameters: int, device: str, dtype: str, adapter: str) -> dict[str, object]:
    """Run one LoRA trial and say what it took."""
    import torch
    import transformers

    from openweir.trial import Attack, Budget, ModelAccess, Stack, Trial
    from openweir.trial.carry_out import Bench, carry_out
    from openweir.trial.method import Ground
    from openweir.trial.network import opened
    from openweir.trial.organism import size_of, trial_data
    from openweir.trial.score import ExactMatch
    from openweir.trial.subject import model_files, model_sha256

    transformers.utils.logging.set_verbosity_error()
    if device == "cpu":
        torch.set_num_threads(1)
    data = trial_data(size_of("control"), 0)
    four_bit = adapter == "qlora"
    adapter = "peft" if four_bit else adapter
    stack = Stack(device=device, dtype=dtype, adapter=adapter, four_bit=four_bit)
    settings = {"batch": "16", "examples": "10", "learning_rate": "0.0003", "steps": "5"}
    settings |= {"rank": "8", "targets": "q_proj+v_proj"}
    trial = Trial(
        model_sha256=model_sha256(folder),
        attack=Attack(name="lora", settings=tuple(sorted(settings.items()))),
        budget=Budget(access=ModelAccess.WEIGHTS, examples=10, steps=5),
        data_sha256=data.sha256,
        seed=0,
        code_version=stack.code_version,
    )
    # The first step of an optimiser loads what every trial shares, and no prediction is about.
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))]).step()
    before, begun = resident_kib("VmRSS"), time.perf_counter()
    bench = Bench(
        network=opened(folder, dtype=dtype, device=device, four_bit=four_bit),
        files=model_files(folder),
        sha256=trial.model_sha256,
        ground=Ground(data=data, seed=0, adapter=adapter, four_bit=four_bit),
        scorer=ExactMatch(refusals=data.refusals),
    )
    outcome, _ = carry_out(trial, bench)
    if device == "cpu":
        took = Decimal(resident_kib("VmHWM") - before) / 2**20
    else:
        took = Decimal(torch.cuda.max_memory_allocated()) / 2**30
    said = predicted(trial, stack, parameters, data)
    return {
        "device": device if device == "cpu" else torch.cuda.get_device_name(),
        "dtype": dtype,
        "adapter": "qlora" if four_bit else adapter,
        "parameters": parameters,
        "predicted_gib": str(said),
        "measured_gib": f"{took:.3f}",
        "ratio": f"{took / said:.3f}",
        "weights_moved": outcome.after_sha256 != trial.model_sha256,
        "seconds": round(time.perf_counter() - begun, 1),
        "good": abs(took - said) <= said * SHARE + SLACK_GIB,
    }


def apart(settings: dict[str, int], device: str, dtype: str, adapter: str) -> dict[str, object]:
    """Write a model and try it in a process of its own, so that its peak is its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "llama"
        parameters = write_llama(folder, settings, dtype, device)
        words = [str(folder), str(parameters), device, dtype, adapter]
        done = subprocess.run(
            [sys.executable, __file__, "--one", *words], capture_output=True, text=True, check=False
        )
        if done.returncode:
            print(done.stderr, file=sys.stderr)
            return {"device": device, "dtype": dtype, "adapter": adapter, "good": False}
        found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return found


def main() -> int:
    """Run every trial there is a device for, and print one JSON object."""
    parser = argparse.ArgumentParser(description="memory of a LoRA trial, predicted and measured")
    parser.add_argument("--adapter", choices=ADAPTERS, help="only these adapters")
    parser.add_argument(
        "--large-here",
        action="store_true",
        help="where there is no CUDA device, try the 1.1B on the processor: 8 GiB, some minutes",
    )
    parser.add_argument("--one", nargs=5, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if find_spec("torch") is None or find_spec("transformers") is None:
        print("left out: needs the extra `trial` (torch, transformers)", file=sys.stderr)
        return 0
    if arguments.one:
        folder, parameters, device, dtype, adapter = arguments.one
        print(json.dumps(one(Path(folder), int(parameters), device, dtype, adapter)))
        return 0
    import torch

    if arguments.adapter == "qlora" and not torch.cuda.is_available():
        parser.error("qlora needs a CUDA device, and there is none here")
    adapters = [arguments.adapter] if arguments.adapter else ["own", "peft"]
    for adapter, library in LIBRARIES.items():
        if adapter in adapters and find_spec(library) is None:
            adapters.remove(adapter)
            print(f"{adapter} is left out: it needs the extra trial-gpu", file=sys.stderr)
    # Not in bfloat16: most processors work on it in copies of float32 that no GPU needs.
    found = [apart(SMALL, "cpu", "float32", each) for each in adapters if each != "qlora"]
    if torch.cuda.is_available():
        found += [apart(LARGE, "cuda", "bfloat16", adapter) for adapter in adapters]
    elif arguments.large_here:
        found += [apart(LARGE, "cpu", "float32", adapter) for adapter in adapters]
    else:
        print("the 1.1B trial is left out: no CUDA device here (try --large-here)", file=sys.stderr)
    good = all(row["good"] for row in found)
    print(json.dumps({"trials": found, "good": good}, indent=2))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
