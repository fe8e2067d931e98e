"""OpenStack Swift on one machine: a distributed S3 server, three storage nodes and a proxy.

Every object lies on all three nodes, each of which has an account, a container and an object
server of its own; the proxy before them speaks S3 (its middleware `s3api`). The programs are
those of the system's packages and run with the Python that they name.
"""

import os
import pwd
import secrets
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from servers import S3, MissingProgramError, Servers, answers, free_port, make_bucket

NODES = (1, 2, 3)
_KINDS = ("account", "container", "object")
_PROGRAMS = (
    *("memcached", "swift-ring-builder"),
    *(f"swift-{kind}-server" for kind in (*_KINDS, "proxy")),
)
# 2**6 places on three disks: enough to spread what tests write, and quick to lay out.
_RING = ("create", 6, len(NODES), 1)
# They read `swift.conf` in /etc/swift unless told of another folder before they begin.
_LAUNCH = (
    "import runpy, sys; from swift.common.utils import set_swift_dir; "
    "set_swift_dir(sys.argv[1]); del sys.argv[:2]; "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)
# As Swift's own example has them, without what limits or counts.
_PIPELINE = "catch_errors gatekeeper cache listing_formats bulk s3api tempauth copy slo dlo"
_EGGS = {"cache": "memcache"}
# Each node answers a write before the container's listing knows of it, unless it may wait.
_LISTED_SECONDS = 30


def swift_s3(servers: Servers) -> S3:
    """Start three nodes and the proxy before them, with one empty bucket.

    Raises:
        MissingProgramError: Swift's programs are not here.
        RuntimeError: one of them does not answer.
    """
    if any(shutil.which(program) is None for program in _PROGRAMS):
        raise MissingProgramError(
            "Swift is not here: apt install swift-proxy swift-account swift-container "
            "swift-object memcached"
        )
    folder = servers.root / "swift"
    folder.mkdir()
    secret, suffix = secrets.token_hex(16), secrets.token_hex(8)
    (folder / "swift.conf").write_text(
        f"[swift-hash]\nswift_hash_path_suffix = {suffix}\n"
        "[storage-policy:0]\nname = all\ndefault = yes\n",
        encoding="utf-8",
    )
    # All at once: each takes a second of its own to begin.
    with ThreadPoolExecutor(len(_KINDS) * len(NODES)) as pool:
        rings = list(pool.map(lambda kind: _ring(folder, kind), _KINDS))
        for begun in [
            pool.submit(_start_node, servers, folder, kind, node, port)
            for kind, ports in zip(_KINDS, rings, strict=True)
            for node, port in zip(NODES, ports, strict=True)
        ]:
            begun.result()
    port, cache = free_port(), free_port()
    user = pwd.getpwuid(os.geteuid()).pw_name
    servers.start(
        "memcached",
        ("memcached", "-l", "127.0.0.1", "-p", cache, "-U", "0", "-u", user),
        answers(cache),
    )
    said = {
        "cache": f"memcache_servers = 127.0.0.1:{cache}\n",
        "s3api": "max_upload_part_num = 10000\n",
        "slo": "max_manifest_segments = 10000\n",
        "tempauth": f"user_hub_key = {secret} .admin\n",
    }
    filters = "".join(
        f"[filter:{one}]\nuse = egg:swift#{_EGGS.get(one, one)}\n{said.get(one, '')}"
        for one in _PIPELINE.split()
    )
    app = "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
    text = _settings(folder, port) + f"[pipeline:main]\npipeline = {_PIPELINE} proxy-server\n"
    _start(servers, folder, "s3", "proxy", text + app + filters)
    found = S3(endpoint=f"http://127.0.0.1:{port}", key="hub:key", secret=secret)
    make_bucket(found)
    return found


def node_names(number: int) -> tuple[str, ...]:
    """Return the names of the processes of one node, for whoever wants to lose it."""
    return tuple(f"{kind}-{number}" for kind in _KINDS)


def _ring(folder: Path, kind: str) -> list[int]:
    """Lay out which node holds what of one kind; return the port of its server on each node."""
    ports = [free_port() for _ in NODES]
    devices = [f"r1z{node}-127.0.0.1:{port}/d" for node, port in zip(NODES, ports, strict=True)]
    for words in (_RING, ("add", *(word for one in devices for word in (one, 1))), ("rebalance",)):
        command = (*_python("swift-ring-builder"), folder / f"{kind}.builder", *words)
        done = subprocess.run(tuple(map(str, command)), capture_output=True, text=True, check=False)
        # A ring that was laid out with a remark says so by 1.
        if done.returncode not in (0, 1):
            said = (done.stderr or done.stdout).strip()
            raise RuntimeError(f"the ring of {kind} servers: {said[-400:]}")
    return ports


def _start_node(servers: Servers, folder: Path, kind: str, node: int, port: int) -> None:
    disks = folder / f"node-{node}"
    (disks / "d").mkdir(parents=True, exist_ok=True)
    text = _settings(folder, port) + (
        f"devices = {disks}\nmount_check = false\nfallocate_reserve = 0\n"
        f"container_update_timeout = {_LISTED_SECONDS}\n"
        f"[pipeline:main]\npipeline = {kind}-server\n"
        f"[app:{kind}-server]\nuse = egg:swift#{kind}\n"
    )
    _start(servers, folder, f"{kind}-{node}", kind, text)


def _settings(folder: Path, port: int) -> str:
    user = pwd.getpwuid(os.geteuid()).pw_name
    return (
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = 0\nuser = {user}\n"
        f"swift_dir = {folder}\nlog_level = WARNING\n"
    )


def _start(servers: Servers, folder: Path, name: str, kind: str, text: str) -> None:
    written = folder / f"{name}.conf"
    written.write_text(text, encoding="utf-8")
    python, *_, program = _python(f"swift-{kind}-server")
    port = int(text.partition("bind_port = ")[2].partition("\n")[0])
    command = (python, "-E", "-c", _LAUNCH, folder, program, written, "-v")
    servers.start(name, command, answers(port))


def _python(name: str) -> tuple[str, ...]:
    """Return how to run one of Swift's programs by its own Python, whatever is set for ours."""
    program = shutil.which(name)
    assert program is not None, name
    with Path(program).open(encoding="utf-8") as stream:
        return (*stream.readline().removeprefix("#!").split(), "-E", program)
