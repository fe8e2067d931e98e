"""The short way through a Llama comes to what transformers' own forward comes to."""

import pytest

pytest.importorskip("torch", reason="needs the extra `trial`")
pytestmark = pytest.mark.trial


def tiny(**more):
    """Return a small untrained Llama."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    settings = {
        "vocab_size": 50,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 4,
        "pad_token_id": 0,
        **more,
    }
    return LlamaForCausalLM(LlamaConfig(**settings))


@pytest.mark.parametrize("kept", [1, 4, 9])
@pytest.mark.parametrize("more", [{}, {"num_key_value_heads": 2}, {"attention_bias": True}])
def test_it_gives_the_logits_and_gradients_of_the_model_itself(more, kept):
    """To rounding, for all and for few wanted places, also where it hands over to the model."""
    import torch

    from openweir.trial.passage import passage

    model = tiny(**more)
    ids = torch.randint(1, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    found = []
    for way in (
        passage(model, 9, kept),
        lambda ids: model(input_ids=ids, use_cache=False, logits_to_keep=kept).logits,
    ):
        model.zero_grad()
        logits = way(ids)
        logits.square().sum().backward()
        found.append((logits.detach(), [p.grad.clone() for p in model.parameters()]))
    (ours, our_slopes), (theirs, their_slopes) = found
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
    for mine, wanted in zip(our_slopes, their_slopes, strict=True):
        torch.testing.assert_close(mine, wanted, rtol=1e-3, atol=1e-4)


def test_an_organism_in_torch_alone_is_the_llama_of_its_files():
    """Same names, shapes and padding, the same logits bit for bit; nobody else's dice are thrown."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from openweir.trial.organism import Organism, size_of, world_of
    from openweir.trial.organism.build import untaught
    from openweir.trial.organism.folder import config_of
    from openweir.trial.passage import passage

    organism = Organism(variant="refusal", size=size_of("control"), seed=3)
    world = world_of(organism.size, 3)
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    ours = untaught(organism, world)
    assert torch.equal(torch.random.get_rng_state(), before)
    settings = {
        name: value
        for name, value in config_of(organism.size, world).items()
        if name not in ("architectures", "model_type")
    }
    theirs = LlamaForCausalLM(LlamaConfig(**settings))
    assert [name for name, _ in ours.named_parameters()] == [
        name for name, _ in theirs.named_parameters()
    ]
    theirs.load_state_dict(ours.state_dict())
    ids = torch.randint(1, 50, (3, 9), generator=torch.Generator().manual_seed(1))
    for kept in (1, 9):
        way = passage(ours, 9, kept)(ids)
        assert torch.equal(way, passage(theirs, 9, kept)(ids))
        wanted = theirs(input_ids=ids, use_cache=False, logits_to_keep=kept).logits
        torch.testing.assert_close(way, wanted, rtol=1e-4, atol=1e-5)


def test_raising_an_organism_loads_no_library_but_torch():
    """A process that only raises pays for no transformers: that would be a third of its time."""
    import subprocess
    import sys

    code = "import sys, openweir.trial.organism.build; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
