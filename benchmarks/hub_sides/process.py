"""A server process, its address, and the processor time it has used so far."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["PARTS", "READERS", "RELEASES", "Side", "nginx", "ours"]

RELEASES, PARTS, READERS = 5, 40, 10
"""How many gated releases there are, files of each, and readers of all of them."""

_HERE = Path(__file__).resolve().parent
_NGINX = """
worker_processes 1; pid {root}/pid; error_log {root}/error; daemon off; master_process off;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; keepalive_requests 10000000;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
  uwsgi_temp_path {root}/t4; scgi_temp_path {root}/t5;
  server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two that are compared.

    Attributes:
        path: of the large file.
        tokens: of the hub's accounts by name; empty for nginx.
    """

    name: str
    process: int
    port: int
    path: str
    tokens: dict[str, str] = field(default_factory=dict)

    def cpu(self) -> float:
        """Seconds of processor time the process has used, all threads together."""
        # The clock of another process (clock_getcpuclockid), exact where /proc counts in
        # hundredths of a second.
        return time.clock_gettime((~self.process << 3) | 2)


@contextmanager
def ours(root: Path, mebibytes: int) -> Iterator[Side]:
    """Start our hub with a gated release of that size."""
    process = subprocess.Popen(
        (sys.executable, str(_HERE / "ours.py"), str(root), str(mebibytes)),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        port = int(told.pop("url").rpartition(":")[2])
        path = "/acme/large/resolve/main/model.safetensors"
        yield Side("openweir", process.pid, port, path, told)
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def nginx(root: Path, large: Path) -> Iterator[Side | None]:
    """Start nginx over a file; None where it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    root.mkdir()
    (root / "conf").write_text(_NGINX.format(root=root, port=port, files=large.parent))
    process = subprocess.Popen((program, "-c", str(root / "conf"), "-e", str(root / "error")))
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield Side("nginx", process.pid, port, f"/{large.name}")
    finally:
        process.terminate()
        process.wait(timeout=30)
