"""Indexes by which upkeep finds what names a blob; importing this adds them to the schema."""

from sqlalchemy import Index

from openweir.hub import schema

__all__ = ["DIGEST_INDEXES"]

DIGEST_INDEXES = (
    Index("possession_by_digest", schema.possession.c.sha256),
    Index("release_files_by_digest", schema.release_files.c.sha256),
    Index("trees_by_digest", schema.trees.c.sha256),
    Index("xet_files_by_digest", schema.xet_files.c.sha256),
)
