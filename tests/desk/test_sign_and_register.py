"""Keys, signing and the log, as commands on a case."""

import json
import subprocess
import sys

import pytest

from openweir.cli.main import main
from signed_release import FILES, INPUTS, NAME, decision_of, write_files


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder with a home, a model and a decided case in it; the current directory."""
    monkeypatch.setenv("OPENWEIR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    # The decision is made up; its policy is trusted by digest, so that it is not made again.
    policy = f'[[policy]]\nsha256 = "{"ab" * 32}"\n'.encode()
    write_files(tmp_path / "home", {"trust.toml": policy})
    write_files(tmp_path / "model", FILES)
    write_files(tmp_path / "case", INPUTS)
    declaration = f'[release]\nname = "{NAME}"\nmodel = "../model"\n'
    (tmp_path / "case" / "case.toml").write_text(declaration)
    (tmp_path / "case" / "decision.json").write_bytes(decision_of().to_bytes())
    return tmp_path


@pytest.fixture
def run(capsys):
    """Return a function that runs a command and returns (exit code, parsed JSON)."""

    def run(*words, code=0):
        assert main([*words, "--json"]) == code, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_key_is_made_for_its_owner_only_and_trusted(place, run):
    """The private key is readable by its owner only; the public one is trusted in its role."""
    made = run("keys", "new", "alice", "--role", "reviewer")
    path = place / "home" / "keys" / "alice.pem"
    assert made["private_key"] == str(path)
    assert path.stat().st_mode & 0o777 == 0o600
    listed = run("keys", "list")
    assert listed["keys"] == [
        {"name": "alice", "role": "reviewer", "key_id": made["key_id"], "own": True}
    ]


def test_a_key_is_never_overwritten(place, run):
    """Making a key of a name that exists is refused."""
    run("keys", "new", "alice")
    before = (place / "home/keys/alice.pem").read_bytes()
    assert run("keys", "new", "alice", code=2)["error"]["code"] == "usage.key-exists"
    assert (place / "home/keys/alice.pem").read_bytes() == before


@pytest.mark.parametrize("name", ["../alice", "", "a/b", ".hidden", "x" * 65])
def test_a_key_name_is_a_file_name(place, run, name):
    """A name cannot lead out of the folder of keys."""
    assert run("keys", "new", name, code=2)["error"]["code"] == "usage.key-name"


def test_public_keys_travel(place, run):
    """A public key shown on one machine is trusted on another."""
    shown = run("keys", "new", "carol", "--home", "other")["key_id"]
    pem = run("keys", "show", "carol", "--home", "other")["public_key"]
    (place / "carol.pub").write_text(pem)
    trusted = run("keys", "trust", "carol.pub", "--name", "carol", "--role", "evaluator")
    assert trusted == {"name": "carol", "role": "evaluator", "key_id": shown}
    again = run("keys", "trust", "carol.pub", "--name", "carol", "--role", "developer", code=2)
    assert again["error"]["code"] == "attest.key-trusted-twice"


def test_two_people_sign_and_the_log_takes_it(place, run):
    """The whole way: one signature, told what is missing; two; the log; the same entry again."""
    run("keys", "new", "alice")
    run("keys", "new", "bob", "--role", "reviewer")
    first = run("sign", "case", "--key", "alice")
    assert set(first) == {
        "envelope",
        "model_signature",
        "statement_sha256",
        "signers",
        "approved",
        "next",
    }
    assert first["approved"] is False
    assert "openweir sign case" in first["next"]
    assert run("register", "append", "case", code=2)["error"]["code"] == "case.not-signed"
    second = run("sign", "case", "--key", "bob")
    assert [item["name"] for item in second["signers"]] == ["alice", "bob"]
    assert second["approved"] is True
    assert second["statement_sha256"] == first["statement_sha256"]
    assert second["next"] == "openweir register append case"
    logged = run("register", "append", "case")
    assert (logged["index"], logged["added"]) == (0, True)
    again = run("register", "append", "case")
    assert (again["index"], again["added"]) == (0, False)
    assert again["checkpoint"] == logged["checkpoint"]
    kept = place / "home/register/statements" / f"{first['statement_sha256']}.dsse.json"
    assert kept.read_bytes() == (place / "case/statements/decision.dsse.json").read_bytes()
    assert run("register", "verify")["ok"] is True
    assert run("register", "prove", "0")["index"] == 0
    assert run("register", "prove", "case")["path"] == "case/statements/decision.tlog-proof"


def test_signing_again_changes_nothing(place, run):
    """The same key on the same decision leaves the same bytes."""
    run("keys", "new", "alice")
    run("sign", "case", "--key", "alice")
    before = {path.name: path.read_bytes() for path in (place / "case/statements").iterdir()}
    run("sign", "case", "--key", "alice")
    assert {
        path.name: path.read_bytes() for path in (place / "case/statements").iterdir()
    } == before


def test_a_new_decision_starts_anew(place, run):
    """Signatures and proofs of an earlier decision do not linger."""
    run("keys", "new", "alice")
    run("keys", "new", "bob", "--role", "reviewer")
    run("sign", "case", "--key", "alice")
    run("sign", "case", "--key", "bob")
    run("register", "append", "case")
    inputs = {**INPUTS, "plan.json": b'{"more": 1}\n'}
    write_files(place / "case", inputs)
    (place / "case/decision.json").write_bytes(decision_of(inputs=inputs).to_bytes())
    signed = run("sign", "case", "--key", "bob")
    assert [item["name"] for item in signed["signers"]] == ["bob"]
    assert not (place / "case/statements/decision.tlog-proof").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model/config.json": b"{ }\n"}, "`config.json` was altered"),
        ({"model/added.py": b""}, "`added.py` is not among the decided files"),
        ({"case/plan.json": b"{ }"}, "`plan.json` changed since the decision"),
        ({"case/evidence/two.json": b"{}"}, "`evidence/two.json` was added since"),
    ],
)
def test_what_is_signed_is_what_was_decided_on(place, run, change, words):
    """Law 7: a file that changed since the decision is named, and nothing is signed."""
    run("keys", "new", "alice")
    write_files(place, change)
    error = run("sign", "case", "--key", "alice", code=2)["error"]
    assert error["code"] == "case.changed"
    assert words in error["message"]
    assert not (place / "case/statements").exists()


def test_a_key_that_does_not_exist_says_how_to_make_it(place, run):
    """The hint is the command that makes the key."""
    error = run("sign", "case", "--key", "nobody", code=2)["error"]
    assert (error["code"], error["hint"]) == ("usage.no-key", "openweir keys new nobody")


def test_a_case_without_a_decision_says_what_to_run(place, run):
    """Signing comes after deciding."""
    run("keys", "new", "alice")
    (place / "case/decision.json").unlink()
    error = run("sign", "case", "--key", "alice", code=2)["error"]
    assert "openweir decide" in error["hint"]


def test_a_key_of_openssl_works_and_is_trusted_only_on_request(place, run):
    """A PEM file signs; it counts for nothing until it is trusted."""
    words = ["openssl", "ecparam", "-genkey", "-name", "prime256v1", "-out", "release.pem"]
    subprocess.run(words, check=True)
    signed = run("sign", "case", "--key", "release.pem")
    assert [(item["name"], item["role"]) for item in signed["signers"]] == [(None, None)]
    assert "openweir keys trust" in signed["next"]
    signed = run("sign", "case", "--key", "release.pem", "--role", "reviewer", "--trust")
    assert [(item["name"], item["role"]) for item in signed["signers"]] == [("release", "reviewer")]
    error = run("sign", "case", "--key", "release.pem", "--role", "developer", code=2)["error"]
    assert error["code"] == "usage.role"


def test_a_case_without_model_files_signs_its_decision_only(place, run, capsys):
    """There is nothing else to sign, and the command says so."""
    run("keys", "new", "alice")
    (place / "case/case.toml").write_text(f'[release]\nname = "{NAME}"\n')
    (place / "case/decision.json").write_bytes(decision_of({}).to_bytes())
    assert run("sign", "case", "--key", "alice")["model_signature"] is None
    assert main(["sign", "case", "--key", "alice"]) == 0
    assert "the case has no model files" in capsys.readouterr().out


@pytest.mark.peer
def test_the_real_model_signing_tool_verifies_the_folder(place, run):
    """`model_signing verify key` accepts what `openweir sign` made, until a byte changes."""
    run("keys", "new", "alice")
    run("sign", "case", "--key", "alice")
    command = [sys.executable, "-m", "model_signing", "verify", "key", "model"]
    command += ["--signature", "case/statements/model.sig"]
    command += ["--public_key", str(place / "home/keys/alice.pub")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, "Verification succeeded" in done.stdout) == (0, True), done
    (place / "model/config.json").write_bytes(b"{} ")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_register_verify_names_the_damage(place, run):
    """One changed byte in the log or beside it: exit code 1 and the path."""
    run("keys", "new", "alice")
    run("keys", "new", "bob", "--role", "reviewer")
    for key in ("alice", "bob"):
        digest = run("sign", "case", "--key", key)["statement_sha256"]
    run("register", "append", "case")
    for name in (
        "checkpoint",
        "tile/0/000.p/1",
        "tile/entries/000.p/1",
        f"statements/{digest}.dsse.json",
    ):
        path = place / "home/register" / name
        good = path.read_bytes()
        path.write_bytes(good[:-3] + bytes([good[-3] ^ 1]) + good[-2:])
        found = run("register", "verify", code=1)
        assert found["ok"] is False
        assert [item["path"] for item in found["damage"]] == [name]
        path.write_bytes(good)
    assert run("register", "verify")["ok"] is True


def test_another_register_is_trusted_by_its_key(place, run):
    """A log made elsewhere verifies once its key is trusted."""
    made = run(
        "register", "init", "--register", "far", "--origin", "example.com/far", "--home", "h2"
    )
    assert run("register", "verify", "far", code=1)["damage"][0]["path"] == "checkpoint"
    run("keys", "trust-log", made["verifier_key"])
    assert run("register", "verify", "far")["checkpoint"]["origin"] == "example.com/far"
    assert run("keys", "trust-log", "far/log.pub")["origin"] == "example.com/far"


def test_no_register_is_an_error(place, run):
    """Verifying a log that is not there is no yes and no no."""
    assert run("register", "verify", code=2)["error"]["code"] == "usage.no-log"
