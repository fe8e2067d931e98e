"""The stock `hf` command and `curl`, as people type them."""

import configparser
import json
import os
import pty
import random
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

from hub_live import serving
from hub_served import Served
from hub_world import FILES, World
from openweir.digest import sha256

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.peer

_HF = str(Path(sys.executable).with_name("hf"))
_CODE = re.compile(r"[?]user_code=([A-Z]{4}-[A-Z]{4})")


@dataclass
class Desk:
    """A listening hub that counts what comes in, and a folder to type in."""

    served: Served
    url: str
    folder: Path
    came: list[int]

    def environment(self, user: str | None) -> dict[str, str]:
        """A home of the user's own."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
        token = {} if user is None else {"HF_TOKEN": self.served.tokens[user]}
        return {
            **clean,
            **token,
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(self.folder / f"home-{user}"),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_COLOR": "1",
            "NO_PROXY": "*",
        }

    def hf(self, *words: str, user: str | None = "acme") -> "subprocess.CompletedProcess[str]":
        """One command."""
        return subprocess.run(
            (_HF, *words),
            cwd=self.folder,
            env=self.environment(user),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )

    def curl(self, path: str, *words: str, user: str | None = "acme") -> tuple[int, bytes, str]:
        """Status, body and head of one request."""
        token = [] if user is None else [f"Authorization: Bearer {self.served.tokens[user]}"]
        headers = [word for line in token for word in ("-H", line)]
        head = self.folder / "head"
        done = subprocess.run(
            ("curl", "-s", "--noproxy", "*", "-D", str(head), *headers, *words, self.url + path),
            capture_output=True,
            timeout=60,
            check=False,
        )
        text = head.read_text().lower()
        return int(text.split()[1]), done.stdout, text


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The hub."""
    root = tmp_path_factory.mktemp("desk")
    served, came = Served(World(root / "world"), root), [0]
    inner = Starlette(routes=served.hub.routes())

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            message = await receive()
            came[0] += len(message.get("body", b""))
            return message

        await inner(scope, counted, send)

    served.publish(served.world.release())
    served.settle()
    with serving(counting, lifespan=False) as url:
        yield Desk(served, url, root, came)
    served.close()


@pytest.mark.slow
def test_every_command_that_is_about_repositories(desk: Desk) -> None:
    """Each ends with 0, in the order in which somebody would type them."""
    model = desk.folder / "m"
    model.mkdir()
    (model / "README.md").write_text("---\nlicense: mit\ntags: [tiny]\n---\n# m\n")
    (model / "w.safetensors").write_bytes(bytes(range(256)) * 8000)
    for line in (
        "repos create acme/cli",
        "repos create acme/rows --type dataset",
        "upload acme/cli m .",
        "upload acme/cli m/README.md NOTES.md --create-pr",
        "upload acme/rows m/README.md README.md --type dataset",
        "download acme/cli --local-dir back",
        "download acme/cli",
        "cache verify acme/cli",
        "models list --author acme --filter tiny",
        "models info acme/cli",
        "datasets info acme/rows",
        "repos branch create acme/cli next",
        "repos tag create acme/cli v1 -m one",
        "repos tag list acme/cli",
        "repos tag delete acme/cli v1 --yes",
        "repos branch delete acme/cli next",
        "repos settings acme/cli --private",
        "repos list",
        "repos move acme/cli acme/moved",
        "repos duplicate acme/moved acme/copied",
        "repos delete acme/moved --yes",
    ):
        done = desk.hf(*line.split())
        assert done.returncode == 0, (line, done.stdout, done.stderr)
    listed = json.loads(desk.hf("datasets", "list", "--json").stdout)
    assert [item["id"] for item in listed] == ["acme/rows"]
    same = desk.folder / "back" / "w.safetensors"
    assert same.read_bytes() == (model / "w.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("discussions list acme/small", "this hub keeps no discussions"),
        ("buckets list", "this hub keeps no buckets"),
        ("jobs ps", "this hub keeps no jobs"),
        ("spaces list", "this hub keeps no spaces"),
        ("collections list", "this hub keeps no collections"),
        ("papers list", "this hub keeps no papers"),
        ("webhooks list", "this hub keeps no webhooks"),
    ],
)
def test_what_is_not_kept_is_said_so(desk: Desk, line: str, sentence: str) -> None:
    """The command ends with 1 and the hub's own sentence."""
    done = desk.hf(*line.split())
    assert done.returncode == 1
    assert sentence in done.stdout + done.stderr


def test_a_file_sent_twice_goes_over_the_line_once(desk: Desk) -> None:
    """The second `hf upload` of the same bytes, under another name too, sends next to nothing."""
    pytest.importorskip("hf_xet")
    content = random.Random(3).randbytes(32 * 2**20)
    (desk.folder / "large.bin").write_bytes(content)
    assert desk.hf("repos", "create", "acme/twice").returncode == 0
    sent = []
    for name in ("a.bin", "a.bin", "b.bin"):
        before = desk.came[0]
        done = desk.hf("upload", "acme/twice", "large.bin", name)
        assert done.returncode == 0, done.stderr
        sent.append(desk.came[0] - before)
    assert sent[0] > len(content)
    assert max(sent[1:]) < 200_000, sent


@pytest.mark.slow
def test_login_in_a_browser_and_the_tokens_renewal(desk: Desk) -> None:
    """`hf auth login` shows a code; once agreed it holds a token, and renews it when it ended."""
    child, screen = pty.fork()
    if child == 0:
        os.execve(_HF, ["hf", "auth", "login"], desk.environment(None))
    shown, agreed, until = "", False, time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([screen], [], [], 0.5)[0]:
            try:
                shown += os.read(screen, 4096).decode(errors="replace")
            except OSError:
                break
        code = _CODE.search(shown)
        if code is None and "Log in with your browser" in shown:
            os.write(screen, b"\n")
        elif code is not None and not agreed:
            agreed = True
            body = {"user_code": code[1]}
            headers = desk.served.headers("ann")
            answer = desk.served.client.post("/api/openweir/logins", json=body, headers=headers)
            assert answer.status_code == 200
    os.waitpid(child, 0)
    os.close(screen)
    assert "Login successful" in shown, shown
    assert "ann" in desk.hf("auth", "whoami", user=None).stdout
    stored = desk.folder / "home-None" / "stored_tokens"
    kept = configparser.ConfigParser()
    kept.read(stored)
    (name,) = kept.sections()
    first = kept[name]["hf_token"]
    kept[name]["expires_at"] = "1"
    with stored.open("w") as stream:
        kept.write(stream)
    assert "ann" in desk.hf("auth", "whoami", user=None).stdout
    kept.read(stored)
    assert kept[name]["hf_token"] != first
    old = {"Authorization": f"Bearer {first}"}
    assert desk.served.client.get("/api/whoami-v2", headers=old).status_code == 401


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
class TestCurl:
    """Ranges and conditions as RFC 9110 has them."""

    _PATH = "/acme/small/resolve/main/config.json"
    _WHOLE = FILES["config.json"]

    def test_ranges(self, desk: Desk) -> None:
        """First bytes, last bytes, from the middle; past the end is 416; odd ones get the whole."""
        whole = self._WHOLE
        for stated, status, wanted in (
            ("0-4", 206, whole[:5]),
            ("-5", 206, whole[-5:]),
            ("10-", 206, whole[10:]),
            ("10-9999", 206, whole[10:]),
            ("0-1,4-5", 200, whole),
        ):
            found = desk.curl(self._PATH, "-r", stated, user="granted")
            assert found[:2] == (status, wanted), stated
        status, _, head = desk.curl(self._PATH, "-r", "9999-", user="granted")
        assert status == 416
        assert f"content-range: bytes */{len(whole)}" in head

    def test_conditions(self, desk: Desk) -> None:
        """A version that the client has is not sent; a range of another version is the whole."""
        status, _, head = desk.curl(self._PATH, "-I", user="granted")
        assert status == 200
        assert f"content-length: {len(self._WHOLE)}" in head
        tag = re.search(r'etag: ("[0-9a-f]+")', head)
        assert tag is not None
        mine = tag[1]
        for stated in (mine, f'"x", W/{mine}', "*"):
            found = desk.curl(self._PATH, "-H", f"If-None-Match: {stated}", user="granted")
            assert found[:2] == (304, b""), stated
        for stated, status in ((mine, 206), ('"other"', 200)):
            words = ("-r", "0-4", "-H", f"If-Range: {stated}")
            assert desk.curl(self._PATH, *words, user="granted")[0] == status
        other = desk.curl(self._PATH, "-H", 'If-None-Match: "other"', user="granted")
        assert other[:2] == (200, self._WHOLE)

    def test_what_one_has_opens_no_gate(self, desk: Desk) -> None:
        """Who may not read the file hears so, whatever version they say they have."""
        for user, status in ((None, 401), ("ann", 403)):
            for stated in ("*", f'"{sha256(self._WHOLE)}"'):
                found = desk.curl(self._PATH, "-H", f"If-None-Match: {stated}", user=user)
                assert found[0] == status
                assert json.loads(found[1])["error"]
