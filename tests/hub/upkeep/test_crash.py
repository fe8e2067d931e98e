"""Killed between the bytes and their record: fsck shows them, gc takes them, they come again."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from openweir.cli.main import main
from openweir.desk.clock import now
from openweir.digest import sha256
from openweir.hub.accounts import Accounts
from openweir.hub.blobs import Blobs
from openweir.hub.store import Store

CONTENT = b"on their way" * 1000
DIES = """
import os, signal
from openweir.hub.possession import Possession
Possession.record = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
"""
SERVES = "import sys\nfrom openweir.cli.main import main\nsys.exit(main(sys.argv[1:]))\n"


def served(root: Path, code: str) -> tuple["subprocess.Popen[bytes]", str]:
    """A hub in a process of its own and its address."""
    ready = root / "ready"
    ready.unlink(missing_ok=True)
    words = ("serve", "--port", "0", "--home", str(root / "home"), "--data", str(root / "hub"))
    process = subprocess.Popen(
        (sys.executable, "-c", code + SERVES, *words, "--ready-file", str(ready)),
        stdout=subprocess.DEVNULL,
    )
    while not ready.exists():
        assert process.poll() is None
        time.sleep(0.02)
    return process, ready.read_text().strip()


def address(client: httpx.Client) -> str | None:
    """Where to send the bytes; None where they need not be sent."""
    objects = [{"oid": sha256(CONTENT), "size": len(CONTENT)}]
    body = {"operation": "upload", "objects": objects}
    found = client.post("/mia/m.git/info/lfs/objects/batch", json=body).raise_for_status().json()
    actions = found["objects"][0].get("actions")
    return None if actions is None else str(actions["upload"]["href"])


def fsck(root: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the command finds."""
    capsys.readouterr()
    assert main(["hub", "fsck", "--deep", "--json", "--data", str(root / "hub")]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_killed_between_bytes_and_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is wrong with the hub, one file is too many, and the upload can be made again."""
    store = Store.embedded(tmp_path / "hub")
    accounts = Accounts(store)
    accounts.add("mia", publisher=False, at=now())
    headers = {"Authorization": f"Bearer {accounts.new_token('mia', at=now())}"}
    store.close()
    process, url = served(tmp_path, "")
    with httpx.Client(base_url=url, headers=headers) as client:
        client.post("/api/repos/create", json={"name": "m"}).raise_for_status()
    process.terminate()
    process.wait(timeout=20)
    process, url = served(tmp_path, DIES)
    with httpx.Client(base_url=url, headers=headers) as client:
        href = address(client)
        assert href is not None
        with suppress(httpx.TransportError):
            client.put(href, content=CONTENT)
    assert process.wait(timeout=20) == -9
    blob = Blobs(tmp_path / "hub").path(sha256(CONTENT))
    assert blob.read_bytes() == CONTENT
    left = fsck(tmp_path, capsys)["left"]
    assert isinstance(left, dict)
    assert (left["unnamed"], left["unnamed_bytes"]) == (1, len(CONTENT))
    month_ago = now().timestamp() - 40 * 86400
    os.utime(blob, (month_ago, month_ago))
    capsys.readouterr()
    assert main(["hub", "gc", "--json", "--data", str(tmp_path / "hub")]) == 0
    gone = json.loads(capsys.readouterr().out)
    assert [one["sha256"] for one in gone["blobs"]] == [sha256(CONTENT)]
    assert not blob.exists()
    process, url = served(tmp_path, "")
    with httpx.Client(base_url=url, headers=headers) as client:
        again = address(client)
        assert again is not None
        client.put(again, content=CONTENT).raise_for_status()
        header = {"key": "header", "value": {"summary": "s"}}
        value = {"path": "w.bin", "algo": "sha256", "oid": sha256(CONTENT), "size": len(CONTENT)}
        lines = "\n".join(map(json.dumps, (header, {"key": "lfsFile", "value": value})))
        client.post("/api/models/mia/m/commit/main", content=lines).raise_for_status()
        assert client.get("/mia/m/resolve/main/w.bin").content == CONTENT
    process.terminate()
    process.wait(timeout=20)
    left = fsck(tmp_path, capsys)["left"]
    assert isinstance(left, dict)
    assert left["unnamed"] == 0
