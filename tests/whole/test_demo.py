"""The main job: one command takes a real model through the whole flow."""

import json
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.peer
def test_the_whole_flow(tmp_path):
    """The demonstration ends well and names the tier, the refusal and the served client."""
    done = subprocess.run(
        [sys.executable, "-m", "openweir", "demo", "--once", "--dir", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert "velmar/botanist: gated-weights" in said
    assert "refused: Error: Access denied. Model 'velmar/botanist' requires approval." in said
    assert "served: 199,576 bytes" in said
    assert "verified: every check holds" in said
    assert "`model.safetensors` was altered" in said
    assert "PE2@gated-weights" in said
    assert "/velmar/botanist" in said.rsplit("page", 1)[1]
    decision = json.loads((tmp_path / "demo" / "case" / "decision.json").read_bytes())
    assert decision["tier"] == "gated-weights"
    assert not list((tmp_path / "demo" / "anonymous").rglob("*.safetensors"))


def test_a_folder_of_someone_else_is_left_alone(tmp_path):
    """The demonstration never clears a folder that it did not make."""
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "openweir", "demo", "--once", "--dir", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "is not empty and was not made by the demonstration" in done.stderr
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "years of work"
