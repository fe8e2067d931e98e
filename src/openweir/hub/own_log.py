"""The hub's own log: a proof from it must agree with what the log holds now."""

import os
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from openweir.attest import Envelope, Trust
from openweir.errors import HubError
from openweir.hub.accept import Bundle
from openweir.hub.orders import LoggedOrder, read_orders
from openweir.hub.read_once import may_wait
from openweir.hub.statement import log_entry
from openweir.register import Checkpoint, Log, Proof, read_entries

__all__ = ["OwnOrders", "require_in_own_log"]

_MANY = 64


class OwnOrders:
    """The orders in the log that the hub publishes; reads each entry once.

    Args:
        register: the log's folder; while there is none, there are no orders.
    """

    def __init__(self, register: Path) -> None:
        """Read nothing yet."""
        self._register = register
        self._checkpoint = f"{register}/checkpoint"
        self._lock = threading.Lock()
        self._head: Checkpoint | None = None
        self._identity: tuple[int, int, int] | None = None
        self._orders: tuple[LoggedOrder, ...] = ()

    def at_hand(self) -> tuple[LoggedOrder, ...]:
        """Return every order that the log holds now: the same object while none was added.

        Raises:
            RegisterError: the log is damaged; what it orders is then unknown.
        """
        try:
            found = os.stat(self._checkpoint)  # noqa: PTH116 - at each request, a `Path` is slow
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise HubError(f"the log cannot be read: {error.strerror}", code="log") from None
        identity = (found.st_ino, found.st_size, found.st_mtime_ns)
        with self._lock:
            if identity == self._identity:
                return self._orders
            may_wait()
            log = Log.open(self._register)
            head = log.checkpoint()
            if head != self._head:
                before = self._head
                grown = before is not None and before.size <= head.size
                start = before.size if before is not None and grown else 0
                entries: Iterator[bytes]
                if head.size - start > _MANY:
                    entries = islice(read_entries(head.size, log.fetch), start, None)
                else:
                    entries = (log.entry(index) for index in range(start, head.size))
                fresh = read_orders(entries, start=start)
                kept = self._orders if grown else ()
                self._orders = (*kept, *fresh) if fresh or not grown else kept
                self._head = head
            self._identity = identity
            return self._orders


def require_in_own_log(bundle: Bundle, register: Path, *, trust: Trust) -> None:
    """Check a checked bundle once more against the log in `register`, if it is of that log.

    A proof alone shows that the log held the entry once; this shows that it still does,
    so a publication cannot rest on a branch of the log that its readers never see.

    Raises:
        HubError: the log holds something else at that index, or is shorter than the proof says.
        RegisterError: the log is damaged.
    """
    if bundle.log_proof is None or not (register / "checkpoint").is_file():
        return
    proof = Proof.from_bytes(bundle.log_proof)
    log = Log.open(register)
    head = log.checkpoint()
    origin = proof.checkpoint.partition(b"\n")[0]
    if origin != head.origin.encode():
        return
    statement, _ = Envelope.from_bytes(bundle.envelope).verify(trust.public_keys)
    if proof.index >= head.size or log.entry(proof.index) != log_entry(statement):
        raise HubError(
            "check `log` fails: the log that the hub publishes does not hold this decision",
            code="refused",
            hint="append it to that log: openweir register append CASE --register DIR",
        )
