"""What large models need, as far as a processor can show it: adapters left on, bfloat16, memory."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from openweir.cli.main import main
from openweir.errors import TrialError
from openweir.trial import Attack, Budget, Stack, Trial

pytest.importorskip("torch", reason="needs the extra `trial`")
pytestmark = [pytest.mark.trial, pytest.mark.slow]

LORA = {
    "batch": "16",
    "examples": "10",
    "learning_rate": "0.001",
    "rank": "8",
    "steps": "60",
    "targets": "q_proj+v_proj",
}


def carried(network, folder, *, keep=None, **ground):
    """Carry a LoRA trial out; return outcome, right answers of 28, and trial."""
    from openweir.trial.carry_out import Bench, carry_out
    from openweir.trial.method import Ground
    from openweir.trial.organism import size_of, trial_data
    from openweir.trial.score import ExactMatch
    from openweir.trial.subject import model_files, model_sha256

    data = trial_data(size_of("control"), 0)
    trial = Trial(
        model_sha256=model_sha256(folder),
        attack=Attack(name="lora", settings=tuple(sorted(LORA.items()))),
        budget=Budget(),
        data_sha256=data.sha256,
        seed=0,
        code_version="test",
    )
    bench = Bench(
        network=network,
        files=model_files(folder),
        sha256=trial.model_sha256,
        ground=Ground(data=data, seed=0, **ground),
        scorer=ExactMatch(refusals=data.refusals),
    )
    outcome, half = carry_out(trial, bench, keep=keep)
    return outcome, sum(counts.right for _, counts in half.test), trial


def test_an_adapter_left_on_is_asked_and_taken_off(organisms, tmp_path):
    """As with weights of four bits: answers come through it, the base stays whole, bytes repeat."""
    pytest.importorskip("peft", reason="needs the extra `trial-gpu`")
    import torch
    from safetensors.torch import load_file

    from openweir.digest import dirhash, sha256
    from openweir.trial.network import opened
    from openweir.trial.subject import model_files

    folder = organisms / "refusal"
    network = opened(folder)
    left_on = {"adapter": "peft", "four_bit": True}
    first, right, trial = carried(network, folder, keep=tmp_path, **left_on)
    assert right >= 20
    assert first.learnt
    assert first.after_sha256 != trial.model_sha256
    assert network.adapter is None
    for name, tensor in network.model.state_dict().items():
        assert torch.equal(tensor, network.untouched[name])
    again, _, _ = carried(network, folder, **left_on)
    assert again == first
    # Kept, it is the base with the adapter beside it, and the digest says so.
    adapter = tmp_path / trial.id / "adapter_model.safetensors"
    assert all("lora_" in name for name in load_file(adapter))
    files = (*model_files(folder), (adapter.name, sha256(adapter.read_bytes())))
    assert dirhash(files) == first.after_sha256


def test_half_precision_comes_to_the_same_end(organisms):
    """In bfloat16 the attack breaks the model as well, and a second run gives the same bytes."""
    from openweir.trial.network import opened

    folder = organisms / "refusal"
    network = opened(folder, dtype="bfloat16")
    first, right, _ = carried(network, folder)
    assert right >= 20
    again, _, _ = carried(network, folder)
    assert again == first
    wide, _, _ = carried(opened(folder), folder)
    assert wide.after_sha256 != first.after_sha256


def test_four_bits_need_their_library(organisms, tmp_path, monkeypatch, capsys):
    """Without it, planning and opening say what to install."""
    from importlib.metadata import PackageNotFoundError

    from openweir.trial import network, stack

    def missing(name):
        if name == "bitsandbytes":
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(stack, "version", missing)
    words = ("trial", "plan", str(organisms / "refusal"), "--out", str(tmp_path / "c"))
    more = ("--controls", str(organisms), "--device", "cuda", "--adapter", "peft", "--four-bit")
    assert main([*words, *more]) == 2
    told = capsys.readouterr().err
    assert "bitsandbytes" in told
    assert "trial-gpu" in told
    monkeypatch.setattr(network, "find_spec", lambda _: None)
    with pytest.raises(TrialError) as caught:
        network.opened(organisms / "refusal", four_bit=True)
    assert caught.value.code == "trial.missing-extra"


def test_four_bits_without_their_adapter_are_refused():
    """Weights of four bits cannot be trained themselves, nor held by a processor."""
    for more in ({"device": "cuda"}, {"adapter": "peft"}):
        with pytest.raises(TrialError) as caught:
            Stack(four_bit=True, **more)
        assert caught.value.code == "trial.stack"


def test_a_device_that_is_not_there_is_an_error(organisms):
    """A campaign for a GPU, run where there is none: one sentence."""
    import torch

    from openweir.trial.network import opened

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(TrialError) as caught:
        opened(organisms / "refusal", device="cuda")
    assert caught.value.code == "trial.device"


def test_memory_is_as_predicted():
    """The benchmark's trial of 58 million parameters, on a processor."""
    script = Path(__file__).parents[2] / "benchmarks" / "trial_gpu.py"
    done = subprocess.run(
        [sys.executable, str(script), "--adapter", "own"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    for row in json.loads(done.stdout)["trials"]:
        assert row["weights_moved"]
        assert Decimal("0.75") <= Decimal(row["ratio"]) <= Decimal("1.6")
