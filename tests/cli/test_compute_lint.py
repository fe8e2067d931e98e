"""`openweir compute`, `openweir lint` and `openweir inspect --headers-only`."""

import json

import pytest

from model_folder import small
from openweir.cli.main import main


def run(capsys, *words):
    """Run a command; return (exit code, standard output, standard error)."""
    code = main(list(words))
    out = capsys.readouterr()
    return code, out.out, out.err


def test_compute_answers_a_threshold_with_its_exit_code(capsys, tmp_path):
    """0 when shown to be at or below, 1 when not, and JSON with exact numbers."""
    small(tmp_path)
    code, out, _ = run(capsys, "compute", str(tmp_path), "--threshold", "1e25", "--json")
    assert code == 0
    found = json.loads(out)
    assert [method["method"] for method in found["methods"]] == ["ceiling"]
    assert found["thresholds"][0]["threshold"] == "1E+25"
    assert found["thresholds"][0]["result"] == "below"
    assert {entry["regime"] for entry in found["ledger"]} == {
        "eu-gpai", "us-state-frontier", "kr-ai-basic-act",
    }  # fmt: skip
    code, out, _ = run(capsys, "compute", str(tmp_path), "--threshold", "1e16")
    assert code == 1
    assert "straddles" in out


@pytest.mark.parametrize("text", ["1025", "x", "nan", "-1e25", "1e400"])
def test_a_misprinted_threshold_is_refused(capsys, tmp_path, text):
    """10^25 that lost its superscript is not taken for a number of operations."""
    small(tmp_path)
    code, _, err = run(capsys, "compute", str(tmp_path), f"--threshold={text}")
    assert code == 2
    assert "such as 1e25" in err


def test_lint_names_what_is_lacking(capsys, tmp_path):
    """Exit code 1 with gaps; text and JSON agree."""
    small(tmp_path)
    code, out, _ = run(capsys, "lint", str(tmp_path), "--json")
    assert code == 1
    found = json.loads(out)
    assert {"rule", "subject", "tier", "message", "why", "hint", "asked_by"} == set(
        found["gaps"][0]
    )
    code, out, _ = run(capsys, "lint", str(tmp_path))
    assert "DOS1@trusted-hosted" in out
    assert f"{len(found['gaps'])} things lacking" in out


def test_inspect_headers_only_says_what_it_is_not(capsys, tmp_path):
    """No digest anywhere, and a finding that says so."""
    small(tmp_path)
    code, out, _ = run(capsys, "inspect", str(tmp_path), "--headers-only", "--json")
    assert code == 0
    found = json.loads(out)
    assert found["release_sha256"] is None
    assert {file["sha256"] for file in found["files"]} == {""}
    assert found["findings"][0]["rules"] == ["no-digests"]
