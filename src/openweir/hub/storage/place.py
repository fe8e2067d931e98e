"""The interface of storage, small enough to have two implementations and one test class."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from openweir.errors import HubError
from openweir.hub.storage.view import View

__all__ = ["OutOfReachError", "Stamp", "Storage", "Writer"]


class OutOfReachError(HubError, OSError):
    """Storage does not answer now: nothing is known of what it holds, and nothing is lost.

    Args:
        reason: for the log; it may name no address.
    """

    def __init__(self, reason: str) -> None:
        """Say so to whoever asked."""
        super().__init__(
            "the hub's storage does not answer; try again", code="out-of-reach", where=reason
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What is known of stored bytes without reading them.

    Attributes:
        size: in bytes.
        mark: equal while the bytes are the same: inode and times, or an entity tag.
        changed_at: when they were stored.
    """

    size: int
    mark: str
    changed_at: datetime


class Writer(Protocol):
    """Bytes on their way to one key; nothing is there before `keep` returns."""

    def write(self, piece: bytes | memoryview) -> None:
        """Take the next bytes.

        Raises:
            OSError: there is no room, or storage is out of reach.
        """
        ...

    def keep(self) -> None:
        """Make the bytes durable under their key, replacing what was there.

        Raises:
            OSError: there is no room, or storage is out of reach.
        """
        ...

    def drop(self) -> None:
        """Forget the bytes unless they were kept; never fails."""
        ...


class Storage(Protocol):
    """Bytes under keys.

    Every method raises `OutOfReachError`, which is an `OSError`, when storage does not answer.
    """

    @property
    def shared(self) -> bool:
        """Whether other processes use the same storage at the same time."""
        ...

    def writer(self, key: str) -> Writer:
        """Return where to write the bytes of a key."""
        ...

    def stamp(self, key: str) -> Stamp | None:
        """Return the stamp of a key; None when nothing is there."""
        ...

    def pieces(
        self, key: str, start: int = 0, end: int | None = None, *, mark: str | None = None
    ) -> Iterator[bytes]:
        """Yield the bytes from `start` up to before `end` in pieces of at most 1 MiB.

        Args:
            key: where.
            start: the first byte.
            end: the byte after the last; None for all the rest.
            mark: of the bytes that are meant; others are not read.

        Raises:
            FileNotFoundError: nothing is there, or it is not what `mark` says.
        """
        ...

    def move(self, key: str, to: str) -> None:
        """Give bytes another key, replacing what was there.

        Raises:
            FileNotFoundError: nothing is there.
        """
        ...

    def delete(self, key: str) -> None:
        """Forget a key, be it there or not."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield every key that begins with `prefix`, in no order."""
        ...

    def listed(self, prefix: str) -> Iterator[tuple[str, Stamp]]:
        """Yield (key, stamp) of every key that begins with `prefix`, in no order.

        What comes or goes meanwhile may be among them or not.
        """
        ...

    def unkept(self, before: datetime, *, forget: bool) -> int:
        """Return how many writes were begun before an instant and never kept.

        Args:
            before: those begun later may be under way.
            forget: whether to let go of what they left.
        """
        ...

    def folders(self, prefix: str) -> tuple[str, ...]:
        """Return the next parts of the keys below `prefix/`, sorted."""
        ...

    def path(self, key: str) -> Path | None:
        """Return the file a key is; None where it is no file of this machine."""
        ...

    def view(self, key: str, mark: str) -> View | None:
        """Return the bytes without reading them; None where they are no file of this machine.

        Args:
            key: where.
            mark: of the bytes that are meant; others are not read.

        Raises:
            FileNotFoundError: nothing is there, or it is not what `mark` says.
        """
        ...

    def link(self, key: str, *, seconds: int, name: str) -> str | None:
        """Return a URL by which anybody reads a key for so long; None where there is none.

        Args:
            key: where.
            seconds: for which it holds.
            name: under which a browser is to keep it.
        """
        ...

    def room(self) -> int | None:
        """Return how many bytes fit; None where nobody knows."""
        ...
