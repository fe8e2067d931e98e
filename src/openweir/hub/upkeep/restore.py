"""Make a hub from a backup, in an empty place, of either size.

1. manifest, rows, plans and keys are compared with their digests;
2. every file is copied and its digest compared;
3. the rows go in, in one transaction, and are counted;
4. the whole is examined as `fsck` does. Only then is it in force.

Clients hold links and remember what they sent to the hub as it was later: the restored one
has a new key of links and a new Xet epoch, so that they begin anew instead of failing.
"""

import os
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import IO

import zstandard

from openweir.canonical import Object, parse
from openweir.digest import is_sha256
from openweir.errors import HubError, RegisterError
from openweir.hub.blobs import Blobs
from openweir.hub.database import engine_at
from openweir.hub.migration import HEAD, REVISIONS, locked, migrate, standing
from openweir.hub.storage import Files, Storage
from openweir.hub.upkeep.bundle import BackupManifest, part_at
from openweir.hub.upkeep.examine import Examined, examine
from openweir.hub.upkeep.kept import Kept
from openweir.hub.upkeep.tables import needed_by, read_rows, write_rows
from openweir.register import SignerKey

__all__ = ["restore"]

_MAX_LINE_BYTES = 256 * 1024 * 1024
_NAMESPACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
_XET_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
_Advanced = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _From:
    """A backup whose small parts were compared with their digests."""

    folder: Path
    manifest: BackupManifest
    database: Path
    plans: Path
    key: SignerKey


def restore(
    folder: Path,
    manifest: BackupManifest,
    data: Path,
    *,
    at: datetime,
    secret_key: SignerKey | None = None,
    database: str | None = None,
    storage: Storage | None = None,
    begun: _Advanced = lambda _bytes: None,
    advanced: _Advanced = lambda _bytes: None,
) -> Examined:
    """Make a hub from a backup.

    Args:
        folder: of the backup.
        manifest: as it was read from there.
        data: a data directory in which nothing is; for replicas it holds their journals.
        at: now.
        secret_key: of the audit chain, as the operator's secret makes it; None without a secret.
        database: address of an empty database, for replicas; None for a file in `data`.
        storage: an empty storage, for replicas; None for `data`.
        begun: told how many bytes there are.
        advanced: told how many were copied.

    Returns:
        What an examination of the new hub found; faults are those that the old one had.

    Raises:
        HubError: something of the backup is missing, altered, or does not go together.
        OSError: there is no room, or storage is out of reach.
    """
    source = _checked(folder, manifest, secret_key)
    address = database or f"sqlite:///{data / 'hub.sqlite'}"
    _require_empty(database, storage)
    place = Files(data) if storage is None else storage
    _copy_files(source, place, begun, advanced)
    _copy_plans(source, place)
    _insert(source, address)
    kept = Kept.at(data, database=database, storage=storage)
    try:
        if secret_key is not None:
            # The secret keeps it, and neither database nor folder does.
            pass
        elif kept.embedded:
            _keep_key(data / "audit.key", source.key)
        else:
            kept.store.setting("audit-key", source.key.reveal())
        return examine(kept, at=at, key=source.key)
    finally:
        kept.store.close()


def _require_empty(database: str | None, storage: Storage | None) -> None:
    """Refuse a shared place in which something is."""
    full = storage is not None and next(iter(storage.keys("")), None) is not None
    if database is not None and not full:
        engine = engine_at(database)
        try:
            full = standing(engine).current is not None
        finally:
            engine.dispose()
    if full:
        raise HubError(
            "a backup is restored into an empty place only, and here is something",
            code="backup",
            hint="name an empty database and an empty bucket",
        )


def _checked(folder: Path, manifest: BackupManifest, secret_key: SignerKey | None) -> _From:
    if manifest.revision not in {number for number, _ in REVISIONS}:
        raise HubError(
            f"the backup is of revision `{manifest.revision[:40]}`, of a later version than this",
            code="schema",
            hint="restore it with the version that made it, or a later one",
        )
    written = part_at(folder, manifest.keys).read_bytes()
    revealed = Object(parse(written, where=manifest.keys.file), "keys").text("audit")
    key = _key(revealed, manifest, secret_key)
    return _From(
        folder=folder,
        manifest=manifest,
        database=part_at(folder, manifest.database),
        plans=part_at(folder, manifest.plans),
        key=key,
    )


def _key(revealed: str, manifest: BackupManifest, secret_key: SignerKey | None) -> SignerKey:
    """Return the key of the chain: the one in the backup, or the one of the operator's secret."""
    if revealed and secret_key is None:
        try:
            return SignerKey.parse(revealed, where=manifest.keys.file)
        except RegisterError:
            raise HubError("the backup's audit key is damaged", code="backup") from None
    if revealed:
        raise HubError(
            "the backup is of a hub without a secret",
            code="backup",
            hint="unset OPENWEIR_HUB_KEY until the hub is restored",
        )
    if secret_key is None or str(secret_key.verifier) != manifest.audit_key:
        raise HubError(
            "the backup is of a hub with a secret, and here is "
            + ("none" if secret_key is None else "another"),
            code="backup",
            hint="name the file of that secret by OPENWEIR_HUB_KEY",
        )
    return secret_key


def _copy_files(source: _From, place: Storage, begun: _Advanced, advanced: _Advanced) -> None:
    there, here = Blobs(Files(source.folder)), Blobs(place)
    with _lines(source.database) as stream:
        needed = needed_by(read_rows(stream))
    begun(source.manifest.blob_bytes)
    for digest in sorted(needed.keys() - set(source.manifest.missing)):
        stamp = there.storage.stamp(Blobs.key(digest)) if is_sha256(digest) else None
        if stamp is None or needed[digest] not in (None, stamp.size):
            raise HubError(
                f"the backup lacks the file `{digest[:12]}`",
                code="backup",
                where=str(source.folder),
                hint="take an earlier backup",
            )
        incoming = here.incoming(stamp.size, digest)
        try:
            for piece in there.storage.pieces(Blobs.key(digest)):
                incoming.write(piece)
                advanced(len(piece))
            incoming.finish()
        finally:
            incoming.drop()


def _copy_plans(source: _From, place: Storage) -> None:
    with _lines(source.plans) as stream:
        while line := stream.readline(_MAX_LINE_BYTES):
            read = Object(parse(line, where="plan", max_bytes=_MAX_LINE_BYTES), "plan")
            namespace, name = read.text("namespace"), read.text("name")
            if not _NAMESPACE.fullmatch(namespace) or not _XET_NAME.fullmatch(name):
                raise HubError("it holds a plan of no file", code="backup")
            try:
                content = b64decode(read.text("plan"), validate=True)
            except ValueError:
                raise HubError("it holds a plan that is none", code="backup") from None
            writer = place.writer(f"xet/{namespace}/files/{name}")
            try:
                writer.write(content)
                writer.keep()
            finally:
                writer.drop()


def _insert(source: _From, address: str) -> None:
    manifest, engine = source.manifest, engine_at(address)
    try:
        migrate(engine, to=manifest.revision)
        with locked(engine) as connection, _lines(source.database) as stream:
            counts = write_rows(connection, read_rows(stream), revision=manifest.revision)
            if counts != {name: count for name, count in manifest.rows.items() if count}:
                raise HubError("it holds other rows than its manifest says", code="backup")
        if manifest.revision != HEAD:
            migrate(engine)
    finally:
        engine.dispose()


@contextmanager
def _lines(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as packed:
        reader = zstandard.ZstdDecompressor().stream_reader(packed)
        yield BufferedReader(reader, 1024 * 1024)


def _keep_key(path: Path, key: SignerKey) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(key.reveal() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
