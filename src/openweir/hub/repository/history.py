"""What is inside a repository: branches, tags, pull references, commits.

A branch moves only by compare-and-swap. A writer that states no parent is rebased onto
whatever the branch is at; one that states a parent gets through only if nobody came between.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.repository.commit import Commit, commit_id
from openweir.hub.repository.repo import Repository
from openweir.hub.repository.rows import (
    MAIN,
    Ref,
    full_ref,
    insert_commit,
    insert_ref,
    insert_trees,
    load_commit,
    load_tree,
    next_pull,
    ref_commit,
    ref_of,
    short_commit,
)
from openweir.hub.repository.tree import Changed, Delete, Entry, Put, apply
from openweir.hub.store import Store
from openweir.instant import format_instant

__all__ = ["Changes", "Guard", "History", "make_commit"]

_REF_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/+-]{0,253}[A-Za-z0-9_-])?", re.ASCII)
_OID = re.compile(r"[0-9a-f]{40}", re.ASCII)
_SHORT = re.compile(r"[0-9a-f]{7,39}", re.ASCII)
_RESERVED = ("refs/", "HEAD")
_TRIES = 100

Changes = Callable[[Commit], Iterable[Put | Delete]]
Guard = Callable[[Connection], None]


class History:
    """Commits and references of every repository of one hub."""

    def __init__(self, store: Store) -> None:
        """Work on the repositories in `store`."""
        self._store = store

    def refs(self, repository: Repository) -> tuple[Ref, ...]:
        """Return branches, pull references and tags, by kind and name."""
        table = schema.refs
        query = select(table).where(table.c.repo_id == repository.id)
        with self._store.begin() as connection:
            rows = connection.execute(query.order_by(table.c.kind, table.c.name)).all()
        return tuple(
            Ref(kind=row.kind, name=row.name, commit=row.commit_id, message=row.message)
            for row in rows
        )

    def resolve(self, repository: Repository, revision: str) -> Commit | None:
        """Return the commit that a reference or a commit id, whole or begun, stands for."""
        with self._store.begin() as connection:
            oid = ref_commit(connection, repository.id, revision)
            if oid is None and _SHORT.fullmatch(revision):
                oid = short_commit(connection, repository.id, revision)
            return load_commit(connection, repository.id, oid or revision)

    def history(
        self, repository: Repository, oid: str, *, limit: int | None = None
    ) -> tuple[Commit, ...]:
        """Return a commit and those before it, newest first."""
        found: list[Commit] = []
        at: str | None = oid
        with self._store.begin() as connection:
            while at is not None and (limit is None or len(found) < limit):
                commit = load_commit(connection, repository.id, at)
                if commit is None:
                    break
                found.append(commit)
                at = commit.parent
        return tuple(found)

    def folder(self, repository: Repository, tree: str) -> tuple[Entry, ...]:
        """Return the entries of a folder by its id."""
        with self._store.begin() as connection:
            return load_tree(connection, repository.id, tree)

    def commit(
        self,
        repository: Repository,
        branch: str,
        *,
        changes: Changes,
        parent: str | None,
        title: str,
        message: str,
        author: str,
        at: datetime,
        guard: Guard = lambda _connection: None,
    ) -> Commit:
        """Put one commit on a branch or pull reference, whole or not at all.

        Args:
            repository: where.
            branch: its name.
            changes: from the commit that is changed to what changes in it.
            parent: what the writer believes the branch to be at; None for wherever it is.
            title: the first line.
            message: the rest.
            author: the account that makes it.
            at: now.
            guard: asked inside the transaction; what it raises, the commit raises.

        Raises:
            HubError: there is no such branch, it has moved past `parent`
                (`hub.stale-parent`), or a change does not fit.
        """
        ref = _writable(branch)
        for _attempt in range(_TRIES):
            try:
                with self._store.begin() as connection:
                    base = _head(connection, repository, ref)
                    if parent is not None and parent != base.oid:
                        raise _stale()
                    changed = _applied(connection, repository, base, changes)
                    made = make_commit(
                        changed.root, base.oid, title=title, message=message, author=author, at=at
                    )
                    # First, so that writers of one branch wait for each other here.
                    _advance(connection, repository, ref, base.oid, made.oid)
                    guard(connection)
                    insert_trees(connection, repository.id, changed)
                    insert_commit(connection, repository.id, made)
                    _touch(connection, repository, at)
            except HubError as error:
                if error.code != "hub.stale-parent" or parent is not None:
                    raise
            except IntegrityError:
                # Another branch came to the same folder or commit in the same moment.
                continue
            else:
                return made
        raise _stale()

    def propose(
        self,
        repository: Repository,
        branch: str,
        *,
        changes: Changes,
        parent: str | None,
        title: str,
        message: str,
        author: str,
        at: datetime,
        guard: Guard = lambda _connection: None,
    ) -> tuple[int, Commit]:
        """Put one commit beside a branch, on a new pull reference; return its number too.

        Args:
            repository: where.
            branch: what it starts from.
            changes: as for `commit`; none for a reference to the branch as it is.
            parent: as for `commit`.
            title: as for `commit`.
            message: as for `commit`.
            author: as for `commit`.
            at: now.
            guard: as for `commit`.

        Raises:
            HubError: as `commit`.
        """
        ref = _writable(branch)
        for _attempt in range(_TRIES):
            try:
                with self._store.begin() as connection:
                    base = _head(connection, repository, ref)
                    if parent is not None and parent != base.oid:
                        raise _stale()
                    changed = _applied(connection, repository, base, changes)
                    made = base
                    guard(connection)
                    if changed.root != base.tree:
                        made = make_commit(
                            changed.root,
                            base.oid,
                            title=title,
                            message=message,
                            author=author,
                            at=at,
                        )
                        insert_trees(connection, repository.id, changed)
                    number = next_pull(connection, repository.id)
                    insert_ref(
                        connection,
                        repository.id,
                        Ref(kind="pull", name=str(number), commit=made.oid, message=title),
                    )
                    insert_commit(connection, repository.id, made)
            except IntegrityError:
                # Somebody else took the number in between.
                continue
            else:
                return number, made
        raise _stale()

    def squash(
        self, repository: Repository, branch: str, *, message: str, author: str, at: datetime
    ) -> Commit:
        """Replace the history of a branch by one commit with the same files.

        Raises:
            HubError: there is no such branch, or somebody committed meanwhile.
        """
        ref = _writable(branch)
        with self._store.begin() as connection:
            base = _head(connection, repository, ref)
            title, _, rest = message.partition("\n")
            made = make_commit(base.tree, None, title=title, message=rest, author=author, at=at)
            _advance(connection, repository, ref, base.oid, made.oid)
            insert_commit(connection, repository.id, made)
            _touch(connection, repository, at)
        return made

    def add_ref(self, repository: Repository, ref: Ref) -> None:
        """Add a branch or a tag.

        Raises:
            HubError: its name is taken or cannot be one, or the commit is unknown.
        """
        name = ref.name
        odd = ".." in name or "//" in name or name.endswith((".lock", "/"))
        odd = odd or name.startswith(_RESERVED) or not _REF_NAME.fullmatch(name)
        if odd or _OID.fullmatch(name):
            raise HubError(f"`{name[:100]}` cannot name a {ref.kind}", code="bad-request")
        try:
            with self._store.begin() as connection:
                if load_commit(connection, repository.id, ref.commit) is None:
                    raise HubError("there is no such commit", code="revision-not-found")
                insert_ref(connection, repository.id, ref)
        except IntegrityError:
            raise HubError(f"Reference {full_ref(ref)} already exists", code="conflict") from None

    def delete_ref(self, repository: Repository, kind: str, name: str) -> None:
        """Delete a branch or a tag.

        Raises:
            HubError: there is none, or it is the main branch.
        """
        if kind == "branch" and name == MAIN:
            raise HubError("Cannot delete refs/heads/main: it stays", code="not-yours")
        table = schema.refs
        with self._store.begin() as connection:
            gone = connection.execute(
                delete(table)
                .where(table.c.repo_id == repository.id)
                .where(table.c.kind == kind, table.c.name == name)
            )
        if gone.rowcount != 1:
            raise HubError(
                f"Invalid rev id: there is no {kind} `{name[:100]}`", code="revision-not-found"
            )


def make_commit(
    tree: str,
    parent: str | None,
    *,
    title: str,
    message: str = "",
    author: str,
    at: datetime,
) -> Commit:
    """Return a commit with the id that git would give it."""
    oid = commit_id(tree=tree, parent=parent, title=title, message=message, author=author, at=at)
    return Commit(
        oid=oid, parent=parent, tree=tree, title=title, message=message, author=author, at=at
    )


def _writable(branch: str) -> Ref:
    """Return what may be committed to under that name: a branch or a pull reference."""
    named = ref_of(branch)
    kind = "branch" if named.kind == "" else named.kind
    if kind == "tag":
        raise _no_branch(branch)
    return replace(named, kind=kind)


def _head(connection: Connection, repository: Repository, ref: Ref) -> Commit:
    table = schema.refs
    oid = connection.execute(
        select(table.c.commit_id).where(
            table.c.repo_id == repository.id, table.c.kind == ref.kind, table.c.name == ref.name
        )
    ).scalar_one_or_none()
    base = None if oid is None else load_commit(connection, repository.id, oid)
    if base is None:
        raise _no_branch(ref.name)
    return base


def _applied(
    connection: Connection, repository: Repository, base: Commit, changes: Changes
) -> Changed:
    return apply(base.tree, changes(base), lambda tree: load_tree(connection, repository.id, tree))


def _advance(
    connection: Connection, repository: Repository, ref: Ref, seen: str, made: str
) -> None:
    table = schema.refs
    moved = connection.execute(
        update(table)
        .where(table.c.repo_id == repository.id)
        .where(table.c.kind == ref.kind, table.c.name == ref.name)
        .where(table.c.commit_id == seen)
        .values(commit_id=made)
    )
    if moved.rowcount != 1:
        raise _stale()


def _touch(connection: Connection, repository: Repository, at: datetime) -> None:
    connection.execute(
        update(schema.repos)
        .where(schema.repos.c.id == repository.id)
        .values(updated_at=format_instant(at))
    )


def _no_branch(name: str) -> HubError:
    return HubError(f"there is no branch `{name[:100]}`", code="revision-not-found")


def _stale() -> HubError:
    # Clients know the conflict by this sentence.
    return HubError(
        "The branch was updated since you opened this page. Please refresh and try again.",
        code="stale-parent",
        hint="fetch the branch and commit again",
    )
