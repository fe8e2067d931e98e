"""Events: who got which bytes by which right, and the chain that binds one to the next.

The hash of an event is SHA-256 over a label, the hash before it and its canonical bytes, so
changing, dropping, adding or moving one changes every hash after it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring

from openweir.canonical import Object, parse
from openweir.instant import format_instant, parse_instant

__all__ = ["START", "AccessEvent", "Line", "Link", "Repeated", "chained"]

START = "0" * 64
"""The hash before the first event."""

_LABEL = b"openweir/audit/1\n"
_MAX_BODY_BYTES = 16 * 1024
_TEXTS = (
    *("action", "phase", "user", "token", "grant", "decision", "name", "commit", "path"),
    *("range", "detail", "request_id"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEvent:
    """One thing that was asked of the hub and what it did.

    Attributes:
        action: `get`, `head`, `reconstruct`, `xet-get`, `publish`, `ask`, `grant`, `reject`, ...
        phase: `begin` before the first byte of a file goes out, `end` after the last; empty
            where one event says all. A `begin` that no `end` follows: the hub was killed.
        user: empty for anonymous; `token` is the first digits of its digest.
        grant: id of the grant that opened the gate; empty where none was needed.
        decision: SHA-256 of the decision it was served under; empty for drafts.
        range: the byte range asked for, as the client wrote it.
        detail: who was granted until when, why something was halted.
        status: of the HTTP answer.
        sent_bytes: of the body, as handed to the connection; 0 in a `begin`.
        cut: whether the right ended while the bytes went out.
        of: the number of the `begin` that an `end` belongs to; 0 elsewhere.
    """

    at: datetime
    action: str
    phase: str = ""
    user: str = ""
    token: str = ""
    grant: str = ""
    decision: str = ""
    name: str = ""
    commit: str = ""
    path: str = ""
    range: str = ""
    detail: str = ""
    status: int = 200
    sent_bytes: int = 0
    cut: bool = False
    of: int = 0
    request_id: str = ""

    def written(self) -> bytes:
        """Return the event in the form of RFC 8785, long texts cut.

        Spelt out because it is done for every request: `openweir.canonical.compact` writes
        the same bytes at ten times the cost.
        """
        return _joined(self._around(), self.at, self.range, self.request_id)

    def _around(self) -> tuple[str, str, str]:
        """Return the text before the instant, from there to the range, and after the request."""
        before = f'{{"action":{_quoted(self.action)},"at":"'
        between = (
            f'","commit":{_quoted(self.commit, 64)},"cut":{_flag(self.cut)}'
            f',"decision":{_quoted(self.decision)},"detail":{_quoted(self.detail, 200)}'
            f',"grant":{_quoted(self.grant)},"name":{_quoted(self.name, 193)},"of":{self.of:d}'
            f',"path":{_quoted(self.path, 1100)},"phase":{_quoted(self.phase)},"range":'
        )
        after = (
            f',"sent_bytes":{self.sent_bytes:d},"status":{self.status:d}'
            f',"token":{_quoted(self.token)},"user":{_quoted(self.user)}}}'
        )
        return before, between, after

    @classmethod
    def read(cls, found: Object) -> "AccessEvent":
        """Read an event.

        Raises:
            CanonicalError: it is none.
        """
        return cls(
            at=parse_instant(found.text("at")),
            **{name: found.text(name) for name in _TEXTS},
            status=found.integer("status"),
            sent_bytes=found.integer("sent_bytes"),
            cut=found.flag("cut"),
            of=found.integer("of"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An event in the chain.

    Attributes:
        seq: its place, from 1 without gaps.
        writer: the replica that wrote it; `number` counts that replica's events from 1.
        event: what happened.
    """

    seq: int
    writer: str
    number: int
    event: AccessEvent

    def body(self) -> bytes:
        """Return the bytes that are hashed."""
        return self.line().body(self.seq)

    def line(self) -> "Line":
        """Return the event as it is carried from the journal into the chain."""
        return Line(
            writer=self.writer,
            number=self.number,
            name=self.event.name,
            event=self.event.written(),
        )

    @classmethod
    def from_body(cls, body: bytes, *, where: str = "event") -> "Link":
        """Read an event from the bytes that are hashed.

        Raises:
            CanonicalError: they hold none.
        """
        read = Object(parse(body, where=where, max_bytes=_MAX_BODY_BYTES), where)
        return cls(
            seq=read.integer("seq"),
            writer=read.text("writer"),
            number=read.integer("number"),
            event=AccessEvent.read(read.object("event")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An event on its way into the chain, written once.

    Attributes:
        writer, number: as in `Link`.
        name: of the release it is about.
        event: as `AccessEvent.written` gave it.
    """

    writer: str
    number: int
    name: str
    event: bytes

    def body(self, seq: int = 0) -> bytes:
        """Return the bytes that are hashed at a place in the chain; 0 in the journal."""
        writer = _quoted(self.writer).encode()
        return b'{"event":%b,"number":%d,"seq":%d,"writer":%b}' % (
            self.event,
            self.number,
            seq,
            writer,
        )


class Repeated:
    """An event that happens again and again: only instant, range and request differ."""

    __slots__ = ("_around", "name")

    def __init__(self, event: AccessEvent) -> None:
        """Keep what stays the same."""
        self.name = event.name
        self._around = event._around()  # noqa: SLF001 - the same noun

    def again(self, at: datetime, range_: str, request_id: str) -> bytes:
        """Return the event written anew, as `AccessEvent.written` would."""
        return _joined(self._around, at, range_, request_id)


def _joined(around: tuple[str, str, str], at: datetime, range_: str, request_id: str) -> bytes:
    before, between, after = around
    return (
        f"{before}{format_instant(at)}{between}{_quoted(range_, 200)}"
        f',"request_id":{_quoted(request_id, 64)}{after}'
    ).encode()


def _quoted(value: str, longest: int = 96) -> str:
    if not value.isascii():
        # Paths are a client's bytes: what is no Unicode text is shown as such.
        value = value.encode("utf-8", "backslashreplace").decode()
    return encode_basestring(value[:longest])


def _flag(value: bool) -> str:
    return "true" if value else "false"


def chained(before: str, body: bytes) -> str:
    """Return the hash of an event whose predecessor has the hash `before`."""
    return hashlib.sha256(_LABEL + bytes.fromhex(before) + body).hexdigest()
