"""Back a hub up while it serves.

1. one state of the database is read, in one transaction;
2. every file that this state names is copied, unless the backup has it, and its digest
   compared; the hub stores bytes before it names them, and nothing is let go meanwhile;
3. the manifest comes last: until then the folder holds the backup it held before.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

import zstandard
from sqlalchemy import Connection, select

from openweir.canonical import compact, text
from openweir.digest import sha256
from openweir.errors import HubError
from openweir.hub import schema
from openweir.hub.blobs import Blobs
from openweir.hub.migration import HEAD
from openweir.hub.storage import Files
from openweir.hub.upkeep.bundle import MANIFEST, BackupManifest, Part
from openweir.hub.upkeep.kept import Kept
from openweir.hub.upkeep.named import named_digests
from openweir.hub.upkeep.tables import write_tables
from openweir.hub.xet.holdings import plans
from openweir.register import SignerKey

__all__ = ["BackedUp", "backup"]

_PIECE_BYTES = 1024 * 1024
_Advanced = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A backup that was made.

    Attributes:
        manifest: what it holds.
        manifest_sha256: to be kept somewhere else; `restore` compares it.
        new: how many files were not in the folder yet; `new_bytes` together.
    """

    manifest: BackupManifest
    manifest_sha256: str
    new: int
    new_bytes: int


def backup(
    kept: Kept,
    to: Path,
    *,
    at: datetime,
    version: str,
    key: SignerKey,
    derived: bool = False,
    link: bool = False,
    deep: bool = False,
    begun: _Advanced = lambda _bytes: None,
    advanced: _Advanced = lambda _bytes: None,
) -> BackedUp:
    """Back a hub up; the caller holds a turn.

    Args:
        kept: of the hub, which may serve meanwhile.
        to: a folder of its own, made when missing; holds this backup afterwards.
        at: now.
        version: of Openweir.
        key: of the audit chain.
        derived: whether the operator's secret makes that key, so that it is left out.
        link: whether files on the same disk are linked, not copied: no room, no second disk.
        deep: whether files that the folder has already are read and compared again.
        begun: told how many bytes there are.
        advanced: told how many were dealt with.

    Raises:
        HubError: the folder is a hub's own, or another backup writes it.
        OSError: there is no room, or storage is out of reach.
    """
    with _alone(to):
        with kept.store.snapshot() as connection:
            database, rows = _written(to, "database", lambda out: write_tables(connection, out))
            needed = _needed(connection)
            named = select(schema.xet_files.c.namespace, schema.xet_files.c.name)
            files = {(row.namespace, row.name) for row in connection.execute(named)}
        kept_plans, _ = _written(to, "plans", lambda out: _write_plans(kept, files, out))
        target = Blobs(Files(to))
        begun(sum(size or 0 for size in needed.values()))
        new, sizes, missing = 0, dict[str, int](), []
        new_bytes = 0
        for digest, size in sorted(needed.items()):
            try:
                found, copied = _copy(kept, target, digest, link=link, deep=deep)
            except HubError:
                missing.append(digest)
                continue
            sizes[digest] = found
            new, new_bytes = new + copied, new_bytes + copied * found
            advanced(size or 0)
        manifest = BackupManifest(
            made_at=at,
            version=version,
            revision=HEAD,
            database=database,
            plans=kept_plans,
            keys=_keys(to, "" if derived else key.reveal()),
            rows=rows,
            blobs=len(sizes),
            blob_bytes=sum(sizes.values()),
            missing=tuple(missing),
            audit_key=str(key.verifier),
        )
        written = manifest.to_bytes()
        _put(to / MANIFEST, written)
        _drop_others(to, manifest)
    return BackedUp(
        manifest=manifest, manifest_sha256=sha256(written), new=new, new_bytes=new_bytes
    )


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    if (to / "hub.sqlite").exists():
        raise HubError(
            f"`{to}` is a hub's own folder", code="backup", hint="name another with --to"
        )
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(to / "backup.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise HubError("another backup writes this folder", code="upkeep") from None
    try:
        # Of one that was killed.
        for left in to.glob("*.partial"):
            left.unlink()
        yield
    finally:
        os.close(handle)


def _needed(connection: Connection) -> dict[str, int | None]:
    held = schema.possession
    rows = connection.execute(select(held.c.sha256, held.c.size).distinct())
    return named_digests(connection) | {row.sha256: row.size for row in rows}


def _copy(kept: Kept, target: Blobs, digest: str, *, link: bool, deep: bool) -> tuple[int, bool]:
    """Have a file in the backup; return its size and whether it was not there before.

    Raises:
        HubError: the hub has lost it, or holds other bytes.
    """
    source, key = kept.blobs, Blobs.key(digest)
    stamp = source.storage.stamp(key)
    if stamp is None:
        raise HubError("it is missing", code="damaged", where=digest[:12])
    there = target.storage.stamp(key)
    if there is not None and there.size == stamp.size:
        if not deep:
            return stamp.size, False
        with contextlib.suppress(HubError):
            target.checked(digest, stamp.size)
            return stamp.size, False
    path = source.storage.path(key)
    if link and path is not None:
        source.checked(digest, stamp.size)
        place = target.path(digest)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = place.with_name(f"{secrets.token_hex(8)}.partial")
        with contextlib.suppress(OSError):
            os.link(path, aside)
            aside.replace(place)
            return stamp.size, True
    incoming = target.incoming(stamp.size, digest)
    try:
        for piece in source.storage.pieces(key, mark=stamp.mark):
            incoming.write(piece)
        incoming.finish()
    finally:
        incoming.drop()
    return stamp.size, True


def _write_plans(kept: Kept, named: set[tuple[str, str]], out: IO[bytes]) -> dict[str, int]:
    count = 0
    for plan in plans(kept.storage):
        if (plan.namespace, plan.name) in named:
            content = b64encode(b"".join(kept.storage.pieces(plan.key))).decode()
            line = {"namespace": plan.namespace, "name": plan.name, "plan": content}
            out.write(compact(line) + b"\n")
            count += 1
    return {"plans": count}


def _keys(to: Path, revealed: str) -> Part:
    content = text({"audit": revealed})
    part = Part(file=f"keys-{sha256(content)[:16]}.json", size=len(content), sha256=sha256(content))
    _put(to / part.file, content)
    return part


def _written(
    to: Path, name: str, write: Callable[[IO[bytes]], dict[str, int]]
) -> tuple[Part, dict[str, int]]:
    """Write lines into a compressed file that is named by its digest."""
    aside = to / f"{name}-{secrets.token_hex(8)}.partial"
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        with zstandard.ZstdCompressor().stream_writer(stream, closefd=False) as packed:
            counts = write(packed)
        stream.flush()
        os.fsync(stream.fileno())
    with aside.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    part = Part(file=f"{name}-{digest[:16]}.jsonl.zst", size=aside.stat().st_size, sha256=digest)
    aside.replace(to / part.file)
    return part, counts


def _put(path: Path, content: bytes) -> None:
    """Write a small file whole and durably, for its owner only."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _drop_others(to: Path, manifest: BackupManifest) -> None:
    """Delete the rows, plans and keys of the backup before; files stay for the next one."""
    own = {manifest.database.file, manifest.plans.file, manifest.keys.file}
    for pattern in ("database-*.jsonl.zst", "plans-*.jsonl.zst", "keys-*.json"):
        for path in to.glob(pattern):
            if path.name not in own:
                path.unlink()
