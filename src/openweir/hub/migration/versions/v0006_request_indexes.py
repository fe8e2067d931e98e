"""Find the organisations of a user and the old names of a repository without reading all."""

from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the two indexes that every request and every deletion use."""
    op.create_index("ix_members_user", "members", ["user"], if_not_exists=True)
    op.create_index("renames_by_repository", "renames", ["repo_id"], if_not_exists=True)
