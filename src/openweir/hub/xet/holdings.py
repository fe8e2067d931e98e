"""What lies below `xet/` in storage, read without knowing whose it is: for upkeep."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from openweir.hub.storage import Storage

__all__ = ["PLACE", "Plan", "placed", "plans"]

PLACE = struct.Struct("<32sIQ32s")
"""One chunk of a xorb that is files now: name, length, offset, SHA-256 of the blob it lies in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A kept plan of a file.

    Attributes:
        key: in storage.
        namespace: whose it is.
        name: of the file in Xet.
        changed_at: when it was stored.
    """

    key: str
    namespace: str
    name: str
    changed_at: datetime


def placed(storage: Storage) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield (key, SHA-256 of the blobs it leads to) of every xorb that is files now."""
    for key in tuple(storage.keys("xet/")):
        if not key.endswith(".places"):
            continue
        try:
            raw = b"".join(storage.pieces(key))
        except FileNotFoundError:
            continue
        rows = PLACE.iter_unpack(raw[: len(raw) // PLACE.size * PLACE.size])
        yield key, frozenset(digest.hex() for *_, digest in rows)


def plans(storage: Storage) -> Iterator[Plan]:
    """Yield every plan."""
    for key, stamp in storage.listed("xet/"):
        parts = key.split("/")
        if len(parts) == 4 and parts[2] == "files":
            yield Plan(key=key, namespace=parts[1], name=parts[3], changed_at=stamp.changed_at)
