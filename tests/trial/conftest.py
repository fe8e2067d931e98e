"""Organisms of the smallest size, raised once for all tests that train."""

import fcntl
import os
from pathlib import Path

import pytest

# The tokenizer's own threads warn about every fork; nothing here is worth a thread.
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def _shared(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this test run have in common."""
    base = factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-trials"
    root.mkdir(exist_ok=True)
    return root


def _raised(root: Path, *variants: str) -> None:
    """Raise organisms that are not there yet; another process may have done it."""
    from openweir.desk.trial.organism import organism_named, raise_one

    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for variant in variants:
            if not (root / "organisms" / variant / "model.safetensors").exists():
                raise_one(organism_named(variant, "control", 0), root / "organisms" / variant)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Keep raised controls in a folder of this test run, not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def organisms(tmp_path_factory):
    """A folder with a refusal and a filtered organism of size `control`."""
    pytest.importorskip("torch", reason="needs the extra `trial`")
    root = _shared(tmp_path_factory)
    _raised(root, "refusal", "filtered")
    return root / "organisms"


@pytest.fixture(scope="session")
def reader(organisms):
    """The same folder, with a reader in it as well."""
    _raised(organisms.parent, "reader")
    return organisms


@pytest.fixture(scope="session")
def campaign(organisms):
    """A small campaign on the refusal organism that has run; tests change copies of it."""
    from openweir.cli.main import main

    root = organisms.parent / "campaign"
    words = ["--attack", "prefill", "--attack", "sft:1,10", "--steps", "20"]
    with (organisms.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "done").exists():
            plan = ["trial", "plan", str(organisms / "refusal"), "--out", str(root)]
            assert main([*plan, "--controls", str(organisms), *words]) == 0
            assert main(["trial", "run", str(root), "--workers", "1"]) == 0
            (root / "done").touch()
    return root
