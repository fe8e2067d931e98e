"""The workspace: what members of a namespace upload, commit and read back before a decision.

Bytes come first (inline, by LFS or by Xet) and are recorded as held by the namespace; a
commit then names them. A commit that names bytes the namespace has not shown is refused in
the same words whether the hub has them or not.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from openweir.errors import HubError
from openweir.hub.blobs import Blobs
from openweir.hub.links import Links
from openweir.hub.possession import Possession, not_held
from openweir.hub.release import git_blob_sha1, git_pointer_sha1, require_name
from openweir.hub.repository import (
    Commit,
    CommitRequest,
    Delete,
    Entry,
    FileCopied,
    FileDeleted,
    FileInline,
    FileLarge,
    FolderDeleted,
    Operation,
    Put,
    files_below,
    find,
)
from openweir.hub.repository.patterns import DEFAULT_ATTRIBUTES
from openweir.hub.repository.repositories import Kind, Repositories, Repository
from openweir.hub.repository.rows import MAIN, full_ref
from openweir.hub.repository.survey import LargeFile, large_files, last_touched
from openweir.hub.store import Store

__all__ = ["Committed", "Draft", "Workspace"]

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n"
    rb"oid sha256:([0-9a-f]{64})\nsize ([0-9]{1,18})\n"
)
_MAX_TEXT_BYTES = 1024 * 1024
_MAX_HISTORY = 1000


_MOST_FOLDERS, _MOST_ENTRIES = 512, 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A repository at one commit, as its members see it."""

    repository: Repository
    commit: Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A commit that was made.

    Attributes:
        pull: number of the pull reference it is on; None where it is on its branch.
    """

    commit: Commit
    pull: int | None


class Workspace:
    """Repositories, their bytes, and who holds which.

    Args:
        store: the database.
        blobs: where bytes lie.
        links: makes the rights that clients carry in addresses.
    """

    def __init__(self, store: Store, blobs: Blobs, links: Links) -> None:
        """Compose the parts."""
        self.repositories = Repositories(store)
        self.possession = Possession(store, blobs)
        self.links = links
        self._blobs = blobs
        self._folders: dict[tuple[int, datetime, str], tuple[Entry, ...]] = {}

    def create(
        self, kind: Kind, name: str, *, private: bool, author: str, at: datetime
    ) -> Repository:
        """Create a repository whose first commit says which files are large.

        Raises:
            HubError: the name is taken, or cannot be one.
        """
        content = DEFAULT_ATTRIBUTES.encode()
        require_name(name)
        digest = self.hold(name.partition("/")[0], content, at=at)
        first = _put(
            ".gitattributes",
            oid=git_blob_sha1(content),
            size=len(content),
            sha256=digest,
            large=False,
        )
        return self.repositories.create(
            kind,
            name,
            private=private,
            author=author,
            at=at,
            files=(first,),
            guard=self.possession.guard(name.partition("/")[0], (digest,)),
        )

    def copy(self, source: Draft, to: Repository, *, author: str, at: datetime) -> Commit:
        """Put the files of a draft into another repository, in one commit.

        Args:
            source: what whoever asks may read.
            to: what they may write.
            author: the account that asks.
            at: now.
        """
        files = tuple(self.files(source))
        for _, file in files:
            assert file.sha256 is not None
            self.possession.record(to.namespace, file.sha256, file.size, at=at)
        return self.repositories.commit(
            to,
            MAIN,
            changes=lambda _base: [Put(path=path, entry=file) for path, file in files],
            parent=None,
            title=f"Copy {source.repository.name} at {source.commit.oid[:12]}",
            message="",
            author=author,
            at=at,
            guard=self.possession.guard(to.namespace, (str(file.sha256) for _, file in files)),
        )

    def text(self, draft: Draft, path: str) -> str | None:
        """Return a small text file of a draft; None when it is missing, large or no UTF-8."""
        found = self.at(draft, path)
        if found is None or found.sha256 is None or found.size > _MAX_TEXT_BYTES:
            return None
        try:
            return self._blobs.read(found.sha256).decode()
        except UnicodeDecodeError:
            return None

    def last_touched(self, draft: Draft, paths: Iterable[str]) -> dict[str, Commit]:
        """Return path -> the newest commit that changed it, among the last thousand."""
        oid = draft.commit.oid
        history = self.repositories.history(draft.repository, oid, limit=_MAX_HISTORY)
        return last_touched(history, paths, self._load(draft.repository))

    def large_files(self, repository: Repository) -> Iterator[LargeFile]:
        """Yield the large files of every branch and pull reference, history included."""
        load = self._load(repository)
        for ref in self.repositories.refs(repository):
            if ref.kind != "tag":
                history = self.repositories.history(repository, ref.commit, limit=_MAX_HISTORY)
                yield from large_files(full_ref(ref), history, load)

    def draft(self, repository: Repository, revision: str) -> Draft | None:
        """Return a repository at a branch, tag or commit; None for none."""
        commit = self.repositories.resolve(repository, revision)
        return None if commit is None else Draft(repository=repository, commit=commit)

    def at(self, draft: Draft, path: str) -> Entry | None:
        """Return the file or folder at a path; None for nothing."""
        return find(draft.commit.tree, path, self._load(draft.repository))

    def files(self, draft: Draft, *, below: str = "") -> Iterator[tuple[str, Entry]]:
        """Yield (path, file) of everything below a folder."""
        root = self.at(draft, below)
        if root is None or not root.folder:
            return
        prefix = f"{below}/" if below else ""
        yield from files_below(root.oid, self._load(draft.repository), prefix=prefix)

    def folder(self, draft: Draft, tree: str) -> tuple[Entry, ...]:
        """Return the entries of a folder by its id."""
        return self._load(draft.repository)(tree)

    def hold(self, namespace: str, content: bytes, *, at: datetime) -> str:
        """Store bytes that a member sent and record it; return their SHA-256."""
        digest = hashlib.sha256(content).hexdigest()
        if digest not in self.possession.held(namespace, (digest,)):
            self._blobs.put(content, digest)
            self.possession.record(namespace, digest, len(content), at=at)
        return digest

    def held(
        self, repository: Repository, digests: Iterable[str], *, alone: bool
    ) -> dict[str, int]:
        """Return digest -> size of what may be named in a repository without being sent.

        Args:
            repository: where.
            digests: SHA-256 of the bytes.
            alone: whether who asks speaks for this repository only. What the others of its
                namespace hold is then to them as if nobody did.
        """
        asked = tuple(digests)
        if not alone:
            return self.possession.held(repository.namespace, asked)
        shown = self.possession.held(repository.holder, asked)
        return self.repositories.named(repository, asked) | shown

    def commit(
        self,
        repository: Repository,
        branch: str,
        request: CommitRequest,
        *,
        author: str,
        at: datetime,
        beside: bool = False,
        alone: bool = False,
    ) -> Committed:
        """Put a client's commit on a branch, whole or not at all.

        Args:
            repository: where.
            branch: its name.
            request: what the client asks for.
            author: the account that asks.
            at: now.
            beside: whether it goes on a new pull reference instead.
            alone: whether who commits speaks for this repository only, as in `held`.

        Raises:
            HubError: it names bytes the namespace has not shown, the branch moved past the
                parent it states, or an operation does not fit.
        """
        ready = [
            self._stored(repository, operation, at, alone=alone) for operation in request.operations
        ]

        def changes(base: Commit) -> Iterable[Put | Delete]:
            for change in ready:
                if isinstance(change, FileCopied):
                    yield self._copied(repository, base, change)
                else:
                    yield change

        title, _, rest = request.summary.partition("\n")
        # Copies are named by this repository already; the rest has to be there still.
        sent = (put.entry.sha256 for put in ready if isinstance(put, Put))
        guard = self.possession.guard(repository.namespace, (one for one in sent if one))
        write = self.repositories.propose if beside else self.repositories.commit
        made = write(
            repository,
            branch,
            changes=changes,
            parent=request.parent,
            title=title,
            message="\n".join(part for part in (rest, request.description) if part),
            author=author,
            at=at,
            guard=guard,
        )
        if isinstance(made, Commit):
            return Committed(commit=made, pull=None)
        return Committed(commit=made[1], pull=made[0])

    def _stored(
        self, repository: Repository, operation: Operation, at: datetime, *, alone: bool
    ) -> Put | Delete | FileCopied:
        if isinstance(operation, FileInline):
            large = _pointed_at(operation)
            if large is not None:
                return self._stored(repository, large, at, alone=alone)
            digest = self.hold(repository.namespace, operation.content, at=at)
            oid = git_blob_sha1(operation.content)
            size = len(operation.content)
            return _put(operation.path, oid=oid, size=size, sha256=digest, large=False)
        if isinstance(operation, FileLarge):
            known = self.held(repository, (operation.sha256,), alone=alone)
            if operation.sha256 not in known:
                raise not_held(repository.namespace, operation.sha256)
            size = known[operation.sha256]
            if operation.size not in (None, size):
                raise HubError(
                    f"`{operation.path[:200]}` is said to have {operation.size} bytes, "
                    f"the upload had {size}",
                    code="bad-request",
                )
            oid = git_pointer_sha1(operation.sha256, size)
            return _put(operation.path, oid=oid, size=size, sha256=operation.sha256, large=True)
        if isinstance(operation, FileCopied):
            return operation
        folder = isinstance(operation, FolderDeleted)
        assert isinstance(operation, FileDeleted | FolderDeleted)
        return Delete(path=operation.path, folder=folder)

    def _copied(self, repository: Repository, base: Commit, copy: FileCopied) -> Put:
        source: Commit | None = base
        if copy.revision is not None:
            source = self.repositories.resolve(repository, copy.revision)
        found = None
        if source is not None:
            found = find(source.tree, copy.source, self._load(repository))
        if found is None or found.sha256 is None:
            raise HubError(
                f"there is no file `{copy.source[:200]}` to copy", code="entry-not-found"
            )
        return _put(
            copy.path, oid=found.oid, size=found.size, sha256=found.sha256, large=found.large
        )

    def _load(self, repository: Repository) -> "_Loader":
        return _Loader(self.repositories, repository, self._folders)


@dataclass(frozen=True, slots=True)
class _Loader:
    repositories: Repositories
    repository: Repository
    kept: dict[tuple[int, datetime, str], tuple[Entry, ...]]

    def __call__(self, tree: str) -> tuple[Entry, ...]:
        # A folder never changes under its id, so pages of one listing share what was loaded.
        key = (self.repository.id, self.repository.created_at, tree)
        found = self.kept.get(key)
        if found is None:
            found = self.repositories.folder(self.repository, tree)
            if len(self.kept) >= _MOST_FOLDERS:
                self.kept.clear()
            if len(found) <= _MOST_ENTRIES:
                self.kept[key] = found
        return found


def _pointed_at(file: FileInline) -> FileLarge | None:
    """Return the large file that an inline one is the pointer of; None for any other.

    Both have one id in git, so they are one file here as well, and its bytes must be held.
    """
    found = _POINTER.fullmatch(file.content)
    if found is None:
        return None
    return FileLarge(path=file.path, sha256=found[1].decode(), size=int(found[2]))


def _put(path: str, *, oid: str, size: int, sha256: str, large: bool) -> Put:
    name = path.rpartition("/")[2]
    return Put(path=path, entry=Entry(name=name, oid=oid, size=size, sha256=sha256, large=large))
