"""One writer at a time: hold a case while its plan is read, added to and written back."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openweir.errors import CaseError

__all__ = ["locked"]

_MOST_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


@contextmanager
def locked(root: Path, *, seconds: float = _MOST_SECONDS) -> Iterator[None]:
    """Hold a case for the time of the block; another process waits for it.

    The folder itself is locked, so that no file is left behind; the lock ends with the
    process, however it ends.

    Args:
        root: the case folder.
        seconds: how long to wait for another process.

    Raises:
        CaseError: another process held it all that time, or the folder cannot be locked.
    """
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise CaseError(
            f"cannot open the folder: {error.strerror}", code="unreadable", where=str(root)
        ) from None
    try:
        _wait(handle, root, seconds)
        yield
    finally:
        os.close(handle)


def _wait(handle: int, root: Path, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise CaseError(
                    f"another process has been writing to this case for {seconds:g} seconds",
                    code="locked",
                    where=str(root),
                    hint="try again when it is done",
                ) from None
            time.sleep(_PAUSE_SECONDS)
        except OSError as error:
            raise CaseError(
                f"cannot lock the folder: {error.strerror}",
                code="unlockable",
                where=str(root),
                hint="keep the case on a local disk while you add to it",
            ) from None
        else:
            return
