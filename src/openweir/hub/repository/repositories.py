"""The repositories of a hub: created, found, moved, deleted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.release import require_name
from openweir.hub.repository.history import Guard, History, make_commit
from openweir.hub.repository.repo import Gating, Kind, Repository
from openweir.hub.repository.rewrite import forget_files
from openweir.hub.repository.rows import (
    MAIN,
    Ref,
    forget_rename,
    insert_commit,
    insert_ref,
    insert_trees,
)
from openweir.hub.repository.tree import EMPTY_TREE, Put, apply
from openweir.instant import format_instant, parse_instant

__all__ = ["Gating", "Kind", "Ref", "Repositories", "Repository"]


class Repositories(History):
    """Every repository of one hub; what is inside each is its `History`."""

    def create(
        self,
        kind: Kind,
        name: str,
        *,
        private: bool,
        author: str,
        at: datetime,
        files: Iterable[Put] = (),
        guard: Guard = lambda _connection: None,
    ) -> Repository:
        """Create a repository with one commit on `main`.

        Args:
            kind: what it holds.
            name: `namespace/name`; no two names differ in case only.
            private: not listed even once released.
            author: the account that makes it.
            at: now.
            files: what the first commit holds; their bytes are stored already.
            guard: asked inside the transaction; what it raises, this raises.

        Raises:
            HubError: the name is taken, or cannot be one.
        """
        require_name(name)
        now = format_instant(at)
        start = apply(EMPTY_TREE, files, lambda _tree: ())
        first = make_commit(start.root, None, title="initial commit", author=author, at=at)
        try:
            with self._store.begin() as connection:
                inserted = connection.execute(
                    insert(schema.repos).values(
                        kind=kind.value,
                        namespace=name.partition("/")[0],
                        name=name,
                        private=private,
                        gated=Gating.NO.value,
                        created_at=now,
                        updated_at=now,
                    )
                ).inserted_primary_key
                assert inserted is not None
                repo_id = int(inserted[0])
                guard(connection)
                forget_rename(connection, kind.value, name)
                insert_trees(connection, repo_id, start)
                insert_commit(connection, repo_id, first)
                insert_ref(connection, repo_id, Ref(kind="branch", name=MAIN, commit=first.oid))
        except IntegrityError:
            raise _exists(kind, name) from None
        return Repository(
            id=repo_id,
            kind=kind,
            name=name,
            private=private,
            gated=Gating.NO,
            created_at=at,
            updated_at=at,
        )

    def find(self, kind: Kind, name: str) -> Repository | None:
        """Return the repository of that name, however its letters are cased, or None."""

        def read() -> Repository | None:
            table = schema.repos
            query = select(table).where(
                table.c.kind == kind.value, func.lower(table.c.name) == name.lower()
            )
            with self._store.begin() as connection:
                found = connection.execute(query).mappings().first()
            return None if found is None else _repository(dict(found))

        return self._store.once.get(("repository", kind.value, name), read)

    def renamed(self, kind: Kind, old_name: str) -> str | None:
        """Return the present name of what once had that name, or None."""

        def read() -> str | None:
            query = (
                select(schema.repos.c.name)
                .join(schema.renames, schema.renames.c.repo_id == schema.repos.c.id)
                .where(schema.renames.c.kind == kind.value, schema.renames.c.old_name == old_name)
            )
            with self._store.begin() as connection:
                found = connection.execute(query).scalar_one_or_none()
            return None if found is None else str(found)

        return self._store.once.get(("renamed", kind.value, old_name), read)

    def of_namespace(
        self, kind: Kind, namespace: str, *, after: str = "", limit: int = 1000
    ) -> tuple[Repository, ...]:
        """Return the repositories of a namespace by name, from past `after`."""
        table = schema.repos
        query = (
            select(table)
            .where(table.c.kind == kind.value, table.c.namespace == namespace)
            .where(table.c.name > after)
            .order_by(table.c.name)
            .limit(limit)
        )
        with self._store.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(_repository(dict(row)) for row in rows)

    def named(self, repository: Repository, digests: Iterable[str]) -> dict[str, int]:
        """Return digest -> size of those that a commit of a repository names, past ones too."""
        table, asked = schema.trees, tuple(digests)
        found: dict[str, int] = {}
        with self._store.begin() as connection:
            for start in range(0, len(asked), 500):
                query = (
                    select(table.c.sha256, table.c.size)
                    .where(table.c.repo_id == repository.id)
                    .where(table.c.sha256.in_(asked[start : start + 500]))
                )
                found |= {row.sha256: row.size for row in connection.execute(query)}
        return found

    def move(self, repository: Repository, to: str, *, at: datetime) -> None:
        """Rename a repository; its old name leads to the new one.

        Raises:
            HubError: the new name is taken, or cannot be one.
        """
        require_name(to)
        table, renames = schema.repos, schema.renames
        try:
            with self._store.begin() as connection:
                forget_rename(connection, repository.kind.value, to)
                connection.execute(
                    update(table)
                    .where(table.c.id == repository.id)
                    .values(name=to, namespace=to.partition("/")[0], updated_at=format_instant(at))
                )
                forget_rename(connection, repository.kind.value, repository.name)
                connection.execute(
                    insert(renames).values(
                        kind=repository.kind.value, old_name=repository.name, repo_id=repository.id
                    )
                )
        except IntegrityError:
            raise _exists(repository.kind, to) from None

    def delete(self, repository: Repository) -> None:
        """Delete a repository with its commits; releases and the register stay."""
        with self._store.begin() as connection:
            connection.execute(delete(schema.repos).where(schema.repos.c.id == repository.id))

    def forget_files(self, repository: Repository, digests: frozenset[str]) -> int:
        """Take large files out of every reference's history; return how many moved.

        Raises:
            HubError: as `openweir.hub.repository.rewrite.forget_files`.
        """
        with self._store.begin() as connection:
            return forget_files(connection, repository, digests)

    def set(
        self,
        repository: Repository,
        *,
        private: bool | None = None,
        gated: Gating | None = None,
        at: datetime,
    ) -> None:
        """Change a repository's settings; None leaves one as it is."""
        values: dict[str, object] = {"updated_at": format_instant(at)}
        if private is not None:
            values["private"] = private
        if gated is not None:
            values["gated"] = gated.value
        table = schema.repos
        with self._store.begin() as connection:
            connection.execute(update(table).where(table.c.id == repository.id).values(**values))


def _repository(row: dict[str, Any]) -> Repository:
    return Repository(
        id=row["id"],
        kind=Kind(row["kind"]),
        name=row["name"],
        private=row["private"],
        gated=Gating(row["gated"]),
        created_at=parse_instant(row["created_at"]),
        updated_at=parse_instant(row["updated_at"]),
    )


def _exists(kind: Kind, name: str) -> HubError:
    return HubError(f"A {kind.value} repository called {name} already exists", code="conflict")
