"""Witnesses the hub asks for, and all that a downloader needs to check a release alone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub_live import listening
from hub_served import Served
from hub_world import NOW, Signed, World
from openweir.cli.main import main
from openweir.desk.head import sign_head
from openweir.desk.home import Home
from openweir.desk.keys import new_key, read_trust
from openweir.hub.hub import Hub
from openweir.register import Cosigner, LogPolicy, add_lines, cosign
from signed_release import FILES, INPUTS, NAME, decision_of, write_files

WITNESS, OTHER = (Cosigner.generate(f"witness.example/{name}") for name in "ab")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A hub that asks for one witness."""
    found = Served(World(tmp_path / "world"), tmp_path)
    log = found.world.log.verifier
    text = f"log {log}\nwitness a {WITNESS.key}\nquorum a\n"
    found.hub.log_policy = LogPolicy.parse(text.encode())
    yield found
    found.close()


def witnessed(signed: Signed, by: Cosigner) -> Signed:
    """The release with a witness's line on the checkpoint of its proof."""
    proof = signed.bundle.log_proof
    assert proof is not None
    head, _, note = proof.partition(b"\n\n")
    text = note.decode().partition("\n\n")[0] + "\n"
    line = cosign(text, by, int(NOW.timestamp()))
    whole = head + b"\n\n" + add_lines(note, line)
    return replace(signed, bundle=replace(signed.bundle, log_proof=whole))


def test_a_decision_without_its_witness_is_refused(served: Served) -> None:
    """Neither none nor a stranger's line will do; the check `log` says what is missing."""
    signed = served.world.release()
    for release in (signed, witnessed(signed, OTHER)):
        answer = served.publish(release)
        assert answer.status_code == 422
        assert "check `log` fails" in answer.json()["error"]
    assert served.publish(witnessed(signed, WITNESS)).status_code == 200


def test_a_policy_put_in_later_closes_what_lacks_it(served: Served) -> None:
    """Releases are checked by the policy of today, not by that of the day they came."""
    policy, served.hub.log_policy = served.hub.log_policy, None
    assert served.publish(served.world.release()).status_code == 200
    assert served.hub.known("acme/small") is not None
    other = served.another()
    other.log_policy = policy
    assert other.known("acme/small") is None
    other.close()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case of gated weights, signed by two people and logged, with a signed head."""
    monkeypatch.setenv("OPENWEIR_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    policy = f'[[policy]]\nsha256 = "{"ab" * 32}"\n'.encode()
    write_files(tmp_path / "home", {"trust.toml": policy})
    for name, role in (("alice", "developer"), ("bob", "reviewer"), ("hal", "hub")):
        new_key(Home(tmp_path / "home"), name, role=role)
    write_files(tmp_path / "model", FILES)
    write_files(tmp_path / "case", INPUTS)
    declaration = f'[release]\nname = "{NAME}"\nmodel = "../model"\n'
    (tmp_path / "case/case.toml").write_text(declaration, encoding="utf-8")
    (tmp_path / "case/decision.json").write_bytes(decision_of().to_bytes())
    for name in ("alice", "bob"):
        assert main(["sign", "case", "--key", name]) == 0
    assert main(["register", "append", "case"]) == 0
    home = Home(tmp_path / "home")
    sign_head(home.register, "hal", home=home, at=NOW)
    return tmp_path


def test_a_downloader_needs_the_hub_alone(machine: Path, capfd: pytest.CaptureFixture) -> None:
    """Statements, summaries, log and head are served; a download verifies by them, online or not."""
    home = Home(machine / "home")
    trust = read_trust(home.trust)
    day = datetime(2026, 11, 21, 12, tzinfo=UTC)
    hub = Hub.open(machine / "hub", trust=trust, register=home.register, clock=lambda: day)
    hub.accounts.add("owner", publisher=True, at=day)
    owner = hub.accounts.new_token("owner", at=day)
    hub.accounts.add("eve", publisher=False, at=day)
    eve = hub.accounts.new_token("eve", at=day)
    with listening(hub) as url:
        assert main(["publish", "case", "--hub", url, "--token", owner]) == 0
        grant = ["access", "grant", NAME, "eve", "--hub", url, "--token", owner]
        assert main(grant) == 0
        capfd.readouterr()
        day_of = ["--as-of", "2026-11-21", "--json"]
        words = ["verify", NAME, "--hub", url, "--token", eve, "--require-head", *day_of]
        code = main(words)
        told = json.loads(capfd.readouterr().out)
        checks = {item["name"]: item for item in told["checks"]}
        assert code == 0, [item for item in told["checks"] if not item["ok"]]
        for name in ("summaries", "register", "head", "log", "files"):
            assert checks[name]["ok"], checks[name]
        assert "6 summaries" in checks["summaries"]["detail"]
        local = machine / "eve"
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                f"import huggingface_hub as h; h.snapshot_download({NAME!r}, local_dir='eve')",
            ],
            env={**os.environ, "HF_ENDPOINT": url, "HF_TOKEN": eve, "HF_HOME": str(machine / "c")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert len(list((local / ".openweir/summaries").iterdir())) == 6
        register = ["--register", f"{url}/register", "--require-head"]
        assert main(["verify", str(local), *register, *day_of]) == 0
        capfd.readouterr()
        summary = local / ".openweir/summaries/svr.dsse.json"
        summary.write_bytes(
            (local / ".openweir/summaries/vsa-gated-weights.dsse.json").read_bytes()
        )
        assert main(["verify", str(local), *register, *day_of]) == 1
        assert "`svr.dsse.json` says other things" in capfd.readouterr().out
    hub.close()


def test_a_plan_put_in_after_the_decision_is_not_signed(
    machine: Path, capfd: pytest.CaptureFixture
) -> None:
    """What the signers see is what the decision names: `sign` refuses a plan of later."""
    (machine / "case/stages.json").write_text("{}")
    capfd.readouterr()
    assert main(["sign", "case", "--key", "alice"]) == 2
    assert "`stages.json` was added since the decision" in capfd.readouterr().err


def test_a_summary_that_says_other_things_is_not_taken(served: Served) -> None:
    """A publisher cannot add a summary of their own making."""
    served.hub.log_policy = None
    signed = served.world.release()
    forged = replace(signed, statements={"summaries/svr.dsse.json": signed.bundle.envelope})
    answer = served.publish(forged)
    assert answer.status_code == 422
    assert "check `summaries` fails" in answer.json()["error"]
    odd = replace(signed, statements={"summaries/mine.dsse.json": signed.bundle.envelope})
    assert "not a summary of this decision" in served.publish(odd).json()["error"]


def test_only_head_and_statements_beside_the_log(served: Served) -> None:
    """The head and signed statements are public; keys and strays of the folder are not."""
    folder = served.world.root / "register"
    for name in ("head/timestamp.json", "head/.hidden.json", "head/key.pem", "statements/x.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"{}")
    digest = "ab" * 32
    (folder / f"statements/{digest}.dsse.json").write_bytes(b"{}")
    client = TestClient(Starlette(routes=served.hub.routes()))
    for path, status in (
        ("head/timestamp.json", 200),
        (f"statements/{digest}.dsse.json", 200),
        ("head/.hidden.json", 404),
        ("head/key.pem", 404),
        ("statements/x.json", 404),
        ("head/..%2flog.key", 404),
        ("statements/..%2f..%2fhub.sqlite", 404),
    ):
        answer = client.get(f"/register/{path}")
        assert answer.status_code == status, path
    assert client.get("/register/head/timestamp.json").headers["cache-control"] == "no-cache"
    client.close()
