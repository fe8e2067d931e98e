"""The audit chain."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from openweir.hub.schema.base import metadata, text

__all__ = ["audit_checkpoints", "audit_head", "events"]

# The audit chain (`openweir.hub.audit`): `body` is the exact text that was hashed.
events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("name", text(193), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("writer", String(16), nullable=False),
    Column("number", BigInteger, nullable=False),
    UniqueConstraint("writer", "number"),
    Index("events_by_name", "name", "seq"),
)

# One row, updated by whoever extends the chain: the lock that orders the replicas.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("turn", BigInteger, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("note", Text, nullable=False),
)
