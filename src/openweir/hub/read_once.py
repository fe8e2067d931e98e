"""Single facts read of the database once, and believed for as long as nothing changed.

Whom a token speaks for, which release a name has, a grant, a notice, a stage, a gate's rules:
each is read once and kept with the number of the state it was read in (`Store.epoch`). That
number is another one after every write of this process, and after every write of another one:
SQLite tells by itself that somebody else committed, PostgreSQL by the notice that each writer
sends with its commit. While neither could be heard nothing is kept. PostgreSQL does not tell
of a row that somebody changes by hand, so what was read of it is believed for a second. Kept
are rows and never an answer: every day and hour in them is compared with the clock at each use.

Only what reads believes what was read before (`believing`): whatever changes something, or asks
whether a stream may go on, reads anew. And a refusal is never made from it: whoever would refuse
asks again first, so that what was just given, through whichever replica, is had at once.

Who has all of it at hand needs no worker thread: where nobody waits, whatever would have to ask
the database or a disk raises `NotAtHandError` instead, before anything was done, and the
caller begins anew in a thread that may wait.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar, cast

__all__ = ["NotAtHandError", "ReadOnce", "believing", "may_wait", "require_fresh"]

_Fact = TypeVar("_Fact")
_MOST = 20_000


class _Manner(threading.local):
    """How this thread reads: by default it believes nothing, and waits."""

    believes, waits, believed = False, True, False


_MANNER = _Manner()


class NotAtHandError(Exception):
    """What is at hand is not enough: begin anew, and read."""


@contextmanager
def believing(*, waiting: bool) -> Iterator[None]:
    """Have this thread believe what was read in the present state of the database.

    Args:
        waiting: whether it reads what is not at hand, or raises `NotAtHandError`.
    """
    _MANNER.believes, _MANNER.waits, _MANNER.believed = True, waiting, False
    try:
        yield
    finally:
        _MANNER.believes, _MANNER.waits, _MANNER.believed = False, True, False


def may_wait() -> None:
    """Say that what follows waits for a database or a disk, or takes long.

    Raises:
        NotAtHandError: nobody waits here.
    """
    if not _MANNER.waits:
        raise NotAtHandError


def require_fresh() -> None:
    """Say that what follows is a refusal.

    Raises:
        NotAtHandError: it rests on something that was read before.
    """
    if _MANNER.believed:
        raise NotAtHandError


class ReadOnce:
    """What was read in one state of the database.

    Args:
        state: the number of the present state; None while changes would not be heard of.
        seconds: how long a fact is believed at most.
    """

    def __init__(self, state: Callable[[], int | None], *, seconds: float) -> None:
        """Keep nothing yet."""
        self._state = state
        self._seconds = seconds
        self._kept: dict[tuple[str, ...], tuple[int, float, object]] = {}

    def get(self, key: tuple[str, ...], read: Callable[[], _Fact]) -> _Fact:
        """Return a fact, as it was read before if nothing changed since.

        Args:
            key: names the fact, and everything it depends on but the database.
            read: reads it from the database; what it returns is never changed.

        Raises:
            NotAtHandError: it would have to be read where nobody waits.
        """
        state, now = self._state(), monotonic()
        kept = self._kept.get(key) if _MANNER.believes else None
        if kept is not None and kept[0] == state and now - kept[1] < self._seconds:
            _MANNER.believed = True
            return cast("_Fact", kept[2])
        may_wait()
        fact = read()
        # Read in the state that was asked for before, or in a later one: never in an earlier.
        if state is not None:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[key] = (state, now, fact)
        return fact
