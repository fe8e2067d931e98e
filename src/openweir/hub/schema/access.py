"""Who asked for what, what gates ask, and what others vouch for."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from openweir.hub.schema.base import metadata, text

__all__ = ["gate_cards", "gates", "requests", "visas", "votes"]

requests = Table(
    "requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", text(193), nullable=False),
    Column("user", text(96), ForeignKey("users.name"), nullable=False),
    Column("status", String(10), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("answered_at", String(20)),
    Column("answered_by", text(96), nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", String(10)),
    # Whether the user asked for it themselves, with which terms and fields of the form.
    Column("asked", Boolean, nullable=False, server_default=true()),
    Column("terms", Text, nullable=False, server_default="[]"),
    Column("fields", Text, nullable=False, server_default="{}"),
    Column("reason_class", String(16), nullable=False, server_default=""),
    # Until when what the user showed carries the level that was asked.
    Column("until", String(20)),
    # The stage of a release plan from which it counts; empty where there is no plan.
    Column("cohort", String(40), nullable=False, server_default=""),
    # As it was published when they asked: later changes do not reach their appeal.
    Column("panel", Text, nullable=False, server_default=""),
    Column("appeal", Text, nullable=False, server_default=""),
    Column("by_panel", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("name", "user"),
)

# What the gate of a release asks, as its publisher stated it (`openweir.hub.access.rules`).
gates = Table(
    "gates",
    metadata,
    Column("name", text(193), primary_key=True),
    Column("rules", Text, nullable=False),
    Column("by", text(96), nullable=False),
    Column("at", String(20), nullable=False),
)

# What the card of the release in force says of its gate, as rules.
gate_cards = Table(
    "gate_cards",
    metadata,
    Column("name", String(193), primary_key=True),
    Column("card", Text, nullable=False),
)

# What others vouch for about a user; `holder` is the provider it came from.
visas = Table(
    "visas",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("user", text(96), ForeignKey("users.name"), nullable=False, index=True),
    Column("holder", String(500), nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("type", String(60), nullable=False),
    Column("value", String(500), nullable=False),
    Column("source", String(500), nullable=False),
    Column("by", String(10), nullable=False),
    Column("asserted", String(20), nullable=False),
    Column("until", String(20), nullable=False),
)

votes = Table(
    "votes",
    metadata,
    Column("request_id", String(32), ForeignKey("requests.id"), primary_key=True),
    Column("user", text(96), primary_key=True),
    Column("accept", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(20), nullable=False),
)
