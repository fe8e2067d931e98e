"""`openweir release` and the gate's verbs of `openweir access`, against a hub that listens."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.stages.test_stages import plan_json
from hub_live import listening
from hub_served import Served
from hub_world import NOW, World
from openweir.attest import TrustedKey
from openweir.cli.main import main
from openweir.desk.home import Home
from openweir.desk.keys import new_key
from openweir.tier import Tier

NAME = "acme/small"


class Shell:
    """A command line with a home, a hub and its publisher's token."""

    def __init__(self, root: Path, served: Served, url: str, capsys) -> None:
        """Remember where everything is."""
        self.home, self.served, self.url, self.capsys = root / "home", served, url, capsys

    def run(self, *words: str, user: str = "acme") -> tuple[int, dict]:
        """Run a command with `--json`; returns its exit code and what it said."""
        told = ("--hub", self.url, "--token", self.served.tokens[user], "--json")
        code = main([*words, *told, "--home", str(self.home)])
        return code, json.loads(self.capsys.readouterr().out)


@pytest.fixture
def shell(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A hub with an open release; two people have keys that it trusts."""
    served = Served(World(tmp_path / "world"), tmp_path)
    trust = served.world.trust
    for name, role in (("ada", "developer"), ("ben", "evaluator")):
        _, public = new_key(Home(tmp_path / "home"), name, role=role)
        trust = trust.with_key(TrustedKey(name=name, role=role, key=public))
    served.hub.trust = lambda: trust
    served.publish(served.world.release(tier=Tier.OPEN_WEIGHTS))
    monkeypatch.setattr("openweir.desk.release.now", lambda: NOW)
    with listening(served.hub) as url:
        yield Shell(tmp_path, served, url, capsys)
    served.close()


def test_halt_and_resume(shell: Shell) -> None:
    """A halt stops the release, says why, and ends; strangers are refused with exit 1."""
    words = ("release", "halt", NAME, "--trigger", "weights-leak", "--reason", "found outside")
    assert shell.run(*words, user="ann")[0] == 1
    assert shell.run(*words) == (
        0,
        {"name": NAME, "release_state": "halted", "trigger": "weights-leak"},
    )
    code, told = shell.run("release", "status", NAME)
    assert (code, told["release_state"], told["stages"]) == (0, "halted", None)
    assert told["halted"] == "weights-leak: found outside"
    code, told = shell.run("release", "resume", NAME, "--reason", "it was a copy of the card")
    assert (code, told["ended"]) == (0, 1)
    assert shell.run("release", "resume", NAME, "--reason", "again")[0] == 1


def test_two_people_take_a_step(shell: Shell, tmp_path: Path) -> None:
    """One makes the step, the other signs it further and sends it."""
    plan = plan_json(shell.served.hub.release("acme", "small").decision.release_sha256)
    plan["stages"][0]["approvers"] = {"signatures": 2}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    assert shell.run("release", "advance", NAME, "--key", "ada")[0] == 2
    assert shell.run("release", "plan", NAME, str(tmp_path / "plan.json"))[0] == 0
    code, told = shell.run("release", "advance", NAME, "--key", "ada")
    assert code == 1
    assert "1 of 2 signatures" in told["refused"]["message"]
    step = ("--statement", str(tmp_path / "step.json"))
    code, told = shell.run("release", "advance", NAME, "--key", "ada", *step, "--sign-only")
    assert (code, told["sent"], told["signatures"]) == (0, False, 1)
    code, told = shell.run("release", "advance", NAME, "--key", "ben", *step)
    assert (code, told) == (0, {"name": NAME, "to": "evaluators", "signatures": 2, "sent": True})
    told = shell.run("release", "status", NAME)[1]["stages"]
    assert (told["stage"], told["next"]) == ("evaluators", "researchers")
    measures = {"patched_fraction": {"value": "0.5", "at": "2026-11-20T12:00:00Z"}}
    (tmp_path / "m.json").write_text(json.dumps(measures))
    words = ("--key", "ada", "--key", "ben", "--measures", str(tmp_path / "m.json"))
    code, told = shell.run("release", "advance", NAME, *words)
    assert code == 1
    for reason in ("lasts 10 days", "at least 0.8 is asked", "`open_critical_findings` was not"):
        assert reason in told["refused"]["message"]


def test_text(shell: Shell, capsys) -> None:
    """What a person reads ends with the next step."""
    words = ("--hub", shell.url, "--token", shell.served.tokens["acme"])
    assert main(["release", "status", NAME, *words]) == 0
    assert capsys.readouterr().out == f"{NAME}: open-weights, released\nno stage plan\n"
    assert main(["release", "status", "small", *words]) == 2
    assert "is not the name of a release" in capsys.readouterr().err


def test_rules_gate_and_appeal(shell: Shell, tmp_path: Path) -> None:
    """Rules are published, asked under, and a rejection goes to the panel."""
    for user in ("pia", "paul"):
        shell.served.hub.accounts.add(user, publisher=False, at=NOW)
    shell.served.publish(shell.served.world.release("acme/gated"))
    rules = {"purposes": ["EVAL"], "panel": {"members": ["pia", "paul"], "votes": 2}}
    (tmp_path / "rules.json").write_text(json.dumps(rules))
    name = "acme/gated"
    assert shell.run("access", "rules", name, str(tmp_path / "rules.json"))[0] == 0
    ask = ("access", "request", name, "--purpose", "we test safeguards")
    assert shell.run(*ask, user="ann")[0] == 1
    assert shell.run(*ask, "--term", "EVAL", user="ann")[1]["status"] == "pending"
    assert shell.run("access", "reject", name, "ann")[0] == 0
    assert shell.run("access", "appeal", name, "--reason", "I qualify", user="ann")[0] == 0
    gate = shell.run("access", "gate", name)[1]
    assert (gate["statistics"]["rejected"], gate["statistics"]["appeals"]) == (1, 1)
    for user in ("pia", "paul"):
        shell.served.tokens[user] = shell.served.hub.accounts.new_token(user, at=NOW)
    vote = ("access", "vote", name, "ann")
    assert shell.run(*vote, "--accept", user="ann")[0] == 1
    assert shell.run(*vote, "--accept", user="pia")[1]["status"] == "rejected"
    code, told = shell.run(*vote, "--accept", "--reason", "they do", user="paul")
    assert (code, told) == (0, {"no": 0, "status": "accepted", "user": "ann", "yes": 2})
    assert shell.run("access", "revoke", name, "ann", "--class", "purpose")[0] == 1
    taken = shell.run("access", "revoke", name, "ann", "--class", "security")
    assert (taken[0], taken[1]["status"]) == (0, "rejected")


def test_providers(shell: Shell, tmp_path: Path, capsys) -> None:
    """The operator names providers and drops them."""
    url = "https://login.example"
    where = ("--data", str(tmp_path / "hub"), "--json")
    if not shell.served.embedded:
        where = (*where, "--database", shell.served.shared[0])
    assert main(["hub", "passport", url, "--client", "hub", *where]) == 0
    assert json.loads(capsys.readouterr().out) == {"providers": [url]}
    assert main(["hub", "passport", url, *where]) == 0
    assert json.loads(capsys.readouterr().out) == {"providers": []}
    assert main(["hub", "passport", "http://far.example", "--client", "x", *where]) == 2


def test_measures_halt(shell: Shell, tmp_path: Path) -> None:
    """Signed measurements are taken; one that pulls a trigger halts, and status says by what."""
    plan = plan_json(shell.served.hub.release("acme", "small").decision.release_sha256)
    bypass = {"trigger": "safeguard-bypass", "measure": "bypasses", "at_least": "1"}
    plan["stages"][0]["halt"] = [bypass]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    assert shell.run("release", "plan", NAME, str(tmp_path / "plan.json"))[0] == 0
    (tmp_path / "m.json").write_text('{"bypasses": {"value": "2", "at": "2026-11-20T12:00:00Z"}}')
    words = ("release", "measure", NAME, "--measures", str(tmp_path / "m.json"))
    assert shell.run(*words)[0] == 2
    code, told = shell.run(*words, "--key", "ben")
    assert (code, told["halted"], told["by"]) == (0, ["safeguard-bypass"], ["ben"])
    told = shell.run("release", "status", NAME)[1]
    assert told["release_state"] == "halted"
    assert told["stages"]["pulled"] == ["safeguard-bypass: bypasses at least 1"]
    code, told = shell.run("release", "resume", NAME, "--reason", "please")
    assert code == 1
    assert "2 was measured last" in told["refused"]["message"]
