"""Keep which version of each blob was compared with its digest."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the table of marks."""
    op.create_table(
        "blob_marks",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("mark", sa.String(200), nullable=False),
        if_not_exists=True,
    )
