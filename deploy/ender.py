"""Ends the servers of a process that ended without doing so: `python deploy/ender.py FOLDER`.

`servers.py` starts it beside the servers, in a session of its own, and tells it each of them on
its standard input: `PID SIGNAL`, a line each. However its starter ends, also by `kill -9`, that
input ends with it; whoever still runs by then is ended in the reverse order of its start, and the
folder removed. The line `done` says that there is nothing left to do.
"""

import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

_GRACE_SECONDS = 5.0


class Ending:
    """One process that is to end; by its descriptor where the system has such."""

    def __init__(self, pid: int, order: int) -> None:
        """Take hold of a process, so that nobody else is meant who gets its number later."""
        self.pid, self.order = pid, order
        self.descriptor = os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None

    def tell(self, order: int) -> None:
        """Send a signal; one that is gone hears nothing."""
        with suppress(ProcessLookupError):
            if self.descriptor is None:
                os.kill(self.pid, order)
            else:
                signal.pidfd_send_signal(self.descriptor, order)

    def ended(self, until: float) -> bool:
        """Wait for its end; whether it came in time."""
        if self.descriptor is not None:
            left = max(0.0, until - time.monotonic())
            return bool(select.select([self.descriptor], [], [], left)[0])
        while time.monotonic() < until:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return True
            time.sleep(0.05)
        return False


def main(folder: Path) -> None:
    """Wait for the end of whoever started it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    begun: list[Ending] = []
    for line in sys.stdin:
        if line.strip() == "done":
            return
        pid, order = map(int, line.split())
        with suppress(ProcessLookupError):
            begun.append(Ending(pid, order))
    for one in reversed(begun):
        one.tell(one.order)
    until = time.monotonic() + _GRACE_SECONDS
    for one in reversed(begun):
        if not one.ended(until):
            one.tell(signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
