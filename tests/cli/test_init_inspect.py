"""`openweir init` and `openweir inspect` as commands."""

import json
import os
import pickle
import struct
import subprocess
import sys

import pytest

from model_folder import CARD, TENSORS, safetensors, small
from openweir.cli.main import main


def openweir(*words, cwd):
    """Run the command line as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "openweir", *map(str, words)],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_from_a_folder_to_a_dossier(tmp_path, capfd):
    """Two commands take a model folder to its dossier, each ending in the next step."""
    small(tmp_path / "m")
    case = tmp_path / "c"
    assert main(["init", str(tmp_path / "m"), "--case", str(case), "--contact", "a@b.example"]) == 0
    assert capfd.readouterr().out.endswith(f"next: openweir inspect {case}\n")
    assert main(["inspect", str(case)]) == 0
    shown = capfd.readouterr().out
    assert shown.startswith("local/m: 6 files")
    for words in ("LlamaForCausalLM", "Apache-2.0", "3.89e17 FLOP", "ceiling", "findings: none"):
        assert words in shown
    assert shown.endswith(f"next: openweir decide {case}\n")
    assert main(["inspect", str(case), "--json"]) == 0
    assert capfd.readouterr().out.encode() == (case / "dossier.json").read_bytes()


def test_init_prints_one_json_object(tmp_path, capfd):
    """`--json` gives the case, the model, the name, the contact and the next step."""
    small(tmp_path / "m")
    words = ["init", str(tmp_path / "m"), "--case", str(tmp_path / "c"), "--json"]
    assert main([*words, "--name", "acme/m", "--hold", "open-weights"]) == 0
    assert json.loads(capfd.readouterr().out) == {
        "case": str(tmp_path / "c"),
        "model": str(tmp_path / "m"),
        "name": "acme/m",
        "contact": "",
        "next": f"openweir inspect {tmp_path / 'c'}",
    }
    assert main([*words[:4], "--json"]) == 2
    assert json.loads(capfd.readouterr().out)["error"]["code"] == "case.exists"
    assert main([*words, "--hold", "wide-open"]) == 2
    assert "tier" in capfd.readouterr().err


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        """Remember which."""
        self.path = str(path)

    def __reduce__(self):
        """Ask the unpickler to call `os.mkdir`."""
        return os.mkdir, (self.path,)


@pytest.fixture
def hostile(tmp_path):
    """A folder with one of every attack, beside a good model."""
    folder = small(
        tmp_path / "hostile",
        **{
            "pytorch_model.bin": pickle.dumps(Bomb(tmp_path / "executed")),
            "renamed.txt": pickle.dumps(Bomb(tmp_path / "executed"), 0),
            "cut.safetensors": safetensors(TENSORS)[:30],
            "huge.safetensors": struct.pack("<Q", 2**60) + b"{}",
            "model.safetensors.index.json": {"weight_map": {"a": "../../etc/passwd"}},
            "config.json": '{"auto_map": {"AutoModel": "evil/repo--m.X"}, "architectures": ["\\u001b[2J"]}',
            "esc\u00e9.md": "x",
        },
    )
    (folder / "link").symlink_to("/etc/passwd")
    with (folder / "README.md").open("wb") as stream:
        stream.write(CARD.encode())
        stream.truncate(200_000_000)
    return folder


def test_a_hostile_folder_is_shown_and_nothing_happens(hostile, tmp_path):
    """Each attack is one line; no traceback, no execution, no control characters, exit 0."""
    done = openweir("inspect", hostile, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    for path, rule in (
        ("pytorch_model.bin", "pickle"),
        ("renamed.txt", "pickle"),
        ("cut.safetensors", "safetensors-length"),
        ("huge.safetensors", "safetensors-length"),
        ("model.safetensors.index.json", "index-traversal"),
        ("config.json", "custom-code"),
        ("link", "link-out"),
        ("README.md", "oversized-text"),
    ):
        found = [line for line in lines if f" {path}: " in line and rule in line]
        assert len(found) == 1, (path, rule)
    assert not (tmp_path / "executed").exists()


def test_a_hostile_folder_as_a_case(hostile, tmp_path):
    """The case's dossier keeps every finding; the facts a policy needs say so."""
    assert openweir("init", hostile, "--case", "c", cwd=tmp_path).returncode == 0
    done = openweir("inspect", "c", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    facts = {fact["predicate"]: fact["value"] for fact in document["facts"]}
    assert facts["pickle-files"] is facts["refused-files"] is facts["custom-code"] is True
    assert {finding["path"] for finding in document["findings"]} >= {"link", "huge.safetensors"}


@pytest.mark.parametrize("words", [["gone"], ["empty"], ["file"], ["badcase"]])
def test_unusable_input_is_one_line_and_exit_2(tmp_path, words):
    """What cannot be inspected at all is one line on standard error and exit 2."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "badcase").mkdir()
    (tmp_path / "badcase" / "case.toml").write_bytes(b"\xff")
    done = openweir("inspect", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("openweir: ")
    assert len(done.stderr.splitlines()) == 1


def test_help_teaches_with_examples(tmp_path):
    """Each command's help shows real command lines."""
    for command in ("init", "inspect"):
        done = openweir(command, "--help", cwd=tmp_path)
        assert done.returncode == 0
        assert f"  openweir {command} ./my-model" in done.stdout
