"""Run the scale-out form of a hub on this machine: `python deploy/local.py`.

PostgreSQL, an S3 server, several replicas and nginx before them, each the real program, all
below one folder that goes when Ctrl-C ends it. Nothing of it listens outside this machine.
With `--check` it takes a model through the whole way with a stock client, and ends: uploaded,
decided, published, granted, downloaded, revoked, refused, with one replica killed in between.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from servers import (
    BUCKET,
    MissingProgramError,
    Servers,
    find_rclone,
    free_port,
    moto_s3,
    nginx,
    postgres,
    rclone_s3,
)
from swift_servers import swift_s3

OWNER, READER, NAME = "velmar", "eve", "velmar/tiny"
_UPLOAD = """
import sys
from huggingface_hub import HfApi
api = HfApi()
api.create_repo(sys.argv[1], exist_ok=True)
print(api.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2]).oid)
"""
_DOWNLOAD = """
import sys
from huggingface_hub import snapshot_download
from huggingface_hub.errors import GatedRepoError
try:
    print(snapshot_download(sys.argv[1], local_dir=sys.argv[2]))
except GatedRepoError:
    sys.exit(3)
"""


@dataclass
class Fleet:
    """A hub of several replicas that runs.

    Attributes:
        url: of nginx before them.
        token: of the account that may publish.
        root: where everything lies.
        environment: of every command, with database, bucket and home.
        processes: the replicas.
    """

    url: str
    token: str
    root: Path
    environment: dict[str, str] = field(repr=False)
    processes: list["subprocess.Popen[bytes]"] = field(repr=False)

    def openweir(self, *words: str, token: str | None = None) -> str:
        """Run one command of Openweir and return what it says.

        Raises:
            RuntimeError: it failed.
        """
        extra = {} if token is None else {"HF_TOKEN": token}
        return _run((sys.executable, "-m", "openweir", *words), self.environment | extra)

    def client(self, code: str, *words: str, token: str) -> "subprocess.CompletedProcess[str]":
        """Run a script with the stock client, which knows this hub and a token."""
        told = {
            "HF_ENDPOINT": self.url,
            "HF_TOKEN": token,
            "HF_HOME": str(self.root / "hf"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }
        return subprocess.run(
            (sys.executable, "-c", code, *words),
            env=self.environment | told,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


def start(servers: Servers, *, replicas: int, s3: str, redirect_open: bool = False) -> Fleet:
    """Start everything and return it once it answers.

    Raises:
        MissingProgramError: a program is not on this machine.
        RuntimeError: one of them does not answer.
    """
    database = postgres(servers)
    if s3 == "moto":
        bucket = moto_s3(servers)
    elif s3 == "swift":
        bucket = swift_s3(servers)
    else:
        program = find_rclone(fetch=True)
        if program is None:
            raise MissingProgramError("rclone is not here, and no wheel of it fits this machine")
        bucket = rclone_s3(servers, program)
    root, home = servers.root, servers.root / "home"
    key = root / "hub.key"
    key.write_text(secrets.token_hex(32), encoding="ascii")
    key.chmod(0o600)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        **bucket.environment,
        "OPENWEIR_DATABASE": database,
        "OPENWEIR_BLOBS": f"s3://{BUCKET}/models",
        "OPENWEIR_HUB_KEY": str(key),
        "OPENWEIR_HOME": str(home),
    }
    fleet = Fleet(url="", token="", root=root, environment=environment, processes=[])
    ports = [free_port() for _ in range(replicas)]

    def replica(number: int) -> "subprocess.Popen[bytes]":
        ready = root / f"ready-{number}"
        words = (
            *("serve", "--port", ports[number - 1], "--owner", OWNER, "--metrics"),
            *("--data", root / f"replica-{number}", "--ready-file", ready),
            *(("--redirect-open",) if redirect_open else ()),
        )
        return servers.start(
            f"replica-{number}",
            (sys.executable, "-m", "openweir", *words),
            ready.exists,
            environment=environment,
        )

    # All at once, as a cluster starts them: one makes the tables and the owner, the others wait.
    with ThreadPoolExecutor(replicas) as pool:
        fleet.processes.extend(pool.map(replica, range(1, replicas + 1)))
    fleet.url = nginx(servers, ports)
    fleet.token = _token(fleet, OWNER)
    return fleet


def check(fleet: Fleet) -> None:
    """Take a model through the whole way, one line for each step.

    Raises:
        RuntimeError: a step did not do what it should.
    """
    root, began = fleet.root, time.monotonic()

    def told(step: str) -> None:
        _say(f"{time.monotonic() - began:5.1f} s  {step}")

    model, case = str(root / "model"), str(root / "case")
    make = "import sys; from pathlib import Path; from openweir.desk.demo import build_model; "
    _run((sys.executable, "-c", make + "build_model(Path(sys.argv[1]))", model), fleet.environment)
    card = "---\nlicense: apache-2.0\npipeline_tag: text-generation\n---\n# Tiny\n"
    (root / "model" / "README.md").write_text(card, encoding="utf-8")

    _must(fleet.client(_UPLOAD, NAME, model, token=fleet.token), 0, "the stock upload")
    told("uploaded with the stock client, as a draft of its namespace")
    fleet.openweir(
        "hub", "user", "add", READER, "--database", fleet.environment["OPENWEIR_DATABASE"]
    )
    reader = _token(fleet, READER)
    lost = fleet.client(_DOWNLOAD, NAME, str(root / "draft"), token=reader)
    _require(lost.returncode not in (0, 3), "a stranger saw a draft")
    told("a stranger is told that there is nothing")

    contact = ("--contact", "release@velmar.example", "--hold", "gated-weights")
    fleet.openweir("init", model, "--case", case, "--name", NAME, *contact)
    for words in (
        ("inspect", case),
        ("keys", "new", "ada", "--role", "developer"),
        ("keys", "new", "ben", "--role", "reviewer"),
        ("decide", case),
        ("sign", case, "--key", "ada"),
        ("sign", case, "--key", "ben"),
        ("register", "append", case),
    ):
        fleet.openweir(*words)
    fleet.openweir("publish", case, "--hub", fleet.url, token=fleet.token)
    told("decided as gated-weights, signed, logged and published")

    refused = fleet.client(_DOWNLOAD, NAME, str(root / "no-grant"), token=reader)
    _must(refused, 3, "a download without a grant")
    ask = ("access", "request", NAME, "--hub", fleet.url, "--purpose", "replicate the evaluation")
    fleet.openweir(*ask, token=reader)
    fleet.openweir("access", "grant", NAME, READER, "--hub", fleet.url, token=fleet.token)
    _must(fleet.client(_DOWNLOAD, NAME, str(root / "got"), token=reader), 0, "the download")
    weights = "model.safetensors"
    same = (root / "got" / weights).read_bytes() == (root / "model" / weights).read_bytes()
    _require(same, "other bytes came back")
    told("asked for, granted and downloaded, byte for byte")

    fleet.openweir("hub", "backup", "--to", str(root / "backup"))
    fleet.openweir("hub", "fsck", "--deep")
    told("backed up and examined while it serves")

    if len(fleet.processes) > 1:
        fleet.processes[-1].send_signal(signal.SIGKILL)
        fleet.processes[-1].wait()
        again = fleet.client(_DOWNLOAD, NAME, str(root / "again"), token=reader)
        _must(again, 0, "the download with a replica gone")
        told("one replica killed: nobody notices")

    fleet.openweir("access", "revoke", NAME, READER, "--hub", fleet.url, token=fleet.token)
    revoked = time.monotonic()
    # nginx asks the replicas in turns: so many refusals in a row are those of all.
    refused_after = _refused(fleet, reader, 2 * len(fleet.processes)) - revoked
    _require(refused_after <= 2, "a revoked grant still opens the gate after two seconds")
    after = fleet.client(_DOWNLOAD, NAME, str(root / "after"), token=reader)
    _must(after, 3, "the download after the revocation")
    told(f"revoked, and refused by every replica: the last answer {refused_after:.2f} s later")


def _refused(fleet: Fleet, token: str, times: int) -> float:
    """Ask for a gated file until that was refused so often in a row; return when it was."""
    asked = urllib.request.Request(
        f"{fleet.url}/{NAME}/resolve/main/config.json",
        headers={"Authorization": f"Bearer {token}"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began, refused = time.monotonic(), 0
    while refused < times and time.monotonic() - began < 10:
        try:
            with direct.open(asked, timeout=10) as answer:
                answer.read()
            refused = 0
        except urllib.error.HTTPError as error:
            _require(error.code == 403, f"the refusal is {error.code}")
            refused += 1
    return time.monotonic()


def main(words: list[str]) -> int:
    """Run it; 0 when it was stopped or the check passed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0], prog="local.py")
    parser.add_argument("--replicas", type=int, default=3, metavar="N", help="how many (3)")
    parser.add_argument("--check", action="store_true", help="take a model through it, and end")
    parser.add_argument(
        "--s3", choices=("rclone", "moto", "swift"), default="rclone", help="(rclone)"
    )
    parser.add_argument(
        "--redirect-open", action="store_true", help="open files go by links into the bucket"
    )
    asked = parser.parse_args(words)
    if not 1 <= asked.replicas <= 16:
        parser.error("from 1 to 16 replicas")
    try:
        with Servers() as servers:
            began = time.monotonic()
            fleet = start(
                servers, replicas=asked.replicas, s3=asked.s3, redirect_open=asked.redirect_open
            )
            _say(
                f"PostgreSQL, S3, {asked.replicas} replicas and nginx in "
                f"{time.monotonic() - began:.1f} s"
            )
            if asked.check:
                check(fleet)
                _say("all of it holds")
                return 0
            _say(f"hub at {fleet.url}")
            _say(f"next: HF_ENDPOINT={fleet.url} HF_TOKEN={fleet.token} hf auth whoami")
            _say(f"logs in {servers.root}   (Ctrl-C stops and removes everything)")
            threading.Event().wait()
    except KeyboardInterrupt:
        return 0
    except (MissingProgramError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _token(fleet: Fleet, user: str) -> str:
    database = fleet.environment["OPENWEIR_DATABASE"]
    told = fleet.openweir("hub", "token", "new", user, "--database", database, "--json")
    return str(json.loads(told)["token"])


def _run(command: tuple[str, ...], environment: dict[str, str]) -> str:
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    _must(done, 0, " ".join(command[2:5]))
    return done.stdout


def _must(done: "subprocess.CompletedProcess[str]", code: int, what: str) -> None:
    said = (done.stderr or done.stdout).strip()[-400:]
    _require(done.returncode == code, f"{what} ended with {done.returncode}: {said}")


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise RuntimeError(otherwise)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
