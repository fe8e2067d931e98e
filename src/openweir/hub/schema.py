"""The tables of a hub, in plain SQL types, so that SQLite and PostgreSQL hold the same.

Days and instants are text (`openweir.instant`); digests are hexadecimal text.
Tokens are kept as SHA-256 only. `events` is only ever inserted into.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "blobs",
    "events",
    "metadata",
    "release_files",
    "releases",
    "repositories",
    "requests",
    "tokens",
    "users",
]

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("name", String(96), primary_key=True),
    Column("publisher", Boolean, nullable=False),
    Column("created_at", String(20), nullable=False),
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("user", String(96), ForeignKey("users.name"), nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("revoked_at", String(20)),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(193), nullable=False, index=True),
    Column("commit_id", String(40), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    Column("decision", String(64), nullable=False),
    Column("envelope", String(64), nullable=False),
    Column("log_proof", String(64)),
    Column("model_signature", String(64)),
    Column("published_at", String(20), nullable=False),
    Column("published_by", String(96), nullable=False),
)

release_files = Table(
    "release_files",
    metadata,
    Column("release_id", Integer, ForeignKey("releases.id"), primary_key=True),
    Column("path", String(1100), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False),
    Column("git_sha1", String(40), nullable=False),
    Column("large", Boolean, nullable=False),
    Column("tier", String(20), nullable=False),
)

# Which release of a name is in force; moved only by compare-and-swap.
repositories = Table(
    "repositories",
    metadata,
    Column("name", String(193), primary_key=True),
    Column("release_id", Integer, ForeignKey("releases.id"), nullable=False),
)

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("stored_at", String(20), nullable=False),
)

requests = Table(
    "requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", String(193), nullable=False),
    Column("user", String(96), ForeignKey("users.name"), nullable=False),
    Column("status", String(10), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("answered_at", String(20)),
    Column("answered_by", String(96), nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", String(10)),
    UniqueConstraint("name", "user"),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(20), nullable=False),
    Column("action", String(20), nullable=False),
    Column("user", String(96), nullable=False),
    Column("token", String(16), nullable=False),
    Column("name", String(193), nullable=False),
    Column("commit_id", String(40), nullable=False),
    Column("path", String(1100), nullable=False),
    Column("detail", String(200), nullable=False),
    Column("status", Integer, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("request_id", String(64), nullable=False),
    Index("events_by_name", "name", "id"),
)
