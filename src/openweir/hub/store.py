"""The hub's database: accounts, releases, grants and the access log, as values in and out."""

import contextlib
import hashlib
import itertools
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    event,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.database import CHANGED, TELLING, engine_at, note_change, opening
from openweir.hub.listener import CHANNEL, told_by
from openweir.hub.migration import migrate
from openweir.hub.naming import naming
from openweir.hub.own_line import OwnLine
from openweir.hub.read_once import ReadOnce, may_wait
from openweir.hub.release_file import ReleaseFile
from openweir.instant import format_instant, parse_instant
from openweir.tier import Tier

__all__ = ["ReleaseRow", "Store"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """What the database says of a release; believed only after it has been verified.

    Attributes:
        decision, envelope, log_proof, model_signature: SHA-256 of the stored bytes.
    """

    id: int
    name: str
    commit: str
    tier: str
    as_of: str
    valid_until: str
    decision: str
    envelope: str
    log_proof: str | None
    model_signature: str | None
    published_at: datetime
    published_by: str


class Store:
    """The database behind one URL.

    Args:
        url: `postgresql://USER@HOST/NAME`, or `sqlite:///DATA/hub.sqlite`, the embedded default.

    Attributes:
        hearing: where replicas share the database, says whether a change by another would be
            heard of at once; whoever listens puts it here.
        once: what was read of the database in its present state.
    """

    def __init__(self, url: str) -> None:
        """Open the database; make its tables, or bring those of an earlier version forward.

        Raises:
            HubError: it cannot be opened, or is of a later version (`hub.schema`).
        """
        self.name = secrets.token_hex(8)
        self._epochs = itertools.count(1)
        self._epoch = 0
        with opening(url):
            self._engine = engine_at(url)
            # The access log may lose its last lines in a power cut; grants and releases may not.
            self._log_engine = engine_at(url, synchronous="NORMAL")
            event.listen(self._engine, "after_cursor_execute", note_change)
            migrate(self._engine)
        embedded = self._engine.dialect.name == "sqlite"
        self._line = OwnLine(self._log_engine, self.changed_elsewhere) if embedded else None
        self.hearing: Callable[[], bool] = lambda: False
        self.once = ReadOnce(self._state, seconds=60 if embedded else 1)

    @classmethod
    def embedded(cls, data: Path) -> "Store":
        """Open the SQLite database of a data directory, creating both if missing.

        Raises:
            HubError: the directory cannot be made, or the file is no database.
        """
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise HubError(
                f"cannot make the data directory: {error.strerror}", code="data", where=str(data)
            ) from None
        return cls(f"sqlite:///{data / 'hub.sqlite'}")

    @property
    def engine(self) -> Engine:
        """What reads the database; upkeep reads whole tables by it."""
        may_wait()
        return self._engine

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database and changes nothing."""
        if self._engine.dialect.name == "postgresql":
            engine = self._engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            with engine.connect() as connection:
                yield connection
            return
        with self.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        if self._line is not None:
            self._line.close()
        self._engine.dispose()
        self._log_engine.dispose()

    @property
    def epoch(self) -> int:
        """A number that is another one after each change by this process, the log aside.

        And after each by another that `changed_elsewhere` was told of, or that the database
        tells of where it is a file.
        """
        if self._line is not None:
            self._line.look()
        return self._epoch

    @property
    def hears(self) -> bool:
        """Whether a change by another process would be heard of at once."""
        return self.hearing() if self._line is None else self._line.look()

    def changed_elsewhere(self) -> None:
        """Take note that somebody else changed something, or may have."""
        self._epoch = next(self._epochs)

    def _state(self) -> int | None:
        return self.epoch if self.hears else None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Give a transaction, committed at the end of its `with` block."""
        with self.engine.begin() as connection:
            connection.info.pop(CHANGED, None)
            connection.info.pop(TELLING, None)
            yield connection
            changed = connection.info.pop(CHANGED, False)
            if connection.info.pop(TELLING, False):
                # With the commit, or not at all.
                connection.execute(select(func.pg_notify(CHANNEL, told_by(self.name))))
        if changed:
            # Counted after the commit, so that what is read from now on is the new state.
            self._epoch = next(self._epochs)

    def log(self) -> AbstractContextManager[Connection]:
        """Return a transaction of the audit chain, which may be lost in a power cut."""
        return self._log_engine.begin() if self._line is None else self._line.begin()

    @contextmanager
    def alone(self, about: str) -> Iterator[None]:
        """Have no other replica in here about the same at the same time.

        An embedded hub is one process, whose own locks do; a database that goes away lets the
        next one in, so what must not happen twice is checked by its own transaction too.
        """
        if self._engine.dialect.name != "postgresql":
            yield
            return
        key = int.from_bytes(hashlib.sha256(about.encode()).digest()[:8], "big", signed=True)
        with self.engine.begin() as connection:
            connection.execute(select(func.pg_advisory_xact_lock(key)))
            yield

    def setting(self, name: str, first: str) -> str:
        """Return what all replicas keep under a name; the first to ask decides it.

        Args:
            name: of the setting.
            first: what it is if it is not there yet.
        """
        table = schema.settings
        with contextlib.suppress(IntegrityError), self.begin() as connection:
            known = connection.execute(select(table.c.value).where(table.c.name == name)).scalar()
            if known is not None:
                return str(known)
            connection.execute(insert(table).values(name=name, value=first))
        with self.engine.connect() as connection:
            query = select(table.c.value).where(table.c.name == name)
            return str(connection.execute(query).scalar_one())

    def known_setting(self, name: str) -> str | None:
        """Return what all replicas keep under a name; None if nobody asked for it yet."""
        query = select(schema.settings.c.value).where(schema.settings.c.name == name)
        with self._engine.connect() as connection:
            known = connection.execute(query).scalar()
        return None if known is None else str(known)

    def set_setting(self, name: str, value: str) -> None:
        """Change what all replicas keep under a name that is there."""
        table = schema.settings
        with self.begin() as connection:
            connection.execute(update(table).where(table.c.name == name).values(value=value))

    def current(self, name: str) -> ReleaseRow | None:
        """Return the release in force under a name, or None."""
        return self.once.get(("release", name), lambda: self._current(name))

    def _current(self, name: str) -> ReleaseRow | None:
        query = (
            select(schema.releases)
            .join(schema.repositories, schema.repositories.c.release_id == schema.releases.c.id)
            .where(schema.repositories.c.name == name)
        )
        with self.engine.connect() as connection:
            found = connection.execute(query).mappings().first()
        return None if found is None else _release_row(dict(found))

    def names(self, *, after: str = "", author: str = "", limit: int = 1000) -> tuple[str, ...]:
        """Return up to `limit` names with a release in force, sorted, beginning past `after`.

        Args:
            after: where the page before ended.
            author: a namespace in whatever letters; empty for all.
            limit: at most so many.
        """
        column = schema.repositories.c.name
        query = select(column).where(column > after).order_by(column).limit(limit)
        with self.engine.connect() as connection:
            if author:
                # The letters it has are those of its names, which are then read in order.
                lower, start = func.lower(column), f"{author.lower()}/"
                one = select(column).where(lower > start, lower < _past(start)).limit(1)
                found = connection.execute(one).scalar()
                if found is None:
                    return ()
                start = str(found).partition("/")[0] + "/"
                query = query.where(column > start, column < _past(start))
            return tuple(connection.execute(query).scalars())

    def files(self, release_id: int) -> tuple[ReleaseFile, ...]:
        """Return every file row of a release, statements included, sorted by path."""
        table = schema.release_files
        query = select(table).where(table.c.release_id == release_id).order_by(table.c.path)
        with self.engine.connect() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            ReleaseFile(
                path=row["path"],
                size=row["size"],
                sha256=row["sha256"],
                git_sha1=row["git_sha1"],
                large=row["large"],
                tier=Tier.parse(row["tier"]),
            )
            for row in rows
        )

    def put_release(
        self,
        row: ReleaseRow,
        files: Iterable[ReleaseFile],
        *,
        supersedes: int | None,
        present: Callable[[str, int], object],
    ) -> None:
        """Make a release the one in force, whole or not at all.

        Args:
            row: its `id` is given by the database.
            files: its files and statements.
            supersedes: id of the release that was in force when it was checked.
            present: raises if the bytes of that digest and size do not lie here; asked while
                none are let go.

        Raises:
            HubError: another publication came first.
        """
        listed = tuple(files)
        try:
            with self.begin() as connection:
                naming(connection)
                for digest, size in {file.sha256: file.size for file in listed}.items():
                    present(digest, size)
                release_id = _insert_release(connection, row, listed)
                if supersedes is None:
                    connection.execute(
                        insert(schema.repositories).values(name=row.name, release_id=release_id)
                    )
                    return
                repositories = schema.repositories
                moved = connection.execute(
                    update(repositories)
                    .where(repositories.c.name == row.name)
                    .where(repositories.c.release_id == supersedes)
                    .values(release_id=release_id)
                )
                if moved.rowcount != 1:
                    raise _lost_race(row.name)
        except IntegrityError:
            raise _lost_race(row.name) from None

    def count_releases(self) -> int:
        """Return how many names have a release in force."""
        with self.engine.connect() as connection:
            query = select(func.count()).select_from(schema.repositories)
            return int(connection.execute(query).scalar_one())


def _insert_release(connection: Connection, row: ReleaseRow, files: tuple[ReleaseFile, ...]) -> int:
    stored_at = format_instant(row.published_at)
    for sha256, size in {file.sha256: file.size for file in files}.items():
        known = select(schema.blobs.c.size).where(schema.blobs.c.sha256 == sha256)
        if connection.execute(known).first() is None:
            connection.execute(
                insert(schema.blobs).values(sha256=sha256, size=size, stored_at=stored_at)
            )
    inserted = connection.execute(
        insert(schema.releases).values(
            name=row.name,
            commit_id=row.commit,
            tier=row.tier,
            as_of=row.as_of,
            valid_until=row.valid_until,
            decision=row.decision,
            envelope=row.envelope,
            log_proof=row.log_proof,
            model_signature=row.model_signature,
            published_at=stored_at,
            published_by=row.published_by,
        )
    ).inserted_primary_key
    assert inserted is not None
    release_id = int(inserted[0])
    if files:
        connection.execute(
            insert(schema.release_files),
            [
                {
                    "release_id": release_id,
                    "path": file.path,
                    "size": file.size,
                    "sha256": file.sha256,
                    "git_sha1": file.git_sha1,
                    "large": file.large,
                    "tier": file.tier.word,
                }
                for file in files
            ],
        )
    return release_id


def _release_row(found: dict[str, Any]) -> ReleaseRow:
    return ReleaseRow(
        id=found["id"],
        name=found["name"],
        commit=found["commit_id"],
        tier=found["tier"],
        as_of=found["as_of"],
        valid_until=found["valid_until"],
        decision=found["decision"],
        envelope=found["envelope"],
        log_proof=found["log_proof"],
        model_signature=found["model_signature"],
        published_at=parse_instant(found["published_at"]),
        published_by=found["published_by"],
    )


def _past(start: str) -> str:
    """Return the first text after all that begin so."""
    return start[:-1] + chr(ord(start[-1]) + 1)


def _lost_race(name: str) -> HubError:
    return HubError(
        f"another publication of `{name}` came first",
        code="conflict",
        hint="look at what is in force now, then publish again if yours is newer",
    )
