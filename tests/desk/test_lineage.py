"""`openweir lineage`: verdict, counts and exit codes."""

import json

import numpy as np
import pytest

from models import tensors, write_model
from openweir.cli.main import main


@pytest.fixture
def folders(tmp_path):
    """A parent, its child, a stranger and something else."""
    child = {
        name: (tensor * np.float32(1.5)).astype(np.float32) for name, tensor in tensors(1).items()
    }
    return {
        "parent": write_model(tmp_path / "parent", tensors(1)),
        "child": write_model(tmp_path / "child", child),
        "stranger": write_model(tmp_path / "stranger", tensors(2)),
        "other": write_model(tmp_path / "other", {"x": np.ones((2, 2), np.float32)}),
    }


@pytest.mark.parametrize(
    ("name", "code", "verdict"),
    [
        ("child", 0, "derived"),
        ("stranger", 1, "no evidence of derivation"),
        ("other", 2, "cannot compare"),
    ],
)
def test_verdicts(folders, capsys, name, code, verdict):
    """Each verdict has its exit code, in words and in JSON."""
    words = ["lineage", str(folders["parent"]), str(folders[name])]
    assert main(words) == code
    assert capsys.readouterr().out.startswith(f"{verdict}: ")
    assert main([*words, "--json"]) == code
    assert json.loads(capsys.readouterr().out)["verdict"] == verdict


def test_counts_are_told(folders, capsys):
    """Rows compared, agreements and an exact logarithm."""
    main(["lineage", str(folders["parent"]), str(folders["child"])])
    text = capsys.readouterr().out
    assert "rows: 480 of 480 signs agree, log10 p <= -144.49" in text
    assert "columns: 64 of 64 signs agree, log10 p <= -19.26" in text


def test_a_missing_folder_is_one_line(folders, capsys):
    """A path that leads nowhere is one sentence."""
    assert main(["lineage", str(folders["parent"]), "nowhere"]) == 2
    assert capsys.readouterr().err == "openweir: `nowhere` does not exist\n"


def test_without_numpy(folders, capsys, monkeypatch):
    """Without the extra the next step is named."""
    monkeypatch.setitem(__import__("sys").modules, "numpy", None)
    assert main(["lineage", str(folders["parent"]), str(folders["child"])]) == 2
    assert "pip install 'openweir[weights]'" in capsys.readouterr().err
