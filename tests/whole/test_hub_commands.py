"""`serve`, `hub`, `publish` and `access` as commands, against each other over a socket."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub_world import DAY, FILES, Signed, World
from openweir.tier import Tier

Done = subprocess.CompletedProcess


@dataclass
class Machine:
    """One user's machine: a home, a hub that listens, and commands."""

    root: Path
    world: World
    url: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        """The environment of every command: no token from outside."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        return {**clean, "OPENWEIR_HOME": str(self.root / "home"), "NO_PROXY": "*", **more}

    def openweir(self, *words: str, **more: str) -> "Done[str]":
        """Run one of our commands."""
        return subprocess.run(
            (sys.executable, "-m", "openweir", *words),
            env=self.environment(**more),
            cwd=self.root,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def case(self, signed: Signed, folder: str = "case") -> Path:
        """Lay a signed release down as a case with its model folder."""
        root = self.root / folder
        for path, data in signed.files.items():
            file = root / "model" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        (root / "statements").mkdir(parents=True, exist_ok=True)
        (root / "case.toml").write_text(
            f'[release]\nname = "{signed.name}"\nmodel = "model"\n', encoding="utf-8"
        )
        bundle = signed.bundle
        (root / "decision.json").write_bytes(bundle.decision)
        for name, data in (
            ("decision.dsse.json", bundle.envelope),
            ("decision.tlog-proof", bundle.log_proof),
            ("model.sig", bundle.model_signature),
        ):
            if data is not None:
                (root / "statements" / name).write_bytes(data)
        for name, data in signed.statements.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        return root


def start(machine: Machine, *words: str) -> "subprocess.Popen[str]":
    """Start the hub and wait until it says its address."""
    ready = machine.root / "hub.url"
    ready.unlink(missing_ok=True)
    register = str(machine.world.root / "register")
    command = (sys.executable, "-m", "openweir", "serve", "--port", "0", "--owner", "acme")
    server = subprocess.Popen(
        (*command, "--register", register, "--ready-file", str(ready), *words),
        env=machine.environment(),
        cwd=machine.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not ready.exists():
        assert server.poll() is None, server.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    machine.url = ready.read_text(encoding="utf-8").strip()
    return server


def stop(server: "subprocess.Popen[str]", number: int = signal.SIGTERM) -> str:
    """Stop a hub as its user would; it must end in order."""
    server.send_signal(number)
    printed, _ = server.communicate(timeout=30)
    assert server.returncode == 0, printed
    return printed


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine whose hub runs for all tests of this file."""
    root = tmp_path_factory.mktemp("machine")
    world = World(root / "world")
    found = Machine(root, world)
    (root / "home").mkdir()
    (root / "home" / "trust.toml").write_text(world.trust.to_text(), encoding="utf-8")
    server = start(found, "--as-of", DAY.isoformat())
    yield found
    printed = stop(server)
    assert "REPLAY" in printed
    assert "hf_" not in printed


@pytest.fixture(scope="module")
def released(machine: Machine) -> dict[str, object]:
    """The answer to publishing one gated release."""
    case = machine.case(machine.world.release())
    done = machine.openweir("publish", str(case), "--hub", machine.url, "--json")
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


class TestServe:
    """`openweir serve`."""

    def test_owner_token_is_the_users_alone(self, machine: Machine) -> None:
        """The first start keeps the owner's token on the user's side, mode 0600."""
        tokens = machine.root / "home" / "tokens.toml"
        assert tokens.stat().st_mode & 0o777 == 0o600
        assert f'"{machine.url}" = "hf_' in tokens.read_text(encoding="utf-8")

    def test_starts_again_and_stops_in_order(self, tmp_path: Path) -> None:
        """A second start finds its releases and its owner; Ctrl-C ends it with exit 0."""
        machine = Machine(tmp_path, World(tmp_path / "world"))
        (tmp_path / "home").mkdir()
        trust = machine.world.trust.to_text()
        (tmp_path / "home" / "trust.toml").write_text(trust, encoding="utf-8")
        day = ("--as-of", DAY.isoformat())
        server = start(machine, *day)
        case = machine.case(machine.world.release())
        assert machine.openweir("publish", str(case), "--hub", machine.url).returncode == 0
        first = stop(server, signal.SIGINT)
        assert "account `acme` may publish" in first
        second = start(machine, *day)
        assert machine.openweir("publish", str(case), "--hub", machine.url).returncode == 0
        printed = stop(second)
        assert "1 release" in printed
        assert "account" not in printed

    def test_taken_port(self, machine: Machine) -> None:
        """A port in use is one line with the way out."""
        port = machine.url.rpartition(":")[2]
        done = machine.openweir("serve", "--port", port)
        assert done.returncode == 2
        assert "cannot listen" in done.stderr
        assert "--port" in done.stderr
        assert "Traceback" not in done.stderr


class TestPublish:
    """`openweir publish`."""

    def test_answer(self, machine: Machine, released: dict[str, object]) -> None:
        """JSON names the release, its page, its commit and its tier."""
        assert set(released) == {"name", "url", "commit", "tier", "draft", "sent"}
        assert released["name"] == "acme/small"
        assert released["url"] == f"{machine.url}/acme/small"
        assert released["tier"] == "gated-weights"

    def test_changed_file(self, machine: Machine) -> None:
        """A model file changed after signing is refused, by size here or by digest there."""
        config = FILES["config.json"].replace(b"llama", b"other")
        signed = machine.world.release("acme/changed", files={**FILES, "config.json": config})
        case = machine.case(signed, "changed")
        weights = case / "model" / "config.json"
        weights.write_bytes(FILES["config.json"])
        done = machine.openweir("publish", str(case), "--hub", machine.url)
        assert done.returncode == 1
        assert "not the" in done.stderr
        assert "digest" in done.stderr
        weights.write_bytes(b"short")
        done = machine.openweir("publish", str(case), "--hub", machine.url)
        assert done.returncode == 2
        assert "not the file that was decided on" in done.stderr

    def test_refused_here(self, machine: Machine) -> None:
        """An altered decision is refused before a byte is sent, with exit 1 and JSON."""
        case = machine.case(machine.world.release("acme/altered"), "altered")
        path = case / "decision.json"
        path.write_bytes(path.read_bytes().replace(b"gated-weights", b"open-weights"))
        done = machine.openweir("publish", str(case), "--hub", machine.url, "--json")
        assert done.returncode == 1
        assert "check `decision` fails" in json.loads(done.stdout)["refused"]["message"]

    @pytest.mark.parametrize(
        ("missing", "step"),
        [
            ("decision.json", "openweir decide"),
            ("statements/decision.dsse.json", "openweir sign"),
            ("statements/decision.tlog-proof", "openweir register append"),
        ],
    )
    def test_unfinished_case(self, machine: Machine, missing: str, step: str) -> None:
        """What is missing is named with the command that makes it."""
        case = machine.case(machine.world.release("acme/unfinished"), "unfinished")
        (case / missing).unlink()
        done = machine.openweir("publish", str(case), "--hub", machine.url)
        assert done.returncode == 2
        assert step in done.stderr

    def test_sealed(self, machine: Machine) -> None:
        """A sealed release can be put under the hub's care; nothing of it is to be seen."""
        case = machine.case(machine.world.release("acme/sealed", tier=Tier.SEALED), "sealed")
        done = machine.openweir("publish", str(case), "--hub", machine.url)
        assert done.returncode == 0, done.stderr
        assert "it is sealed" in done.stdout

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--hub", "http://127.0.0.1:9"), "cannot talk to the hub"),
            (("--hub", "ftp://x"), "is not a hub's address"),
            (("--token", "hf_" + "x" * 37), "Invalid credentials"),
        ],
    )
    def test_bad_ways(self, machine: Machine, words: tuple[str, ...], told: str) -> None:
        """A hub out of reach, an odd address and a wrong token are one line, exit 2."""
        case = machine.case(machine.world.release("acme/ways"), "ways")
        given = words if "--hub" in words else ("--hub", machine.url, *words)
        done = machine.openweir("publish", str(case), *given, HF_TOKEN="hf_" + "y" * 37)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr


class TestAccess:
    """`openweir hub` and `openweir access`."""

    def test_from_request_to_revocation(
        self, machine: Machine, released: dict[str, object]
    ) -> None:
        """Asked, listed, granted until a day, served, revoked, refused."""
        name, hub = str(released["name"]), ("--hub", machine.url)
        added = machine.openweir("hub", "user", "add", "ada", "--json")
        token = json.loads(added.stdout)["token"]
        ask = ("access", "request", name, *hub, "--purpose", "replicate", "--json")
        asked = json.loads(machine.openweir(*ask, "--token", token).stdout)
        assert (asked["user"], asked["status"]) == ("ada", "pending")
        listed = machine.openweir("access", "list", name, *hub, "--status", "pending")
        assert "ada" in listed.stdout
        assert "replicate" in listed.stdout
        granted = machine.openweir("access", "grant", name, "ada", *hub, "--expires", "2026-12-24")
        assert "until 2026-12-24" in granted.stdout
        again = machine.openweir(*ask, HF_TOKEN=token)
        assert json.loads(again.stdout)["status"] == "accepted"
        assert self.status(machine, name, token) == 200
        revoked = machine.openweir("access", "revoke", name, "ada", *hub, "--json")
        assert json.loads(revoked.stdout)["status"] == "rejected"
        assert self.status(machine, name, token) == 403

    def test_refusals(self, machine: Machine, released: dict[str, object]) -> None:
        """What the hub refuses is exit 1 with its sentence; no token is exit 2 with a hint."""
        name, hub = str(released["name"]), ("--hub", machine.url)
        token = json.loads(machine.openweir("hub", "user", "add", "eve", "--json").stdout)["token"]
        for words in (
            ("access", "grant", name, "eve", *hub, "--token", token),
            ("access", "list", name, *hub, "--token", token),
            ("access", "request", "acme/none", *hub, "--purpose", "x", "--token", token),
            ("access", "reject", name, "nobody", *hub),
        ):
            done = machine.openweir(*words)
            assert done.returncode == 1, words
            assert "refused" in done.stderr
        elsewhere = ("--home", str(machine.root / "elsewhere"))
        done = machine.openweir("access", "list", name, *hub, *elsewhere)
        assert done.returncode == 2
        assert "openweir hub token new" in done.stderr

    def test_accounts(self, machine: Machine) -> None:
        """Accounts are listed; tokens are shown once and can be revoked."""
        made = machine.openweir("hub", "user", "add", "bob", "--publisher")
        assert "hf_" in made.stdout
        assert machine.openweir("hub", "user", "add", "bob").returncode == 2
        more = json.loads(machine.openweir("hub", "token", "new", "bob", "--json").stdout)
        assert more["token"].startswith("hf_")
        listed = json.loads(machine.openweir("hub", "user", "list", "--json").stdout)
        bob = {"name": "bob", "publisher": True, "tokens": 2}
        assert bob in listed["users"]
        revoked = machine.openweir("hub", "token", "revoke", "bob", "--json")
        assert json.loads(revoked.stdout) == {"user": "bob", "revoked": 2}
        for words in (("token", "new", "nobody"), ("user", "add", "a b"), ("user", "add", "")):
            done = machine.openweir("hub", *words)
            assert done.returncode == 2
            assert done.stderr.count("\n") == 1

    def test_no_hub_there(self, machine: Machine, tmp_path: Path) -> None:
        """Administering a folder without a hub names the command that starts one."""
        done = machine.openweir("hub", "user", "list", "--data", str(tmp_path))
        assert done.returncode == 2
        assert "openweir serve --data" in done.stderr

    def status(self, machine: Machine, name: str, token: str) -> int:
        """The HTTP status a client gets for the weights."""
        import httpx

        headers = {"Authorization": f"Bearer {token}"}
        url = f"{machine.url}/{name}/resolve/main/model.safetensors"
        return httpx.get(url, headers=headers, trust_env=False).status_code
