"""The chain in the database: one line of events for all replicas, extended in batches."""

import base64
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from openweir.hub import schema
from openweir.hub.audit.event import START, Line, chained
from openweir.hub.store import Store
from openweir.instant import format_instant, parse_instant
from openweir.register import SignerKey
from openweir.register.note import sign_note

__all__ = ["Chain", "checkpoint_text"]

_CHECKPOINT_EVERY = timedelta(seconds=10)
_PAGE = 2000
_COLUMNS = ("seq", "name", "body", "hash", "writer", "number")

_Row = tuple[int, str, str, str, str, int]


class Chain:
    """The events of a hub.

    Args:
        store: the database.
        key: signs checkpoints.
    """

    def __init__(self, store: Store, key: SignerKey) -> None:
        """Work on the events in `store`, making the chain's head if it has none."""
        self._store = store
        self._key = key
        self._statement: tuple[str, bool] | None = None
        head = schema.audit_head
        try:
            with store.log() as connection:
                if connection.execute(select(head.c.id)).first() is None:
                    connection.execute(insert(head).values(id=1, seq=0, hash=START, turn=0))
        except IntegrityError:
            return  # another replica made it at the same moment

    def extend(self, lines: Iterable[Line], *, at: datetime, checkpoint: bool = False) -> None:
        """Append events of one writer, whole or not at all; those it has already are passed over.

        Args:
            lines: in the order of their numbers.
            at: now.
            checkpoint: whether to sign the new head however recent the last checkpoint is.
        """
        with self._store.log() as connection:
            # The update comes first: it takes the write lock, so the head read is the last one.
            head = schema.audit_head
            connection.execute(update(head).values(turn=head.c.turn + 1))
            seq, last = connection.execute(select(head.c.seq, head.c.hash)).one()
            rows = []
            for line in _unknown(connection, tuple(lines)):
                seq += 1
                body = line.body(seq)
                last = chained(last, body)
                row = (seq, line.name[:193], body.decode(), last, line.writer, line.number)
                rows.append(row)
            if rows:
                self._insert(connection, rows)
                connection.execute(update(head).values(seq=seq, hash=last))
            if seq and (checkpoint or _is_due(connection, at)):
                self._sign(connection, seq, last, at)

    def rows(self, *, after: int = 0, name: str | None = None) -> Iterator[tuple[str, str]]:
        """Yield (body, hash) in the order of the chain, of one release if `name` is given."""
        table = schema.events
        while True:
            query = select(table.c.seq, table.c.body, table.c.hash).where(table.c.seq > after)
            if name is not None:
                query = query.where(table.c.name == name)
            with self._store.begin() as connection:
                page = connection.execute(query.order_by(table.c.seq).limit(_PAGE)).all()
            for row in page:
                yield row.body, row.hash
            if len(page) < _PAGE:
                return
            after = page[-1].seq

    def head(self) -> tuple[int, str]:
        """Return how many events there are and the hash of the last."""
        with self._store.begin() as connection:
            head = schema.audit_head
            seq, last = connection.execute(select(head.c.seq, head.c.hash)).one()
        return int(seq), str(last)

    def checkpoints(self) -> tuple[str, ...]:
        """Return every signed checkpoint, oldest first."""
        table = schema.audit_checkpoints
        with self._store.begin() as connection:
            return tuple(connection.execute(select(table.c.note).order_by(table.c.size)).scalars())

    def _insert(self, connection: Connection, rows: list[_Row]) -> None:
        # Rows go to the driver as they are: SQLAlchemy's own way costs half as much again.
        if self._statement is None:
            compiled = insert(schema.events).compile(
                dialect=connection.dialect, column_keys=_COLUMNS
            )
            self._statement = (str(compiled), compiled.positional)
        text, positional = self._statement
        connection.exec_driver_sql(
            text, rows if positional else [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
        )

    def _sign(self, connection: Connection, seq: int, last: str, at: datetime) -> None:
        table = schema.audit_checkpoints
        if connection.execute(select(table.c.size).where(table.c.size == seq)).first():
            return
        note = sign_note(checkpoint_text(self._key.name, seq, last), self._key).decode()
        connection.execute(insert(table).values(size=seq, at=format_instant(at), note=note))


def checkpoint_text(origin: str, size: int, last: str) -> str:
    """Return the text of a checkpoint: origin, number of events, hash of the last (base64)."""
    return f"{origin}\n{size}\n{base64.b64encode(bytes.fromhex(last)).decode()}\n"


def _unknown(connection: Connection, lines: tuple[Line, ...]) -> Iterator[Line]:
    table = schema.events
    known: dict[str, int] = {}
    for writer in {line.writer for line in lines}:
        query = select(func.max(table.c.number)).where(table.c.writer == writer)
        known[writer] = connection.execute(query).scalar() or 0
    for line in lines:
        if line.number > known[line.writer]:
            yield line


def _is_due(connection: Connection, at: datetime) -> bool:
    table = schema.audit_checkpoints
    found = connection.execute(select(table.c.at).order_by(table.c.size.desc()).limit(1)).first()
    return found is None or at - parse_instant(found.at) >= _CHECKPOINT_EVERY
