"""Notices: what stops a release at once, and what its users must hear.

A halt closes: from the next request on, and within a second in streams that run, no byte
goes out. It is read from the database at each request, so every replica obeys it alike, and
it needs no signature: who writes into the database can close a release, never open one.
An advisory closes nothing; stock clients print it (`X-HF-Warning`).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import RowMapping, insert, or_, select, update

from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.stages.plan import TRIGGERS
from openweir.hub.store import Store
from openweir.instant import format_instant, parse_instant

__all__ = ["EVERYTHING", "TRIGGERS", "Notice", "NoticeKind", "Notices"]

EVERYTHING = "*"
"""As a name: every release of the hub."""

_MAX_TEXT = 400
_MAX_ADVISORIES = 8


class NoticeKind(StrEnum):
    """What a notice does."""

    HALT = "halt"
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A halt or an advisory in force.

    Attributes:
        id: of the row; advisories are withdrawn by it.
        name: of the release; `*` for all.
        topic: the trigger of a halt, or the id of an advisory.
        text: one sentence for users.
    """

    id: int
    kind: NoticeKind
    name: str
    topic: str
    text: str
    by: str
    at: datetime

    @property
    def warning(self) -> str:
        """The value of the `X-HF-Warning` header: `topic; message`."""
        said = "is halted" if self.kind is NoticeKind.HALT else "has an advisory"
        which = "every release of this hub" if self.name == EVERYTHING else self.name
        return f"openweir {self.topic} {self.name}; {which} {said} ({self.topic}): {self.text}"

    def to_json(self) -> dict[str, object]:
        """Return the notice as plain JSON values."""
        return {
            "id": self.id,
            "kind": self.kind.value,
            "name": self.name,
            "topic": self.topic,
            "text": self.text,
            "by": self.by,
            "at": format_instant(self.at),
        }


class Notices:
    """Halts and advisories in the database."""

    def __init__(self, store: Store) -> None:
        """Work on the notices in `store`."""
        self._store = store

    def about(self, name: str) -> tuple[Notice, ...]:
        """Return the notices in force about a release, oldest first."""
        return self._store.once.get(("notices", name), lambda: self._about(name))

    def _about(self, name: str) -> tuple[Notice, ...]:
        table = schema.notices
        query = (
            select(table)
            .where(or_(table.c.name == name, table.c.name == EVERYTHING))
            .where(table.c.lifted_at.is_(None))
            .order_by(table.c.id)
        )
        with self._store.begin() as connection:
            return tuple(_notice(row) for row in connection.execute(query).mappings())

    def halt(self, name: str, *, trigger: str, text: str, by: str, at: datetime) -> Notice:
        """Stop a release on every replica.

        Raises:
            HubError: the trigger is none, or no reason is given.
        """
        if trigger not in TRIGGERS:
            raise HubError(
                f"`{trigger[:40]}` is no reason to halt",
                code="bad-request",
                hint="one of " + ", ".join(TRIGGERS),
            )
        return self._add(NoticeKind.HALT, name, topic=trigger, text=text, by=by, at=at)

    def resume(self, name: str, *, by: str, at: datetime) -> int:
        """End every halt of a release and return how many there were.

        Raises:
            HubError: it is not halted by a notice of its own.
        """
        table = schema.notices
        with self._store.begin() as connection:
            done = connection.execute(
                update(table)
                .where(table.c.name == name, table.c.kind == NoticeKind.HALT.value)
                .where(table.c.lifted_at.is_(None))
                .values(lifted_at=format_instant(at), lifted_by=by)
            )
        if not done.rowcount:
            raise HubError(f"`{name[:200]}` is not halted", code="not-halted")
        return int(done.rowcount)

    def advise(self, name: str, *, topic: str, text: str, by: str, at: datetime) -> Notice:
        """Publish an advisory to every client that asks for the release.

        Raises:
            HubError: the topic is not a word, the text is empty, or there are too many.
        """
        if not topic.isascii() or not topic.replace("-", "").isalnum() or len(topic) > 64:
            raise HubError(
                "an advisory has an id of letters, digits and `-`",
                code="bad-request",
                hint="for example OWA-2026-0001",
            )
        known = [item for item in self.about(name) if item.kind is NoticeKind.ADVISORY]
        if len(known) >= _MAX_ADVISORIES:
            raise HubError(f"`{name}` has {len(known)} advisories already", code="too-many")
        return self._add(NoticeKind.ADVISORY, name, topic=topic, text=text, by=by, at=at)

    def withdraw(self, name: str, topic: str, *, by: str, at: datetime) -> None:
        """Take an advisory back.

        Raises:
            HubError: there is none of that id in force.
        """
        table = schema.notices
        with self._store.begin() as connection:
            done = connection.execute(
                update(table)
                .where(table.c.name == name, table.c.topic == topic)
                .where(table.c.kind == NoticeKind.ADVISORY.value, table.c.lifted_at.is_(None))
                .values(lifted_at=format_instant(at), lifted_by=by)
            )
        if not done.rowcount:
            raise HubError(f"`{name[:200]}` has no advisory `{topic[:64]}`", code="unknown-request")

    def _add(
        self, kind: NoticeKind, name: str, *, topic: str, text: str, by: str, at: datetime
    ) -> Notice:
        said = " ".join(text.split())
        if not said or len(said) > _MAX_TEXT or not said.isprintable():
            raise HubError(
                f"say why in a sentence of at most {_MAX_TEXT} letters", code="bad-request"
            )
        values = {"kind": kind.value, "name": name, "topic": topic, "text": said, "by": by}
        with self._store.begin() as connection:
            made = connection.execute(
                insert(schema.notices).values(**values, at=format_instant(at))
            ).inserted_primary_key
        assert made is not None
        return Notice(id=int(made[0]), kind=kind, name=name, topic=topic, text=said, by=by, at=at)


def _notice(row: RowMapping) -> Notice:
    return Notice(
        id=row["id"],
        kind=NoticeKind(row["kind"]),
        name=row["name"],
        topic=row["topic"],
        text=row["text"],
        by=row["by"],
        at=parse_instant(row["at"]),
    )
