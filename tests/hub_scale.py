"""A PostgreSQL and an S3-compatible server of this test run, for hubs with several replicas.

`OPENWEIR_TEST_S3` names the S3 server: `rclone`, `moto` or `swift`; by default the first of the
two former that is here.
"""

import atexit
import itertools
import os
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from openweir.hub.store import Store
from servers import (
    BUCKET,
    S3,
    MissingProgramError,
    Servers,
    find_rclone,
    moto_s3,
    nginx,
    postgres,
    rclone_s3,
)
from swift_servers import swift_s3

KINDS = ("rclone", "moto", "swift")


class ScaleOut:
    """The two servers; each hub gets a schema and a prefix of its own."""

    def __init__(self, kind: str) -> None:
        """Start both; skips the test where their programs are absent."""
        pytest.importorskip("psycopg", reason="needs the extra `scale-out`")
        self._count = itertools.count()
        with ExitStack() as undone:
            self.servers = undone.enter_context(Servers())
            try:
                self._address = postgres(self.servers, durable=False)
            except MissingProgramError as missing:
                pytest.skip(str(missing))
            self.s3 = s3_server(self.servers, kind)
            atexit.register(undone.pop_all().close)
        os.environ.update(self.s3.environment)

    def fresh(self) -> tuple[str, str]:
        """Return database and bucket addresses that nothing was written to yet."""
        import psycopg

        name = f"h{next(self._count)}"
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")  # type: ignore[arg-type]
        return f"{self._address}?options=-csearch_path%3D{name}", f"s3://{BUCKET}/{name}"


def s3_server(servers: Servers, kind: str) -> S3:
    """Start an S3 server by name; skips the test where its program is absent."""
    if kind == "moto":
        pytest.importorskip("moto", reason="needs moto, an S3 server for tests")
        return moto_s3(servers)
    if kind == "swift":
        try:
            return swift_s3(servers)
        except MissingProgramError as missing:
            pytest.skip(str(missing))
    program = needs_s3(kind)
    return rclone_s3(servers, program)


def needs_s3(kind: str) -> str:
    """Return the program of an S3 server; skips the test where it is absent."""
    program = find_rclone(fetch=False) if kind == "rclone" else shutil.which(kind)
    if program is None:
        pytest.skip(f"needs {kind}: python deploy/servers.py fetches rclone")
    return program


def behind_nginx(servers: Servers, ports: Sequence[int], *, accel: Path | None = None) -> str:
    """Start nginx before replicas on these ports; skips the test where there is none."""
    try:
        return nginx(servers, ports, accel=accel)
    except MissingProgramError as missing:
        pytest.skip(str(missing))


_shared: list[ScaleOut] = []


def scale_out() -> ScaleOut:
    """Return the servers of this run, started by the first to ask."""
    if not _shared:
        kind = os.environ.get("OPENWEIR_TEST_S3")
        here = "rclone" if find_rclone(fetch=False) is not None else "moto"
        _shared.append(ScaleOut(kind or here))
    return _shared[0]


def opened(folder: Path) -> Store:
    """Open an empty hub's database of the size that these tests are for."""
    if os.environ.get("OPENWEIR_TEST_HUB", "embedded") == "embedded":
        return Store.embedded(folder)
    return Store(scale_out().fresh()[0])
