"""deploy/servers.py: what is started ends, however its starter does; what is missing is said."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import hub_scale
import servers
from servers import MissingProgramError, Servers

DEPLOY = Path(servers.__file__).parent
# The second may be one that no signal but the last ends; then the starter ends in its own way.
_STARTER = """
import os, signal, sys
from pathlib import Path
from servers import Servers
with Servers() as servers:
    servers.start("one", ("sleep", "600"), lambda: True)
    ready = servers.root / "ready"
    servers.start("two", (sys.executable, "-c", {second!r}, ready), ready.exists)
    print(servers.root, *(process.pid for _, process in servers.started), flush=True)
    {end}
"""
_READY = "import signal, sys, time; open(sys.argv[1], 'w').close(); "
_MEEK = _READY + "time.sleep(600)"
_STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + _MEEK


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc to see processes")
@pytest.mark.parametrize(
    ("end", "second"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", _STUBBORN),
        ("os.kill(os.getpid(), signal.SIGTERM)", _MEEK),
        ("os._exit(3)", _MEEK),
    ],
)
def test_whoever_starts_servers_takes_them_along(end: str, second: str) -> None:
    """Killed, or gone without a word: its servers and their folder are gone soon after."""
    done = subprocess.run(
        (sys.executable, "-c", _STARTER.format(end=end, second=second)),
        env={**os.environ, "PYTHONPATH": str(DEPLOY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    root, *pids = done.stdout.split()
    until = time.monotonic() + 30
    while (any(alive(int(pid)) for pid in pids) or Path(root).exists()) and (
        time.monotonic() < until
    ):
        time.sleep(0.05)
    assert not [pid for pid in pids if alive(int(pid))]
    assert not Path(root).exists()


def test_ctrl_c_reaches_them_in_their_turn() -> None:
    """They are in no group of the terminal: the block ends them, with the signal of each."""
    with Servers() as found:
        one = found.start("one", ("sleep", "600"), lambda: True, order=signal.SIGUSR1)
        assert os.getpgid(one.pid) not in (os.getpgid(0), 0)
    assert one.returncode == -signal.SIGUSR1
    assert not found.root.exists()


@pytest.mark.peer
def test_postgresql_ends_at_once_under_its_clients() -> None:
    """A connection that nobody closed does not hold its end up."""
    psycopg = pytest.importorskip("psycopg")
    with Servers() as found:
        try:
            address = servers.postgres(found, durable=False)
        except MissingProgramError as missing:
            pytest.skip(str(missing))
        connection = psycopg.connect(address)
        began = time.monotonic()
    assert time.monotonic() - began < 15
    connection.close()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda _: hub_scale.ScaleOut("moto"), "apt install postgresql"),
        (lambda _: hub_scale.needs_s3("rclone"), "python deploy/servers.py fetches rclone"),
        (lambda found: hub_scale.behind_nginx(found, [1]), "apt install nginx"),
    ],
    ids=["PostgreSQL", "rclone", "nginx"],
)
def test_a_missing_program_is_a_skip_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[Servers], object], said: str
) -> None:
    """No test fails for want of a server, and none of those that were started stays behind."""
    monkeypatch.setattr(servers.shutil, "which", lambda *_, **__: None)
    monkeypatch.setattr(servers, "_newest", lambda _: None)
    monkeypatch.setenv("XDG_CACHE_HOME", os.devnull)
    with Servers() as found, pytest.raises(pytest.skip.Exception, match=said):
        ask(found)
    assert found.started == []
