"""Records events and is killed before they can reach the chain."""

import os
import signal
from pathlib import Path

from hub_world import NOW
from openweir.hub.audit import AccessEvent
from openweir.hub.audit.journal import Journal


def write(root: Path, count: int) -> None:
    """Write `count` events into a journal under `root`, then end like a killed process."""
    journal = Journal(root / "journal")
    for number in range(count):
        event = AccessEvent(at=NOW, action="get", sent_bytes=number)
        journal.append(event.name, event.written())
    os.kill(os.getpid(), signal.SIGKILL)
