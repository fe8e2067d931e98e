"""The model in memory: told apart without a second copy, opened only from what cannot run."""

import json
import shutil

import pytest

from openweir.digest import sha256
from openweir.errors import TrialError

pytest.importorskip("torch", reason="needs the extra `trial`")
pytestmark = pytest.mark.trial


@pytest.mark.parametrize("kinds", [("F32",), ("BF16",), ("F16",), ("F32", "BF16"), ("F32", "I64")])
def test_the_digest_is_that_of_the_saved_file(tmp_path, kinds):
    """Tensor by tensor it comes to what the library would write, whatever the types."""
    import torch
    from safetensors.torch import save, save_file

    from openweir.trial.network import _saved

    types = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16, "I64": torch.int64}
    dice = torch.Generator().manual_seed(0)
    held = {
        name: torch.randn(shape, generator=dice).to(types[kinds[place % len(kinds)]])
        for place, (name, shape) in enumerate(
            {"b.weight": (3, 5), "a.weight": (7,), 'c "é"': (2, 1, 4), "d": ()}.items()
        )
    }
    path = tmp_path / "model.safetensors"
    save_file(held, path, metadata={"format": "pt"})
    moved = {name: tensor + 1 for name, tensor in held.items() if name != "a.weight"}
    wanted = sha256(save({**held, **moved}, metadata={"format": "pt"}))
    # In memory they may be wider than in the file.
    assert _saved(path, moved) == wanted
    wider = {name: t.double() if t.is_floating_point() else t for name, t in moved.items()}
    assert _saved(path, wider) == wanted


@pytest.fixture
def tiny(tmp_path):
    """A model folder that was raised in a moment."""
    from openweir.desk.trial.organism import organism_named, raise_one
    from trial_organisms import briefly

    return raise_one(briefly(organism_named("refusal", "control", 0)), tmp_path / "m").folder


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("model.safetensors", b"\x80\x04cos\nsystem\n(S'exit 1'\ntR."),
        ("model.safetensors", b""),
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "no_such_kind"}'),
        ("config.json", b'{"model_type": "llama", "auto_map": {"AutoConfig": "evil.Config"}}'),
        ("tokenizer.json", b"[]"),
    ],
)
def test_a_folder_that_holds_no_model_is_an_error(tiny, name, data):
    """Broken weights, settings or tokenizer: one sentence with the folder, never a traceback."""
    from openweir.trial.network import opened

    (tiny / name).write_bytes(data)
    with pytest.raises(TrialError) as caught:
        opened(tiny)
    assert caught.value.code == "trial.model"
    assert caught.value.where == str(tiny)


@pytest.mark.parametrize(
    "change", [{"num_hidden_layers": 10**9}, {"hidden_size": 2**17}, {"vocab_size": 2**31}]
)
def test_settings_that_ask_for_more_than_the_files_hold_take_no_memory(tiny, change):
    """A few bytes of settings cannot make the library fill a machine with random weights."""
    from openweir.trial.network import opened

    settings = json.loads((tiny / "config.json").read_bytes()) | change
    (tiny / "config.json").write_text(json.dumps(settings))
    with pytest.raises(TrialError) as caught:
        opened(tiny)
    assert caught.value.code == "trial.model"


def test_pickled_weights_are_never_opened(tiny):
    """Where only a pickle is left, there is no model: nothing is unpickled."""
    import torch

    from openweir.trial.network import opened

    torch.save({"x": torch.zeros(1)}, tiny / "pytorch_model.bin")
    (tiny / "model.safetensors").unlink()
    with pytest.raises(TrialError) as caught:
        opened(tiny)
    assert caught.value.code == "trial.model"


def test_a_missing_tokenizer_is_an_error(tiny):
    """A model nobody can ask is none."""
    from openweir.trial.network import opened

    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tiny / name).unlink()
    with pytest.raises(TrialError) as caught:
        opened(tiny)
    assert caught.value.code == "trial.model"


def test_weights_of_another_shape_are_an_error(tiny):
    """Settings that do not fit the weights are no model to attack, not one with random weights."""
    from openweir.trial.network import opened

    settings = json.loads((tiny / "config.json").read_bytes())
    settings["intermediate_size"] = 64
    (tiny / "config.json").write_text(json.dumps(settings))
    with pytest.raises(TrialError):
        opened(tiny)


def test_weights_that_are_not_there_are_an_error(tiny):
    """Tensors that the architecture has and the file has not would be random: refused."""
    from safetensors.torch import load_file, save_file

    from openweir.trial.network import opened

    held = load_file(tiny / "model.safetensors")
    held["other"] = held.pop("model.layers.0.mlp.up_proj.weight")
    save_file(held, tiny / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(TrialError) as caught:
        opened(tiny)
    assert "up_proj" in caught.value.message


def test_an_architecture_that_is_code_in_the_folder_is_refused_in_our_words(tiny):
    """Nobody is told to trust it, and no path but the one that was named is passed on."""
    from openweir.trial.network import opened

    settings = json.loads((tiny / "config.json").read_bytes()) | {
        "model_type": "no_such_kind",
        "auto_map": {"AutoConfig": "settings.Settings", "AutoModelForCausalLM": "model.Model"},
    }
    (tiny / "config.json").write_text(json.dumps(settings))
    with pytest.raises(TrialError) as caught:
        opened(tiny)
    assert caught.value.code == "trial.model"
    assert caught.value.message == (
        "not a causal language model that can be opened: its architecture is code of its own,"
        " and code in a model's folder is never run"
    )


def test_code_in_the_folder_is_not_run(tiny, tmp_path):
    """Modelling code beside the weights stays unread."""
    from openweir.trial.network import opened

    ran = tmp_path / "ran"
    (tiny / "modeling_llama.py").write_text(f"open({str(ran)!r}, 'w')")
    settings = json.loads((tiny / "config.json").read_bytes())
    settings["auto_map"] = {"AutoModelForCausalLM": "modeling_llama.Model"}
    (tiny / "config.json").write_text(json.dumps(settings))
    opened(tiny)
    assert not ran.exists()
    shutil.rmtree(tiny)
