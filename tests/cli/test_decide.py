"""`openweir decide` and `openweir explain` as users meet them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import decision_cases as cases
import openweir
from openweir.cli.main import main

SMALL = {
    "architecture": "LlamaForCausalLM",
    "contact": "safety@example.org",
    "custom-code": False,
    "licence": "mit",
    "parameters": cases.FACTS["parameters"],
    "pickle-files": False,
    "refused-files": False,
    "specialised-domain": "none",
    "training-compute": cases.Estimate(lower=cases.Decimal(0), upper=cases.Decimal("6e22")),
}


def _folder(root, case):
    (root / "evidence").mkdir(parents=True)
    (root / "case.toml").write_text('[release]\nname = "example/large"\n', encoding="utf-8")
    for name, data in cases.case_files(case).items():
        (root / name).write_bytes(data)
    return root


def test_a_small_model_is_told_its_tier_and_the_next_step(tmp_path, capsys):
    """Law 12: open weights with contact and licence alone, and what full openness lacks."""
    folder = _folder(tmp_path / "case", cases.case(SMALL, (), components=[]))
    assert main(["decide", str(folder), "--as-of", "2026-06-01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "example/large: open-weights"
    assert "  needs    1 signature (developer)" in lines
    assert "  until    2026-11-28, review by 2026-11-28" in lines
    assert "fully-open lacks 5 to show (1 other way):" in lines
    assert any(line.startswith("  meanwhile: ") for line in lines)
    assert lines[-1] == f"Next: openweir sign {folder} --key NAME"


def test_a_refused_tier_names_what_to_show_with_its_number(tmp_path, capsys):
    """Each lack is a label with its limit, and why it is not shown."""
    folder = _folder(tmp_path / "case", cases.case(items=cases.EVIDENCE[1:]))
    assert main(["decide", str(folder), "--as-of", "2026-06-01"]) == 0
    text = capsys.readouterr().out
    assert "example/large: sealed" in text
    assert (
        "  - bio.capability is measured (PE1 at A0): no trial on bio.capability is planned" in text
    )
    assert "gated-weights lacks 1 to show" in text or "bio.capability at most 0.1" in text
    assert "What withholding costs: hospitals" in text
    assert text.rstrip().endswith(f"Next: openweir explain {folder}")


def test_a_trial_that_failed_is_the_first_reason(tmp_path, capsys):
    """It comes before every way around it and all that is only missing, and it is told once."""
    failed = cases.evidence("bio-pe2", "bio.uplift", "PE2", "A3", events=290)
    items = (cases.EVIDENCE[0], failed, *cases.EVIDENCE[2:])
    folder = _folder(tmp_path / "case", cases.case(items=items))
    assert main(["decide", str(folder), "--as-of", "2026-06-01"]) == 0
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("gated-weights is refused by what was shown:")
    assert "bio.uplift at most 0.05" in lines[place + 1]
    assert "trial `bio-pe2` shows 0.939554 to 0.983902" in lines[place + 1]
    assert lines[place + 2] == "gated-weights lacks 1 to show (2 other ways):"
    assert sum("bio-pe2` shows" in line for line in lines) == 1


def test_an_unusable_evidence_file_is_told(tmp_path, capsys):
    """The file and the reason stand in the text."""
    folder = _folder(tmp_path / "case", cases.case())
    (folder / "evidence" / "bio-pe1.json").write_text("{", encoding="utf-8")
    assert main(["decide", str(folder), "--as-of", "2026-06-01"]) == 0
    assert "  unused   evidence/bio-pe1.json: not valid JSON" in capsys.readouterr().out


def test_a_case_changed_since_inspect_is_told(tmp_path, capsys):
    """Another name, one fact more or one less than the dossier holds; text output only."""
    toml = tmp_path / "case" / "case.toml"
    folder = _folder(tmp_path / "case", cases.case())
    stated = '[release]\nname = "example/large"\ncontact = "safety@example.org"\n'
    toml.write_text(stated, encoding="utf-8")
    assert main(["inspect", str(folder)]) == 0
    note = f"  note     case.toml has changed since inspect: run openweir inspect {folder}"
    options = ["decide", str(folder), "--as-of", "2026-06-01"]
    for text, told in (
        (stated, False),
        (stated.replace("large", "other"), True),
        (stated.replace("safety@", "nobody@"), True),
        (stated.replace("contact", "# contact"), True),
        (f'{stated}cost-of-withholding = "much"\n', True),
        (f"{stated}# a comment\n", False),
    ):
        toml.write_text(text, encoding="utf-8")
        capsys.readouterr()
        assert main(options) == 0
        assert (note in capsys.readouterr().out.splitlines()) is told
        assert main([*options, "--json"]) == 0
        assert "since inspect" not in capsys.readouterr().out


def test_json_is_the_decision_file(tmp_path, capsysbinary):
    """`--json` prints the bytes of decision.json."""
    folder = _folder(tmp_path / "case", cases.case())
    assert main(["decide", str(folder), "--as-of", "2026-06-01", "--json"]) == 0
    assert capsysbinary.readouterr().out == (folder / "decision.json").read_bytes()


def test_explain_prints_rule_number_and_digest(tmp_path, capsys):
    """The tree of one requirement, with its quote and the file behind each leaf."""
    folder = _folder(tmp_path / "case", cases.case())
    options = ["explain", str(folder), "--as-of", "2026-06-01", "--requirement"]
    assert main([*options, "PE2@open-weights"]) == 0
    text = capsys.readouterr().out
    assert "yes PE2@open-weights" in text
    assert "no      LT0: light track 0" in text
    assert "because refuted: training-compute is not below the limit" in text
    assert 'rule: "tested after somebody' in text
    assert "evidence/bio-pe2.json sha256:" in text
    assert main([*options, "PE2@open-weights", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["id"] for item in found["requirements"]] == ["PE2@open-weights"]


def test_explain_says_when_the_case_has_changed(tmp_path, capsys):
    """A kept decision that is no longer the case's own is marked."""
    folder = _folder(tmp_path / "case", cases.case())
    main(["decide", str(folder), "--as-of", "2026-06-01"])
    (folder / "plan.json").unlink()
    assert main(["explain", str(folder)]) == 0
    assert "changed since this decision was made: plan.json" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["decide", "nowhere"], "not a case"),
        (["decide", "CASE", "--policy", "nothing"], "neither a shipped pack nor a folder"),
        (["decide", "CASE", "--as-of", "soon"], "is not a day"),
        (["decide", "CASE", "--as-of", "2025-01-01"], "is not in force"),
        (["explain", "CASE", "--as-of", "2026-06-01", "--requirement", "X"], "no requirement"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(tmp_path, capsys, words, says):
    """Exit code 2, one line, a hint."""
    folder = _folder(tmp_path / "case", cases.case())
    words = [str(folder) if word == "CASE" else word for word in words]
    assert main(words) == 2
    found = capsys.readouterr()
    assert says in found.err
    assert "hint: " in found.err
    assert len(found.err.splitlines()) == 1


@pytest.mark.parametrize("verb", ["decide", "verify", "inspect"])
def test_a_model_path_that_is_none_is_said_in_one_line(tmp_path, capsys, verb):
    """A null byte in `release.model` is refused by every verb that reads the case."""
    folder = _folder(tmp_path / "case", cases.case())
    (folder / "case.toml").write_text(
        '[release]\nname = "example/large"\nmodel = "\\u0000"\n', encoding="utf-8"
    )
    assert main([verb, str(folder)]) == 2
    error = capsys.readouterr().err
    assert "release.model: `\\x00` is not a path" in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("name", [b"evidence/\xff.json", b"orders/\xff.dsse.json"])
def test_a_file_name_that_is_not_utf8_is_said_in_one_line(tmp_path, capsys, name):
    """A decision could not name the file: exit code 2, also with `--json`."""
    folder = _folder(tmp_path / "case", cases.case())
    (folder / "orders").mkdir()
    Path(os.fsdecode(os.path.join(os.fsencode(folder), name))).write_bytes(b"{}")  # noqa: PTH118 - bytes
    assert main(["decide", str(folder), "--as-of", "2026-06-01", "--json"]) == 2
    found = capsys.readouterr()
    assert "is not UTF-8" in found.err
    assert len(found.err.splitlines()) == 1
    assert json.loads(found.out)["error"]["code"] == "case.file-name"


# What other verbs need: libraries, and rooms and files of ours that take time to load.
_HEAVY = {
    *("numpy", "torch", "z3", "cvc5", "starlette", "sqlalchemy", "jinja2", "huggingface_hub"),
    *(
        "httpx",
        "yaml",
        "cryptography",
        "zstandard",
        "tqdm",
        "urllib.request",
        "importlib.resources",
    ),
    *("difflib", "zipfile", "pickletools", "html"),
}
_ROOMS = ("artifact", "attest", "documents", "hub", "register", "trial", "watch", "web", "weights")
_FILES = {
    *("decision.backtest", "decision.explain", "decision.next_test", "decision.rationale"),
    *("decision.reference", "decision.replay", "decision.schedule", "desk.keys"),
    *("dossier.compute", "dossier.declared", "dossier.exchange", "dossier.from_artifact"),
    *("dossier.inspect", "dossier.ledger", "dossier.licence", "dossier.lint", "dossier.openness"),
    *("evidence.assemble", "evidence.from_inspect", "evidence.from_lm_eval", "evidence.log"),
    *("evidence.reading", "evidence.tasks"),
    *("policy.book", "policy.check", "policy.diff", "policy.export", "policy.program"),
    *("policy.prove", "policy.schema", "policy.search", "policy.witness"),
}


def test_deciding_loads_only_what_it_needs(tmp_path):
    """Cold start: no library, room or file that only other verbs need.

    Who breaks this has probably brought a heavy file into a room's `__init__`: import it
    from the file itself where it is used.
    """
    folder = _folder(tmp_path / "case", cases.case())
    loaded, again = _loaded(folder), _loaded(folder)
    assert not loaded & _HEAVY
    assert "tempfile" not in again, "nothing had changed, so there was nothing to write"
    assert "shutil" not in again, "no help was shown, so nobody asked how wide the terminal is"
    ours = {name.removeprefix("openweir.") for name in loaded if name.startswith("openweir.")}
    assert not ours & {*_ROOMS, *_FILES}
    assert len(ours) < 70


def _loaded(folder):
    """Return the names of the modules that one run of `decide` loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "openweir", "decide", str(folder)],
        env={"PYTHONPATH": str(Path(openweir.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
