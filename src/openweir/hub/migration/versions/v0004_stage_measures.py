"""Keep what a stage measured, what a card says of its gate, and a release's draft."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the three tables."""
    op.create_table(
        "published_drafts",
        sa.Column("name", sa.String(193), primary_key=True),
        sa.Column("commit_id", sa.String(40), primary_key=True),
        sa.Column("draft", sa.String(40), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "gate_cards",
        sa.Column("name", sa.String(193), primary_key=True),
        sa.Column("card", sa.Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "stage_measures",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(193), nullable=False, index=True),
        sa.Column("envelope", sa.Text, nullable=False),
        sa.Column("taken_at", sa.String(20), nullable=False),
        if_not_exists=True,
    )
