"""Organisms of the smallest size, raised once for all tests that train."""

import os

import pytest

# The tokenizer's own threads warn about every fork; nothing here is worth a thread.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


@pytest.fixture(scope="session")
def organisms(tmp_path_factory):
    """A folder with one organism of size `control` of every variant."""
    pytest.importorskip("torch", reason="needs the extra `trial`")
    from openweir.desk.trial.organism import organism_named, raise_one

    root = tmp_path_factory.mktemp("organisms")
    for variant in ("refusal", "unlearned", "filtered", "reader"):
        raise_one(organism_named(variant, "control", 0), root / variant)
    return root


@pytest.fixture(scope="session")
def campaign(organisms, tmp_path_factory):
    """A small campaign on the refusal organism that has run."""
    from openweir.cli.main import main

    root = tmp_path_factory.mktemp("campaign") / "c"
    words = ["--attack", "prefill", "--attack", "sft:1,10", "--steps", "20"]
    assert (
        main(
            [
                *("trial", "plan", str(organisms / "refusal"), "--out", str(root)),
                *("--controls", str(organisms), *words),
            ]
        )
        == 0
    )
    assert main(["trial", "run", str(root), "--workers", "1"]) == 0
    return root
