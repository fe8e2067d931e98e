"""Who there is: users, their tokens and logins, organisations; and what all replicas share."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text, false

from openweir.hub.schema.base import metadata, text

__all__ = [
    "keyless_tokens",
    "logins",
    "members",
    "organisations",
    "refresh_tokens",
    "settings",
    "tokens",
    "users",
]

# What all replicas of a hub share: the key of its links, the epoch of its Xet store.
settings = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", text(96), primary_key=True),
    Column("publisher", Boolean, nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("full_name", String(200), nullable=False, server_default=""),
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("user", text(96), ForeignKey("users.name"), nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("revoked_at", String(20)),
    Column("role", String(5), nullable=False, server_default="write"),
    Column("label", text(96), nullable=False, server_default=""),
    Column("expires_at", String(20)),
)

# Tokens that a provider's job got without a secret: for one repository, or to read only.
keyless_tokens = Table(
    "keyless_tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("only", String(193), nullable=False),
    Column("issuer", String(500), nullable=False, index=True),
    Column("subject", String(512), nullable=False),
)

# A login that began on a device without a browser; `device` and tokens as SHA-256 only.
logins = Table(
    "logins",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("user_code", String(9), nullable=False, unique=True),
    Column("client", String(96), nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("state", String(8), nullable=False),
    Column("user", String(96), ForeignKey("users.name")),
    Column("role", String(5), nullable=False, server_default="write"),
)

# Each is good for one new token; `family` ties together all that came from one login.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("family", String(32), nullable=False, index=True),
    Column("user", String(96), ForeignKey("users.name"), nullable=False),
    Column("role", String(5), nullable=False),
    Column("access", String(64), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("used_at", String(20)),
)

# A namespace that several users share; its name is no user's name.
organisations = Table(
    "organisations",
    metadata,
    Column("name", text(96), primary_key=True),
    Column("created_at", String(20), nullable=False),
    Column("full_name", String(200), nullable=False, server_default=""),
    # Whether a repository that says nothing else is private.
    Column("private", Boolean, nullable=False, server_default=false()),
)

members = Table(
    "members",
    metadata,
    Column("organisation", text(96), ForeignKey("organisations.name"), primary_key=True),
    Column("user", text(96), ForeignKey("users.name"), primary_key=True, index=True),
    Column("role", String(5), nullable=False),
)
