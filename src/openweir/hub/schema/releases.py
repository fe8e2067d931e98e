"""What was decided and published, and which of it is in force."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, func

from openweir.hub.schema.base import metadata, text

__all__ = ["blobs", "published_drafts", "release_files", "releases", "repositories"]

releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", text(193), nullable=False, index=True),
    Column("commit_id", String(40), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    Column("decision", String(64), nullable=False),
    Column("envelope", String(64), nullable=False),
    Column("log_proof", String(64)),
    Column("model_signature", String(64)),
    Column("published_at", String(20), nullable=False),
    Column("published_by", text(96), nullable=False),
)

release_files = Table(
    "release_files",
    metadata,
    Column("release_id", Integer, ForeignKey("releases.id"), primary_key=True),
    Column("path", text(1100), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False),
    Column("git_sha1", String(40), nullable=False),
    Column("large", Boolean, nullable=False),
    Column("tier", String(20), nullable=False),
    Index("release_files_by_digest", "sha256"),
)

# Which release of a name is in force; moved only by compare-and-swap.
repositories = Table(
    "repositories",
    metadata,
    Column("name", text(193), primary_key=True),
    Column("release_id", Integer, ForeignKey("releases.id"), nullable=False),
)
Index("repositories_by_name", func.lower(repositories.c.name))

blobs = Table(
    "blobs",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("stored_at", String(20), nullable=False),
)

# The draft commit whose files a release has; `commit_id` is the release's own.
published_drafts = Table(
    "published_drafts",
    metadata,
    Column("name", String(193), primary_key=True),
    Column("commit_id", String(40), primary_key=True),
    Column("draft", String(40), nullable=False),
)
