"""References, commits and folders of every draft: each leads to the next, under git's ids."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from openweir.hub import schema
from openweir.hub.repository import Commit, Entry
from openweir.hub.repository.commit import commit_id
from openweir.hub.repository.tree import EMPTY_TREE, tree_id
from openweir.hub.upkeep.reported import Fault
from openweir.instant import parse_instant

__all__ = ["Histories", "check_histories"]

_REPAIR = "delete the reference or restore a backup: openweir hub restore FROM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """What was looked at, and what is wrong with it."""

    repositories: int
    references: int
    commits: int
    faults: tuple[Fault, ...]


def check_histories(connection: Connection) -> Histories:
    """Check every repository in a snapshot, one after the other."""
    repos, refs = schema.repos, schema.refs
    repositories = connection.execute(select(repos.c.id, repos.c.name).order_by(repos.c.id)).all()
    references = commits = 0
    faults: list[Fault] = []
    for repo in repositories:
        known = _commits(connection, repo.id)
        commits += len(known)
        for commit in known.values():
            faults += _commit(repo.name, commit, known)
        for ref in connection.execute(select(refs).where(refs.c.repo_id == repo.id)):
            references += 1
            if ref.commit_id not in known:
                message = f"{ref.kind} `{ref.name}` leads to no commit (`{ref.commit_id[:12]}`)"
                faults.append(
                    Fault(code="reference", where=repo.name, message=message, hint=_REPAIR)
                )
        faults += _folders(connection, repo.id, repo.name, {one.tree for one in known.values()})
    return Histories(
        repositories=len(repositories),
        references=references,
        commits=commits,
        faults=tuple(faults),
    )


def _commits(connection: Connection, repo_id: int) -> dict[str, Commit]:
    table = schema.commits
    return {
        row.oid: Commit(
            oid=row.oid,
            parent=row.parent,
            tree=row.tree,
            title=row.title,
            message=row.message,
            author=row.author,
            at=parse_instant(row.at),
        )
        for row in connection.execute(select(table).where(table.c.repo_id == repo_id))
    }


def _commit(name: str, commit: Commit, known: dict[str, Commit]) -> Iterator[Fault]:
    where = f"{name}@{commit.oid[:12]}"
    if commit.parent is not None and commit.parent not in known:
        message = f"its parent `{commit.parent[:12]}` is missing"
        yield Fault(code="commit", where=where, message=message, hint=_REPAIR)
    computed = commit_id(
        tree=commit.tree,
        parent=commit.parent,
        title=commit.title,
        message=commit.message,
        author=commit.author,
        at=commit.at,
    )
    if computed != commit.oid:
        message = f"its id is not that of what it says (`{computed[:12]}`)"
        yield Fault(code="commit", where=where, message=message, hint=_REPAIR)


def _folders(connection: Connection, repo_id: int, name: str, roots: set[str]) -> Iterator[Fault]:
    """Check every folder that a commit leads to, each once."""
    table = schema.trees
    known: dict[str, list[Entry]] = {}
    for row in connection.execute(select(table).where(table.c.repo_id == repo_id)):
        entry = Entry(name=row.name, oid=row.oid, size=row.size, sha256=row.sha256, large=row.large)
        known.setdefault(row.tree, []).append(entry)
    seen: set[str] = {EMPTY_TREE}
    left = sorted(roots)
    while left:
        tree = left.pop()
        if tree in seen:
            continue
        seen.add(tree)
        entries = known.get(tree)
        if entries is None:
            message = f"the folder `{tree[:12]}` is missing"
            yield Fault(code="folder", where=name, message=message, hint=_REPAIR)
            continue
        if tree_id(entries) != tree:
            message = f"the folder `{tree[:12]}` holds other entries than its id says"
            yield Fault(code="folder", where=name, message=message, hint=_REPAIR)
        left += [entry.oid for entry in entries if entry.folder]
