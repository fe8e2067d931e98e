"""The tables of a hub, in plain SQL types, so that SQLite and PostgreSQL hold the same.

Days and instants are text (`openweir.instant`); digests are hexadecimal text.
Tokens are kept as SHA-256 only. `events` is only ever inserted into.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    func,
    true,
)
from sqlalchemy.types import TypeEngine

__all__ = [
    "audit_checkpoints",
    "audit_head",
    "blobs",
    "commits",
    "events",
    "gates",
    "logins",
    "members",
    "metadata",
    "notices",
    "organisations",
    "possession",
    "refresh_tokens",
    "refs",
    "release_files",
    "releases",
    "renames",
    "repos",
    "repositories",
    "requests",
    "settings",
    "stage_plans",
    "stage_steps",
    "tokens",
    "trees",
    "users",
    "visas",
    "votes",
    "xet_files",
]

metadata = MetaData()


def _text(length: int) -> TypeEngine[str]:
    """Text that sorts by code point in every database, as pages by name rely on."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


# What all replicas of a hub share: the key of its links, the epoch of its Xet store.
settings = Table(
    "settings",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("name", _text(96), primary_key=True),
    Column("publisher", Boolean, nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("full_name", String(200), nullable=False, server_default=""),
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("user", _text(96), ForeignKey("users.name"), nullable=False),
    Column("created_at", String(20), nullable=False),
    Column("revoked_at", String(20)),
    Column("role", String(5), nullable=False, server_default="write"),
    Column("label", _text(96), nullable=False, server_default=""),
    Column("expires_at", String(20)),
)

# A login that began on a device without a browser; `device` and tokens as SHA-256 only.
logins = Table(
    "logins",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("user_code", String(9), nullable=False, unique=True),
    Column("client", String(96), nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("state", String(8), nullable=False),
    Column("user", String(96), ForeignKey("users.name")),
    Column("role", String(5), nullable=False, server_default="write"),
)

# Each is good for one new token; `family` ties together all that came from one login.
refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("family", String(32), nullable=False, index=True),
    Column("user", String(96), ForeignKey("users.name"), nullable=False),
    Column("role", String(5), nullable=False),
    Column("access", String(64), nullable=False),
    Column("expires_at", String(20), nullable=False),
    Column("used_at", String(20)),
)

# A namespace that several users share; its name is no user's name.
organisations = Table(
    "organisations",
    metadata,
    Column("name", _text(96), primary_key=True),
    Column("created_at", String(20), nullable=False),
    Column("full_name", String(200), nullable=False, server_default=""),
    # Whether a repository that says nothing else is private.
    Column("private", Boolean, nullable=False, server_default=false()),
)

members = Table(
    "members",
    metadata,
    Column("organisation", _text(96), ForeignKey("organisations.name"), primary_key=True),
    Column("user", _text(96), ForeignKey("users.name"), primary_key=True, index=True),
    Column("role", String(5), nullable=False),
)

# A workspace that stock clients upload to; what outsiders see of it is in `releases`.
repos = Table(
    "repos",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(7), nullable=False),
    Column("namespace", _text(96), nullable=False),
    Column("name", _text(193), nullable=False),
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
    Column("old_name", _text(193), primary_key=True),
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
    Column("author", _text(96), nullable=False),
    Column("at", String(20), nullable=False),
)

# One row an entry. Keyed by repository too, so that two files made to share git's SHA-1 do not
# reach from one repository into another.
trees = Table(
    "trees",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("tree", String(40), primary_key=True),
    Column("name", _text(1100), primary_key=True),
    Column("oid", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64)),
    Column("large", Boolean, nullable=False),
)

# Branches, tags and pull references; a branch is moved only by compare-and-swap.
refs = Table(
    "refs",
    metadata,
    Column("repo_id", Integer, ForeignKey("repos.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", String(6), primary_key=True),
    Column("name", _text(255), primary_key=True),
    Column("commit_id", String(40), nullable=False),
    Column("message", Text, nullable=False, server_default=""),
)

# Which namespace has shown that it holds which bytes.
possession = Table(
    "possession",
    metadata,
    Column("namespace", _text(96), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("shown_at", String(20), nullable=False),
)

# Which of a namespace's files came by Xet, under which name.
xet_files = Table(
    "xet_files",
    metadata,
    Column("namespace", _text(96), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("name", String(64), nullable=False),
    Index("xet_files_by_name", "namespace", "name"),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", _text(193), nullable=False, index=True),
    Column("commit_id", String(40), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    Column("decision", String(64), nullable=False),
    Column("envelope", String(64), nullable=False),
    Column("log_proof", String(64)),
    Column("model_signature", String(64)),
    Column("published_at", String(20), nullable=False),
    Column("published_by", _text(96), nullable=False),
)

release_files = Table(
    "release_files",
    metadata,
    Column("release_id", Integer, ForeignKey("releases.id"), primary_key=True),
    Column("path", _text(1100), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), ForeignKey("blobs.sha256"), nullable=False),
    Column("git_sha1", String(40), nullable=False),
    Column("large", Boolean, nullable=False),
    Column("tier", String(20), nullable=False),
)

# Which release of a name is in force; moved only by compare-and-swap.
repositories = Table(
    "repositories",
    metadata,
    Column("name", _text(193), primary_key=True),
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

requests = Table(
    "requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("name", _text(193), nullable=False),
    Column("user", _text(96), ForeignKey("users.name"), nullable=False),
    Column("status", String(10), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("asked_at", String(20), nullable=False),
    Column("answered_at", String(20)),
    Column("answered_by", _text(96), nullable=False),
    Column("reason", Text, nullable=False),
    Column("expires", String(10)),
    # Whether the user asked for it themselves, with which terms and fields of the form.
    Column("asked", Boolean, nullable=False, server_default=true()),
    Column("terms", Text, nullable=False, server_default="[]"),
    Column("fields", Text, nullable=False, server_default="{}"),
    Column("reason_class", String(16), nullable=False, server_default=""),
    # Until when what the user showed carries the level that was asked.
    Column("until", String(20)),
    # The stage of a release plan from which it counts; empty where there is no plan.
    Column("cohort", String(40), nullable=False, server_default=""),
    # As it was published when they asked: later changes do not reach their appeal.
    Column("panel", Text, nullable=False, server_default=""),
    Column("appeal", Text, nullable=False, server_default=""),
    Column("by_panel", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("name", "user"),
)

# What the gate of a release asks, as its publisher stated it (`openweir.hub.access.rules`).
gates = Table(
    "gates",
    metadata,
    Column("name", _text(193), primary_key=True),
    Column("rules", Text, nullable=False),
    Column("by", _text(96), nullable=False),
    Column("at", String(20), nullable=False),
)

# What others vouch for about a user; `holder` is the provider it came from.
visas = Table(
    "visas",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("user", _text(96), ForeignKey("users.name"), nullable=False, index=True),
    Column("holder", String(500), nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(500), nullable=False),
    Column("type", String(60), nullable=False),
    Column("value", String(500), nullable=False),
    Column("source", String(500), nullable=False),
    Column("by", String(10), nullable=False),
    Column("asserted", String(20), nullable=False),
    Column("until", String(20), nullable=False),
)

votes = Table(
    "votes",
    metadata,
    Column("request_id", String(32), ForeignKey("requests.id"), primary_key=True),
    Column("user", _text(96), primary_key=True),
    Column("accept", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(20), nullable=False),
)

# Plans by which releases open step by step, and the signed steps (`openweir.hub.stages`).
stage_plans = Table(
    "stage_plans",
    metadata,
    Column("name", _text(193), primary_key=True),
    Column("plan", Text, nullable=False),
    Column("by", _text(96), nullable=False),
    Column("at", String(20), nullable=False),
)

stage_steps = Table(
    "stage_steps",
    metadata,
    Column("name", _text(193), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("envelope", Text, nullable=False),
    Column("taken_at", String(20), nullable=False),
)

# Halts and advisories; one without `lifted_at` is in force.
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("name", _text(193), nullable=False, index=True),
    Column("topic", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", _text(96), nullable=False),
    Column("at", String(20), nullable=False),
    Column("lifted_at", String(20)),
    Column("lifted_by", String(96)),
)

# The audit chain (`openweir.hub.audit`): `body` is the exact text that was hashed.
events = Table(
    "events",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("name", _text(193), nullable=False),
    Column("body", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("writer", String(16), nullable=False),
    Column("number", BigInteger, nullable=False),
    UniqueConstraint("writer", "number"),
    Index("events_by_name", "name", "seq"),
)

# One row, updated by whoever extends the chain: the lock that orders the replicas.
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("turn", BigInteger, nullable=False),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(20), nullable=False),
    Column("note", Text, nullable=False),
)
