"""What a backup holds: its manifest, read and written.

openweir-backup.json          what follows, with digests; written last
database-<digest>.jsonl.zst   every row of the database in one state of it
plans-<digest>.jsonl.zst      what was kept of files that came by Xet
keys-<digest>.json            the key of the audit chain (mode 0600)
blobs/ab/<sha256>             each file once; a later backup adds what is new
"""

import hashlib
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openweir.canonical import Object, parse, text
from openweir.digest import is_sha256, sha256
from openweir.errors import HubError
from openweir.instant import format_instant, parse_instant

__all__ = ["MANIFEST", "BackupManifest", "Part", "part_at", "read_manifest"]

MANIFEST = "openweir-backup.json"
_SCHEMA = "openweir/backup/1"
_MAX_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of a backup."""

    file: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, object]:
        """Return the part as plain JSON values."""
        return {"file": self.file, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupManifest:
    """What a backup holds.

    Attributes:
        made_at: when the state of the database was taken.
        version: of Openweir that made it.
        revision: of the database.
        rows: table -> rows.
        blobs: how many; `blob_bytes` together.
        missing: SHA-256 of files that the hub had lost already, sorted.
        audit_key: that checkpoints of the chain verify under.
    """

    made_at: datetime
    version: str
    revision: str
    database: Part
    plans: Part
    keys: Part
    rows: dict[str, int]
    blobs: int
    blob_bytes: int
    missing: tuple[str, ...]
    audit_key: str

    def to_bytes(self) -> bytes:
        """Return the manifest as canonical JSON."""
        return text(
            {
                "schema": _SCHEMA,
                "made_at": format_instant(self.made_at),
                "openweir": self.version,
                "revision": self.revision,
                "database": self.database.to_json(),
                "plans": self.plans.to_json(),
                "keys": self.keys.to_json(),
                "rows": self.rows,
                "blobs": self.blobs,
                "blob_bytes": self.blob_bytes,
                "missing": list(self.missing),
                "audit_key": self.audit_key,
            }
        )


def read_manifest(folder: Path, *, stated: str | None = None) -> BackupManifest:
    """Read the manifest of a backup.

    Args:
        folder: of the backup.
        stated: SHA-256 that it must have, as `backup` told it.

    Raises:
        HubError: there is no backup, or it is not the one stated.
        CanonicalError: the manifest is malformed.
    """
    path = folder / MANIFEST
    try:
        with path.open("rb") as stream:
            written = stream.read(_MAX_BYTES)
    except OSError as error:
        raise HubError(
            f"there is no backup in `{folder}`: {error.strerror}",
            code="backup",
            hint="name the folder that holds openweir-backup.json",
        ) from None
    if stated is not None and sha256(written) != stated.lower():
        raise HubError(
            f"its manifest has the digest {sha256(written)}, not the one stated",
            code="backup",
            where=str(path),
            hint="this backup is another one, or was changed",
        )
    read = Object(parse(written, where=str(path), max_bytes=_MAX_BYTES), str(path))
    if read.text("schema") != _SCHEMA:
        raise HubError("it is no backup of a hub", code="backup", where=str(path))
    rows = read.object("rows")
    return BackupManifest(
        made_at=parse_instant(read.text("made_at")),
        version=read.text("openweir"),
        revision=read.text("revision"),
        database=_part(read.object("database")),
        plans=_part(read.object("plans")),
        keys=_part(read.object("keys")),
        rows={name: rows.integer(name) for name in rows.value},
        blobs=read.integer("blobs"),
        blob_bytes=read.integer("blob_bytes"),
        missing=tuple(read.texts("missing")),
        audit_key=read.text("audit_key"),
    )


def part_at(folder: Path, part: Part) -> Path:
    """Return a part's file after comparing it with its digest.

    Raises:
        HubError: it is missing or altered.
    """
    path, seen = folder / part.file, hashlib.sha256()
    try:
        # Looked at first: a pipe or a device in its place would never end.
        known = path.stat()
        if not stat.S_ISREG(known.st_mode) or known.st_size != part.size:
            raise _bad(path, "is not the one that was backed up")
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE_BYTES):
                seen.update(piece)
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from None
    if seen.hexdigest() != part.sha256:
        raise _bad(path, "is not the one that was backed up")
    return path


def _part(read: Object) -> Part:
    file, digest = read.text("file"), read.text("sha256")
    # A name from a file: it stays in the folder.
    if "/" in file or "\\" in file or file.startswith(".") or not is_sha256(digest):
        raise HubError(f"`{file[:100]}` is no part of a backup", code="backup")
    return Part(file=file, size=read.integer("size"), sha256=digest)


def _bad(path: Path, what: str) -> HubError:
    return HubError(
        f"`{path.name}` {what}", code="backup", where=str(path), hint="take an earlier backup"
    )
