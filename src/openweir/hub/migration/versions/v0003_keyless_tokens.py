"""Keep which tokens a provider's job got without a secret."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the table of keyless tokens."""
    op.create_table(
        "keyless_tokens",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("only", sa.String(193), nullable=False),
        sa.Column("issuer", sa.String(500), nullable=False, index=True),
        sa.Column("subject", sa.String(512), nullable=False),
        if_not_exists=True,
    )
