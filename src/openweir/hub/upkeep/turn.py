"""One after the other: while bytes are let go nobody counts or copies them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import func, select

from openweir.errors import HubError
from openweir.hub.upkeep.kept import Kept

__all__ = ["turn"]

_KEY = 0x6F79  # any number that only hubs of this kind lock by


@contextmanager
def turn(kept: Kept, *, alone: bool) -> Iterator[None]:
    """Keep others out for the length of a `with` block; serving goes on.

    Args:
        kept: of the hub.
        alone: whether this lets go of bytes; those who only read go side by side.

    Raises:
        HubError: somebody else is at it.
    """
    with _file(kept.data, alone=alone) if kept.embedded else _database(kept, alone=alone):
        yield


@contextmanager
def _file(data: Path, *, alone: bool) -> Iterator[None]:
    handle = os.open(data / "upkeep.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy() from None
        yield
    finally:
        os.close(handle)


@contextmanager
def _database(kept: Kept, *, alone: bool) -> Iterator[None]:
    lock = func.pg_try_advisory_lock if alone else func.pg_try_advisory_lock_shared
    unlock = func.pg_advisory_unlock if alone else func.pg_advisory_unlock_shared
    # A session's lock, not a transaction's: it may be held for hours.
    engine = kept.store.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.execute(select(lock(_KEY))).scalar():
            raise _busy()
        try:
            yield
        finally:
            connection.execute(select(unlock(_KEY)))


def _busy() -> HubError:
    return HubError(
        "another fsck, gc or backup of this hub is running",
        code="upkeep",
        hint="try again when it is done",
    )
