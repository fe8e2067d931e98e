"""Find what names a blob by its digest without reading whole tables."""

from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision = "0001"

_TABLES = ("possession", "release_files", "trees", "xet_files")


def upgrade() -> None:
    """Add an index of the digests to each table that names blobs."""
    for table in _TABLES:
        op.create_index(f"{table}_by_digest", table, ["sha256"], if_not_exists=True)
