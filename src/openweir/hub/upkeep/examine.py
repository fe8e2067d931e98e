"""Examine a hub: everything that is named is there, whole; and what lies about that is not.

1. the database itself, and the rows that lead from one table to another;
2. every reference to its commits, every commit to its folders, every folder to its id;
3. every file of a draft, its history or a release, every file that somebody holds: stored, of
   its size, and with `deep` of its digest;
4. what came by Xet: its plan leads to its file;
5. the audit chain under the hub's own key;
6. what is not wrong but left: uploads under way or given up, bytes that nothing names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from openweir.errors import HubError, OpenweirError
from openweir.hub import schema
from openweir.hub.audit.chain import Chain
from openweir.hub.audit.verify import export, verify_export
from openweir.hub.upkeep.histories import check_histories
from openweir.hub.upkeep.kept import Kept
from openweir.hub.upkeep.named import STATEMENT_COLUMNS
from openweir.hub.upkeep.reported import Fault
from openweir.hub.xet.holdings import plans
from openweir.hub.xet.layout import read_plan
from openweir.register import SignerKey

__all__ = ["Examined", "Fault", "Left", "examine"]

_PLAN_BYTES = 64 * 1024
_PUBLISH = "publish the case again: openweir publish CASE"
_RESTORE = "restore a backup: openweir hub restore FROM"
_SEND = "have a member upload the file again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is no fault, but takes room.

    Attributes:
        unnamed: blobs that nothing names, some of them on their way; `unnamed_bytes` together.
        publications: under way or given up; `parts`: uploads by parts likewise.
        writes: begun and not kept.
        xorbs: that are no file yet.
    """

    unnamed: int
    unnamed_bytes: int
    publications: int
    parts: int
    writes: int
    xorbs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What an examination found.

    Attributes:
        repositories, references, commits, releases, events: how many were looked at.
        blobs: how many files are named; `bytes` together.
        hashed: how many of them were read and compared with their digest.
        faults: none when the hub is whole.
        left: what is no fault.
    """

    repositories: int
    references: int
    commits: int
    releases: int
    events: int
    blobs: int
    bytes: int
    hashed: int
    faults: tuple[Fault, ...]
    left: Left

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(frozen=True, slots=True, kw_only=True)
class _Need:
    """That a blob is needed: of what size (None: not written down), and by what."""

    size: int | None
    where: str
    hint: str


def examine(
    kept: Kept,
    *,
    at: datetime,
    key: SignerKey,
    deep: bool = False,
    begun: Callable[[int], object] = lambda _bytes: None,
    advanced: Callable[[int], object] = lambda _bytes: None,
) -> Examined:
    """Examine a hub that may serve meanwhile; the caller holds a turn.

    Args:
        kept: of the hub.
        at: now.
        key: of its audit chain.
        deep: whether to read every file and compare its digest.
        begun: told how many bytes are to be read.
        advanced: told how many were read.

    Raises:
        OSError: storage is out of reach.
    """
    with kept.store.snapshot() as connection:
        faults = list(_database(connection))
        histories = check_histories(connection)
        faults += histories.faults
        needs, releases = _needs(connection)
        faults += _releases(connection)
        xet = connection.execute(select(schema.xet_files)).all()
    # After the database: what it names was stored before, and nothing is let go meanwhile.
    sizes = {key_.rpartition("/")[2]: stamp.size for key_, stamp in kept.storage.listed("blobs/")}
    faults += _blobs(needs, sizes)
    faults += _plans(kept, [(row.namespace, row.name, row.sha256) for row in xet])
    hashed = 0
    if deep:
        begun(sum(sizes.get(digest, 0) for digest in needs))
        faults += _deep(kept, needs, sizes, advanced)
        hashed = len(needs.keys() & sizes.keys())
    report = verify_export(export(Chain(kept.store, key)), key=key.verifier)
    hint = "keep every copy: openweir hub audit export; compare it with an earlier checkpoint"
    faults += [
        Fault(code="audit", where="audit chain", message=said, hint=hint) for said in report.faults
    ]
    unnamed = sizes.keys() - needs.keys()
    return Examined(
        repositories=histories.repositories,
        references=histories.references,
        commits=histories.commits,
        releases=releases,
        events=report.events,
        blobs=len(needs),
        bytes=sum(sizes.get(digest, 0) for digest in needs),
        hashed=hashed,
        faults=tuple(faults),
        left=Left(
            unnamed=len(unnamed),
            unnamed_bytes=sum(sizes[digest] for digest in unnamed),
            publications=len(kept.storage.folders("staging")),
            parts=len(kept.storage.folders("parts")),
            writes=kept.storage.unkept(at, forget=False),
            xorbs=sum(key_.endswith(".chunks") for key_ in kept.storage.keys("xet/")),
        ),
    )


def _database(connection: Connection) -> Iterator[Fault]:
    """Ask SQLite whether its file and its foreign keys hold; PostgreSQL holds them itself."""
    if connection.dialect.name != "sqlite":
        return
    for (said,) in connection.exec_driver_sql("PRAGMA integrity_check(20)"):
        if said != "ok":
            yield Fault(code="database", where="hub.sqlite", message=str(said), hint=_RESTORE)
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        message = f"row {row} of `{table}` leads to nothing in `{parent}`"
        yield Fault(code="database", where="hub.sqlite", message=message, hint=_RESTORE)


def _needs(connection: Connection) -> tuple[dict[str, _Need], int]:
    """Return SHA-256 -> who needs it first, and how many releases there are."""
    found: dict[str, _Need] = {}
    repos, trees, files = schema.repos, schema.trees, schema.release_files
    held, releases = schema.possession, schema.releases
    for row in connection.execute(select(held)):
        where = f"uploads of {row.namespace}"
        found[row.sha256] = _Need(size=row.size, where=where, hint=_SEND)
    drafts = select(trees.c.sha256, trees.c.size, trees.c.name, repos.c.name.label("repo"))
    drafts = drafts.join(repos, repos.c.id == trees.c.repo_id)
    for row in connection.execute(drafts.where(trees.c.sha256.is_not(None))):
        where = f"{row.repo}: {row.name}"
        found[row.sha256] = _Need(size=row.size, where=where, hint=_SEND)
    count = 0
    names: dict[int, str] = {}
    for one in connection.execute(select(releases)).mappings():
        count += 1
        names[one["id"]] = f"{one['name']}@{one['commit_id'][:12]}"
        for column in STATEMENT_COLUMNS:
            if one[column] is not None:
                where = f"{names[one['id']]}: its {column.replace('_', ' ')}"
                found[one[column]] = _Need(size=None, where=where, hint=_PUBLISH)
    for row in connection.execute(select(files)):
        where = f"{names.get(row.release_id, row.release_id)}: {row.path}"
        found[row.sha256] = _Need(size=row.size, where=where, hint=_PUBLISH)
    return found, count


def _releases(connection: Connection) -> Iterator[Fault]:
    """Check that each release in force is the one of its name."""
    current, releases = schema.repositories, schema.releases
    query = select(current.c.name, current.c.release_id, releases.c.name.label("named"))
    query = query.outerjoin(releases, releases.c.id == current.c.release_id)
    for row in connection.execute(query):
        if row.named != row.name:
            yield Fault(
                code="release",
                where=row.name,
                message=f"release {row.release_id}, which is to be in force, "
                + ("is not there" if row.named is None else f"is one of `{row.named}`"),
                hint=_PUBLISH,
            )


def _blobs(needs: dict[str, _Need], sizes: dict[str, int]) -> Iterator[Fault]:
    for digest, need in needs.items():
        found = sizes.get(digest)
        if found is None:
            message = f"its bytes `{digest[:12]}` are missing"
        elif need.size is not None and found != need.size:
            message = f"its bytes `{digest[:12]}` are {found}, not {need.size}"
        else:
            continue
        yield Fault(code="blob", where=need.where, message=message, hint=need.hint, sha256=digest)


def _deep(
    kept: Kept,
    needs: dict[str, _Need],
    sizes: dict[str, int],
    advanced: Callable[[int], object],
) -> Iterator[Fault]:
    blobs = kept.blobs
    for digest in sorted(needs.keys() & sizes.keys()):
        need = needs[digest]
        try:
            blobs.checked(digest, sizes[digest])
        except HubError:
            message = f"its bytes `{digest[:12]}` have another digest: they were altered"
            yield Fault(
                code="altered", where=need.where, message=message, hint=need.hint, sha256=digest
            )
        advanced(sizes[digest])


def _plans(kept: Kept, rows: list[tuple[str, str, str]]) -> Iterator[Fault]:
    """Check that what came by Xet has a plan that leads to the same bytes."""
    there = {(plan.namespace, plan.name): plan.key for plan in plans(kept.storage)}
    for namespace, name, digest in rows:
        key = there.get((namespace, name))
        stated = None
        if key is not None:
            try:
                head = b"".join(kept.storage.pieces(key, 0, _PLAN_BYTES))
                plan = read_plan(head)
                if isinstance(plan, int):
                    plan = read_plan(b"".join(kept.storage.pieces(key, 0, plan)))
                stated = None if isinstance(plan, int) else plan.sha256
            except (OpenweirError, OSError):
                stated = None
        if stated != digest:
            what = "is missing" if key is None else "leads elsewhere"
            yield Fault(
                code="xet",
                where=f"uploads of {namespace}",
                message=f"the Xet plan `{name[:12]}` of `{digest[:12]}` {what}",
                hint=_SEND,
                sha256=digest,
            )
