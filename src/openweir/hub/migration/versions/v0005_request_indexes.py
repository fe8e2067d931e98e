"""Find members by user, old names by repository, and lists in order, without reading all."""

from alembic import op
from sqlalchemy import text

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the indexes that requests use; one of them takes an earlier one's place."""
    op.create_index("ix_members_user", "members", ["user"], if_not_exists=True)
    op.create_index("renames_by_repository", "renames", ["repo_id"], if_not_exists=True)
    op.create_index("repos_in_order", "repos", ["kind", "namespace", "name"], if_not_exists=True)
    op.drop_index("repos_by_namespace", "repos", if_exists=True)
    op.create_index(
        "repositories_by_name", "repositories", [text("lower(name)")], if_not_exists=True
    )
