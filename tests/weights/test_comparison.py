"""Lineage by signs: strangers are strangers, children are children."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import HIDDEN, tensors, write_model
from openweir.errors import ArtifactError, WeightsError
from openweir.weights import Verdict, compare


def pair(tmp_path, first, second):
    """Compare two sets of weights."""
    return compare(write_model(tmp_path / "a", first), write_model(tmp_path / "b", second))


def changed(weights, change):
    """Weights with every tensor of two axes changed."""
    return {
        name: change(tensor).astype(tensor.dtype) if tensor.ndim == 2 else tensor
        for name, tensor in weights.items()
    }


def test_strangers(tmp_path):
    """Independent random weights agree like fair coins."""
    found = pair(tmp_path, tensors(1), tensors(2))
    assert found.verdict is Verdict.NO_EVIDENCE
    assert {test.name for test in found.tests} == {"rows", "columns"}
    assert all(test.n == {"rows": 480, "columns": HIDDEN}[test.name] for test in found.tests)


@pytest.mark.parametrize(
    "change",
    [
        lambda tensor: tensor,
        lambda tensor: 3 * tensor,
        lambda tensor: tensor + np.random.default_rng(9).standard_normal(tensor.shape),
        lambda tensor: np.where(np.abs(tensor) < np.median(np.abs(tensor)), 0, tensor),
        lambda tensor: np.rint(tensor * 2) / 2,
    ],
    ids=["same", "scaled", "noise as loud as the weights", "half pruned", "coarsely rounded"],
)
def test_children(tmp_path, change):
    """Scaling, noise, pruning and rounding leave the lineage plain."""
    found = pair(tmp_path, tensors(1), changed(tensors(1), change))
    assert found.verdict is Verdict.DERIVED
    assert all(float(test.log10_p) < -9 for test in found.tests)


def test_half_types_are_read(tmp_path):
    """F16 weights are compared with their F32 parent."""
    half = {name: tensor.astype(np.float16) for name, tensor in tensors(1).items()}
    assert pair(tmp_path, tensors(1), half).verdict is Verdict.DERIVED


def test_bf16_is_read(tmp_path):
    """BF16 weights, written by hand, are compared with their F32 parent."""
    import json
    import struct

    parent = tensors(1)
    header, blobs, offset = {}, [], 0
    for name, tensor in parent.items():
        blob = (tensor.view(np.uint32) >> 16).astype("<u2").tobytes()
        header[name] = {
            "dtype": "BF16",
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header).encode()
    folder = tmp_path / "b"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(
        struct.pack("<Q", len(text)) + text + b"".join(blobs)
    )
    found = compare(write_model(tmp_path / "a", parent), folder)
    assert found.verdict is Verdict.DERIVED
    assert all(test.k == test.n for test in found.tests)


def test_flipped_neurons_blind_the_rows_only(tmp_path):
    """Whoever flips neurons on purpose hides from the rows; the columns still tell."""
    flips = np.random.default_rng(5).choice([-1, 1], size=96)
    child = {
        name: tensor * flips[:, None] if name.endswith("up_proj.weight") else tensor
        for name, tensor in tensors(1).items()
    }
    values = np.random.default_rng(6).choice([-1, 1], size=HIDDEN)
    child = {
        name: (tensor * values[:, None] if name.endswith("v_proj.weight") else tensor).astype(
            np.float32
        )
        for name, tensor in child.items()
    }
    found = pair(tmp_path, tensors(1), child)
    rows = next(test for test in found.tests if test.name == "rows")
    assert float(rows.log10_p) > -3
    assert found.verdict is Verdict.DERIVED


def test_normalised_signs_void_the_test(tmp_path):
    """When every row sums to more than nothing, agreement proves nothing."""

    def normalised(tensor):
        return tensor * np.where(tensor.sum(axis=1, keepdims=True) < 0, -1, 1).astype(np.float32)

    models = [
        {
            name: normalised(tensor)
            if name.endswith(("up_proj.weight", "v_proj.weight"))
            else tensor
            for name, tensor in tensors(seed).items()
        }
        for seed in (1, 2)
    ]
    found = pair(tmp_path, *models)
    test = next(test for test in found.tests if test.name == "rows")
    assert test.void == "the signs of one model were normalised"
    assert found.verdict is Verdict.NO_EVIDENCE  # by the columns alone


def test_other_shapes_cannot_be_compared(tmp_path):
    """Models that share no tensor are not called strangers: nothing was compared."""
    other = {f"other.{name}": tensor for name, tensor in tensors(2).items()}
    found = pair(tmp_path, tensors(1), other)
    assert found.verdict is Verdict.CANNOT_COMPARE


def test_a_layer_norm_with_bias_has_no_column_test(tmp_path):
    """A norm that subtracts the mean breaks the symmetry the columns rest on."""
    extra = {"model.norm.bias": np.zeros(HIDDEN, np.float32)}
    found = pair(tmp_path, tensors(1) | extra, tensors(1) | extra)
    assert [test.name for test in found.tests] == ["rows"]


def test_a_longer_vocabulary_is_compared(tmp_path):
    """Words added in fine-tuning do not hide the parent."""
    child = tensors(1)
    child["model.embed_tokens.weight"] = np.vstack(
        [child["model.embed_tokens.weight"], np.ones((3, HIDDEN), np.float32)]
    )
    found = pair(tmp_path, tensors(1), child)
    assert {test.name for test in found.tests} == {"rows", "columns"}
    assert found.verdict is Verdict.DERIVED


def test_not_a_number_is_left_out(tmp_path):
    """Rows that overflow or hold NaN are dropped and told, not guessed."""
    child = tensors(1)
    child["model.layers.0.mlp.up_proj.weight"] = np.full((96, HIDDEN), np.nan, np.float32)
    found = pair(tmp_path, tensors(1), child)
    rows = next(test for test in found.tests if test.name == "rows")
    assert (rows.n, rows.dropped) == (384, 96)


def test_the_order_does_not_matter(tmp_path):
    """The test is symmetric: it never says who came first."""
    first, second = (
        write_model(tmp_path / name, tensors(seed)) for name, seed in (("a", 1), ("b", 3))
    )
    assert compare(first, second) == compare(second, first)


@settings(max_examples=25, deadline=None)
@given(st.integers(10, 10**6))
def test_strangers_are_not_accused(tmp_path_factory, seed):
    """False accusations stay below one in a thousand million, so none is seen here."""
    found = pair(tmp_path_factory.mktemp("pair"), tensors(1), tensors(seed))
    assert found.verdict is Verdict.NO_EVIDENCE


def test_a_tensor_in_two_files_is_refused(tmp_path):
    """Two files that disagree about a tensor are not read as one model."""
    from safetensors.numpy import save_file

    folder = write_model(tmp_path / "a", tensors(1))
    save_file({"lm_head.weight": np.zeros((2, 2), np.float32)}, folder / "more.safetensors")
    with pytest.raises(WeightsError) as caught:
        compare(folder, folder)
    assert caught.value.code == "weights.duplicate-tensor"


def test_a_broken_header_is_one_error(tmp_path):
    """A hostile file is a deliberate error, never a traceback."""
    folder = write_model(tmp_path / "a", tensors(1))
    (folder / "model.safetensors").write_bytes((2**60).to_bytes(8, "little"))
    with pytest.raises(ArtifactError):
        compare(folder, folder)
