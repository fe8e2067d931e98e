"""The table of keyless logins, beside those of `openweir.hub.schema`."""

from sqlalchemy import Column, String, Table

from openweir.hub.schema import metadata

__all__ = ["keyless_tokens"]

# Tokens that a provider's job got without a secret: for one repository, or to read only.
keyless_tokens = Table(
    "keyless_tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("only", String(193), nullable=False),
    Column("issuer", String(500), nullable=False, index=True),
    Column("subject", String(512), nullable=False),
)
