"""Repositories in a real database: commits are whole, branches move only past what was seen."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from hub_scale import opened
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub.release import git_blob_sha1
from openweir.hub.repository import Entry, Put, files_below
from openweir.hub.repository.repositories import Kind, Repositories, Repository
from openweir.hub.repository.rows import Ref

_AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def hub(tmp_path: Path):
    """The repositories of an empty hub."""
    store = opened(tmp_path)
    yield Repositories(store)
    store.close()


def _put(path: str, content: bytes) -> Put:
    entry = Entry(
        name=path.rpartition("/")[2],
        oid=git_blob_sha1(content),
        size=len(content),
        sha256=sha256(content),
    )
    return Put(path=path, entry=entry)


def _commit(hub: Repositories, repository: Repository, *puts: Put, parent: str | None = None):
    return hub.commit(
        repository,
        "main",
        changes=lambda _base: puts,
        parent=parent,
        title="t",
        message="",
        author="mia",
        at=_AT,
    )


def _paths(hub: Repositories, repository: Repository, revision: str = "main") -> list[str]:
    commit = hub.resolve(repository, revision)
    assert commit is not None
    return [p for p, _ in files_below(commit.tree, lambda tree: hub.folder(repository, tree))]


def test_of_fifty_writers_with_one_parent_exactly_one_wins(hub: Repositories) -> None:
    """Fifty threads commit onto the same parent at once: one commit, forty-nine refusals."""
    repository = hub.create(Kind.MODEL, "mia/m", private=False, author="mia", at=_AT)
    head = hub.resolve(repository, "main")
    assert head is not None

    def write(number: int) -> str:
        try:
            return _commit(hub, repository, _put(f"{number}", b"x"), parent=head.oid).oid
        except HubError as error:
            return error.code

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(write, range(50)))
    assert found.count("hub.stale-parent") == 49
    (winner,) = [oid for oid in found if oid != "hub.stale-parent"]
    assert len(_paths(hub, repository)) == 1
    assert [c.oid for c in hub.history(repository, "" + winner)] == [winner, head.oid]


def test_commits_without_parent_never_lose_each_other(hub: Repositories) -> None:
    """Writers that do not name a parent either land on top of each other or are told to retry."""
    repository = hub.create(Kind.MODEL, "mia/m", private=False, author="mia", at=_AT)

    def write(number: int) -> int:
        for _ in range(200):
            try:
                _commit(hub, repository, _put(f"{number}", b"%d" % number))
            except HubError:
                continue
            else:
                return 1
        return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(16))) == 16
    assert sorted(_paths(hub, repository)) == sorted(str(n) for n in range(16))


def test_a_failed_commit_leaves_nothing(hub: Repositories) -> None:
    """A commit refused in its middle leaves no row of a tree, commit or branch behind."""
    repository = hub.create(Kind.MODEL, "mia/m", private=False, author="mia", at=_AT)
    _commit(hub, repository, _put("a", b"1"))
    counts = text("select (select count(*) from commits), (select count(*) from trees)")
    with hub._store.snapshot() as database:
        before = database.execute(counts).one()
    with pytest.raises(HubError):
        _commit(hub, repository, _put("b", b"2"), _put("a/c", b"3"))
    with hub._store.snapshot() as database:
        assert database.execute(counts).one() == before
    assert _paths(hub, repository) == ["a"]


def test_names_are_taken_once_and_a_move_leads_on(hub: Repositories) -> None:
    """A second repository of a name is refused; a moved one is found by its old name."""
    repository = hub.create(Kind.MODEL, "mia/m", private=False, author="mia", at=_AT)
    with pytest.raises(HubError) as caught:
        hub.create(Kind.MODEL, "mia/m", private=True, author="mia", at=_AT)
    assert caught.value.code == "hub.conflict"
    hub.create(Kind.DATASET, "mia/m", private=True, author="mia", at=_AT)
    hub.move(repository, "ann/n", at=_AT)
    assert hub.find(Kind.MODEL, "mia/m") is None
    assert hub.renamed(Kind.MODEL, "mia/m") == "ann/n"
    hub.create(Kind.MODEL, "mia/m", private=False, author="mia", at=_AT)
    assert hub.renamed(Kind.MODEL, "mia/m") is None
    moved = hub.find(Kind.MODEL, "ann/n")
    assert moved is not None
    hub.delete(moved)
    assert hub.find(Kind.MODEL, "ann/n") is None


def test_branches_and_tags_name_commits(hub: Repositories) -> None:
    """A tag stays where it was put; `main` cannot go; odd names are refused."""
    repository = hub.create(Kind.MODEL, "mia/m", private=False, author="mia", at=_AT)
    first = _commit(hub, repository, _put("a", b"1"))
    hub.add_ref(repository, Ref(kind="tag", name="v1", commit=first.oid))
    hub.add_ref(repository, Ref(kind="branch", name="try/it", commit=first.oid))
    _commit(hub, repository, _put("b", b"2"))
    assert _paths(hub, repository, "v1") == ["a"]
    assert _paths(hub, repository, first.oid) == ["a"]
    assert _paths(hub, repository, "refs/heads/main") == ["a", "b"]
    assert [(ref.kind, ref.name) for ref in hub.refs(repository)] == [
        ("branch", "main"),
        ("branch", "try/it"),
        ("tag", "v1"),
    ]
    for name in ("v1", "a..b", "-x", "a.lock", "0" * 40, "", "a b"):
        with pytest.raises(HubError):
            hub.add_ref(repository, Ref(kind="tag", name=name, commit=first.oid))
    with pytest.raises(HubError):
        hub.delete_ref(repository, "branch", "main")
    hub.delete_ref(repository, "tag", "v1")
    assert hub.resolve(repository, "v1") is None
