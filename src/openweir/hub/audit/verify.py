"""Checking an export: chain, checkpoints and sums, from nothing but the file and the key.

An export is JSON Lines: `{"event": TEXT, "hash": HEX}` for each event, where TEXT is the
exact text that was hashed, and `{"checkpoint": NOTE}` for each signed checkpoint.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from openweir.canonical import Object, compact, parse
from openweir.errors import CanonicalError, OpenweirError, RegisterError
from openweir.hub.audit.chain import Chain, checkpoint_text
from openweir.hub.audit.event import START, AccessEvent, Link, chained
from openweir.register import VerifierKey
from openweir.register.note import open_note

__all__ = ["Report", "export", "verify_export"]

_MAX_LINE = 64 * 1024
_MAX_FAULTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an export shows.

    Attributes:
        events: how many, without gaps from 1.
        head: the hash of the last.
        checkpoint: up to which event signed checkpoints vouch; 0 for none.
        sent_bytes: of all bodies together.
        unfinished: downloads that began and of whose end nothing is known.
        sums: (user, name, path, bytes sent), sorted.
        faults: one sentence each; empty when everything holds.
    """

    events: int
    head: str
    checkpoint: int
    sent_bytes: int
    unfinished: int
    sums: tuple[tuple[str, str, str, int], ...]
    faults: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def export(chain: Chain) -> Iterator[bytes]:
    """Yield the lines of an export of a chain."""
    # First, so that on a hub that serves no checkpoint is newer than the events.
    notes = chain.checkpoints()
    for body, hash_ in chain.rows():
        yield compact({"event": body, "hash": hash_}) + b"\n"
    for note in notes:
        yield compact({"checkpoint": note}) + b"\n"


def verify_export(
    lines: Iterable[bytes], *, key: VerifierKey | None, earlier: bytes | None = None
) -> Report:
    """Check an export.

    Args:
        lines: of the export; hostile until checked.
        key: of the hub; None checks the chain only, which shows accidents but not forgery.
        earlier: a checkpoint kept from before: the export must contain what it vouches for,
            which shows a chain that was cut short or begun anew.

    Returns:
        What it shows; whatever cannot be checked is a fault.
    """
    reader = _Reader()
    for number, line in enumerate(lines, start=1):
        reader.take(line, number)
        if len(reader.faults) >= _MAX_FAULTS:
            break
    vouched = 0
    notes = [(note.encode(), "checkpoint") for note in reader.notes]
    if earlier is not None:
        notes.append((earlier, "the earlier checkpoint"))
    for note, what in notes if key is not None else ():
        assert key is not None
        try:
            size = _size(open_note(note, (key,), where=what)[0], reader.hashes, key.name)
        except RegisterError as error:
            reader.faults.append(str(error))
            continue
        if size is None:
            reader.faults.append(f"{what} vouches for other events than these")
        else:
            vouched = max(vouched, size)
    if key is not None and reader.hashes[1:] and not vouched:
        reader.faults.append("no checkpoint vouches for these events")
    return Report(
        events=len(reader.hashes) - 1,
        head=reader.hashes[-1],
        checkpoint=vouched,
        sent_bytes=sum(reader.sums.values()),
        unfinished=len(reader.begun),
        sums=tuple((*who, sent) for who, sent in sorted(reader.sums.items())),
        faults=tuple(reader.faults),
    )


class _Reader:
    """The state of one reading."""

    def __init__(self) -> None:
        self.hashes = [START]
        self.notes: list[str] = []
        self.sums: dict[tuple[str, str, str], int] = {}
        self.begun: set[tuple[str, int]] = set()
        self.faults: list[str] = []

    def take(self, line: bytes, number: int) -> None:
        try:
            read = Object(parse(line, where=f"line {number}", max_bytes=_MAX_LINE), "line")
            note = read.optional_text("checkpoint")
            if note is not None:
                self.notes.append(note)
                return
            body, stated = read.text("event").encode(), read.text("hash")
            link = Link.from_body(body, where=f"line {number}")
        except (CanonicalError, OpenweirError, UnicodeEncodeError) as error:
            self.faults.append(f"line {number} cannot be read: {error}")
            return
        seq = len(self.hashes)
        found = chained(self.hashes[-1], body)
        if link.seq != seq:
            self.faults.append(f"line {number} is event {link.seq}, where {seq} must stand")
        elif found != stated:
            self.faults.append(f"event {seq} was altered: its hash is not the one written beside")
        self.hashes.append(found)
        self._count(link, link.event)

    def _count(self, link: Link, event: AccessEvent) -> None:
        if event.phase == "begin":
            self.begun.add((link.writer, link.number))
        elif event.phase == "end":
            self.begun.discard((link.writer, event.of))
        if event.sent_bytes:
            who = (event.user, event.name, event.path)
            self.sums[who] = self.sums.get(who, 0) + event.sent_bytes


def _size(text: str, hashes: list[str], origin: str) -> int | None:
    """Return the size a checkpoint's text states if its hash is the one at that place."""
    lines = text.split("\n")
    if len(lines) < 3 or not lines[1].isascii() or not lines[1].isdigit() or len(lines[1]) > 15:
        return None
    size = int(lines[1])
    if not 0 < size < len(hashes):
        return None
    return size if checkpoint_text(origin, size, hashes[size]) == text else None
