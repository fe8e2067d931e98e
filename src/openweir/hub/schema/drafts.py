"""What members upload: repositories as git has them, and who has shown which bytes."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    func,
)

from openweir.hub.schema.base import metadata, text

__all__ = ["commits", "possession", "refs", "renames", "repos", "trees", "xet_files"]

# A workspace that stock clients upload to; what outsiders see of it is in `releases`.
repos = Table(
    "repos",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(7), nullable=False),
    Column("namespace", text(96), nullable=False),
    Column("name", text(193), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("gated", String(6), nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("updated_at", String(20), nullable=False),
    Index("repos_in_order", "kind", "namespace", "name"),
)
# A name in other letters is the same name, so that nobody passes for another.
Index("repos_by_name", repos.c.kind, func.lower(repos.c.name), unique=True)

renames = Table(
    "renames",
    metadata,
    Column("kind", String(7), primary_key=True),
    Column("old_name", text(193), primary_key=True),
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), nullable=False),
    Index("renames_by_repository", "repo_id"),
)

commits = Table(
    "commits",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("oid", String(40), primary_key=True),
    Column("parent", String(40)),
    Column("tree", String(40), nullable=False),
    Column("title", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("author", text(96), nullable=False),
    Column("at", String(20), nullable=False),
)

# One row an entry. Keyed by repository too, so that two files made to share git's SHA-1 do not
# reach from one repository into another.
trees = Table(
    "trees",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("tree", String(40), primary_key=True),
    Column("name", text(1100), primary_key=True),
    Column("oid", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("large", Boolean, nullable=False),
    Index("trees_by_digest", "sha256"),
)

# Branches, tags and pull references; a branch is moved only by compare-and-swap.
refs = Table(
    "refs",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(6), primary_key=True),
    Column("name", text(255), primary_key=True),
    Column("commit_id", String(40), nullable=False),
    Column("message", Text, nullable=False, server_default=""),
)

# Which namespace has shown that it holds which bytes.
possession = Table(
    "possession",
    metadata,
    Column("namespace", text(96), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("shown_at", String(20), nullable=False),
    Index("possession_by_digest", "sha256"),
)

# Which of a namespace's files came by Xet, under which name.
xet_files = Table(
    "xet_files",
    metadata,
    Column("namespace", text(96), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Index("xet_files_by_name", "namespace", "name"),
    Index("xet_files_by_digest", "sha256"),
)
