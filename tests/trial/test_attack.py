"""Attacks on a copy: deterministic, labelled, thrown away."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from models import tensors, write_model
from openweir.artifact import read_manifest
from openweir.errors import TrialError
from openweir.trial import Attack, attacked, prune, quantise
from openweir.trial.edit import prune_rows, quantise_rows
from openweir.weights import Verdict, compare


@pytest.fixture
def model(tmp_path):
    """A model folder and an empty workshop."""
    workshop = tmp_path / "workshop"
    workshop.mkdir()
    return write_model(tmp_path / "model", tensors(1)), workshop


def test_prunes_and_throws_away(model):
    """A third of every row is zero while it is scored; then the copy is gone."""
    source, workshop = model
    before = read_manifest(source)
    with attacked(source, prune(Decimal("0.25")), workshop=workshop) as found:
        weights = load_file(found.folder / "model.safetensors")
        rows = weights["model.layers.0.mlp.up_proj.weight"]
        assert (rows == 0).sum(axis=1).tolist() == [16] * 96
        assert (weights["model.norm.weight"] == 1).all()
        assert "never serve" in (found.folder / "ATTACKED.json").read_text()
        assert found.sha256 != before.dirhash()
        assert compare(source, found.folder).verdict is Verdict.DERIVED
    assert list(workshop.iterdir()) == []
    assert read_manifest(source) == before


def test_same_attack_same_bytes(model):
    """A trial can be replayed byte for byte."""
    source, workshop = model
    digests = set()
    for _ in range(2):
        with attacked(source, quantise(4), workshop=workshop) as found:
            digests.add(found.sha256)
    assert len(digests) == 1


def test_kept_only_when_asked(model):
    """The owner may keep the copy; it stays labelled."""
    source, workshop = model
    with attacked(source, quantise(), workshop=workshop, keep=True) as found:
        pass
    assert (found.folder / "ATTACKED.json").is_file()


def test_thrown_away_when_scoring_fails(model):
    """An error while scoring leaves no attacked weights behind."""
    source, workshop = model
    with pytest.raises(RuntimeError), attacked(source, quantise(), workshop=workshop):
        raise RuntimeError
    assert list(workshop.iterdir()) == []


def test_unknown_attack_is_refused(model):
    """An attack nobody wrote is an error with the ones there are."""
    source, workshop = model
    with (
        pytest.raises(TrialError) as caught,
        attacked(source, Attack(name="melt", settings=()), workshop=workshop),
    ):
        pass
    assert caught.value.code == "trial.attack"


def test_nothing_to_attack_is_told(tmp_path):
    """A folder without tensors of two axes cannot be attacked."""
    folder = write_model(tmp_path / "m", {"norm.weight": np.ones(4, np.float32)})
    with (
        pytest.raises(TrialError) as caught,
        attacked(folder, quantise(), workshop=tmp_path),
    ):
        pass
    assert caught.value.code == "trial.nothing-to-attack"


ROWS = st.lists(
    st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=6, max_size=6),
    min_size=1,
    max_size=4,
).map(lambda rows: np.array(rows, np.float32))


@given(ROWS, st.integers(1, 99))
def test_pruning_takes_the_smallest(rows, part):
    """What is left is never smaller than what was taken."""
    fraction = Decimal(part) / 100
    found = np.frombuffer(prune_rows(rows, "F32", fraction), "<f4").reshape(rows.shape)
    count = int(fraction * 6)
    for before, after in zip(rows, found, strict=True):
        taken = before[after != before]
        assert len(taken) <= count
        kept = np.sort(np.abs(before))[count:]
        assert sorted(np.abs(after[after != 0]).tolist()) == sorted(kept[kept != 0].tolist())


@given(ROWS, st.integers(2, 8))
def test_quantising_stays_within_half_a_step(rows, bits):
    """No weight moves by more than half a step of its row's grid."""
    found = np.frombuffer(quantise_rows(rows, "F32", bits), "<f4").reshape(rows.shape)
    step = np.abs(rows).max(axis=1, keepdims=True) / (2 ** (bits - 1) - 1)
    assert (np.abs(found - rows) <= step * np.float32(0.51) + np.float32(1e-30)).all()


def test_bf16_rounds_to_even():
    """The upper half of a float32, rounded to the nearest, ties to even."""
    values = np.array([[0x3F808000, 0x3F818000, 0x3F808001, 0x7F7FFFFF]], "<u4").view("<f4")
    kept = np.frombuffer(prune_rows(values, "BF16", Decimal("0.01")), "<u2")
    assert [hex(value) for value in kept] == ["0x3f80", "0x3f82", "0x3f81", "0x7f80"]
