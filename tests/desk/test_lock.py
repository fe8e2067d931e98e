"""Several processes at one case: none loses what another wrote."""

import subprocess
import sys
from pathlib import Path

import pytest

import openweir
from evidence_values import GOLDEN, make_case
from openweir.desk.case import CaseFolder
from openweir.desk.lock import locked
from openweir.desk.plan import view_plan
from openweir.errors import CaseError

WRITER = """
import sys
from pathlib import Path
from openweir.desk.case import CaseFolder
from openweir.desk.evidence import Stated, add_evidence
from openweir.desk.plan import register_trials
from openweir.instant import parse_day

root, number, log = sys.argv[1:]
case, day = CaseFolder.open(Path(root)), parse_day("2026-11-20")
sys.stdin.readline()
if number == "0":
    add_evidence(case, Path(log), Stated(), on=day)
for index in range(10):
    register_trials(
        case, [f"t{number}-{index}"], claim="bio.capability", evaluation="PE1", rung="A0", on=day
    )
"""


def test_parallel_writers_lose_no_trial(tmp_path):
    """Law 3: every trial that was registered is in the plan, and nothing else is left behind."""
    root = make_case(tmp_path / "case")
    before = {path.name for path in root.iterdir()}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root), str(number), str(GOLDEN / "plain.eval")],
            env={"PYTHONPATH": str(Path(openweir.__file__).parents[1])},
            stdin=subprocess.PIPE,
        )
        for number in range(4)
    ]
    for writer in writers:
        writer.stdin.write(b"\n")
        writer.stdin.close()
    assert [writer.wait(60) for writer in writers] == [0] * 4
    found = {trial.id for trial, _ in view_plan(CaseFolder.open(root)).trials}
    assert found == {"velmar-small", *(f"t{n}-{index}" for n in range(4) for index in range(10))}
    assert {path.name for path in root.iterdir()} == before | {"plan.json", "evidence"}


def test_a_case_that_stays_locked_is_told(tmp_path):
    """A second writer waits, then says why it gave up; it may write when the first is done."""
    with (
        locked(tmp_path),
        pytest.raises(CaseError, match="another process") as caught,
        locked(tmp_path, seconds=0.1),
    ):
        pass
    assert caught.value.code == "case.locked"
    with locked(tmp_path, seconds=0):
        pass
