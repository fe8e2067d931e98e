"""The tables of a hub, in plain SQL types, so that SQLite and PostgreSQL hold the same.

Days and instants are text (`openweir.instant`); digests are hexadecimal text.
Tokens are kept as SHA-256 only. `events` is only ever inserted into.
A change of a table needs a revision in `openweir.hub.migration`.
"""

from openweir.hub.schema.access import gate_cards, gates, requests, visas, votes
from openweir.hub.schema.accounts import (
    keyless_tokens,
    logins,
    members,
    organisations,
    refresh_tokens,
    settings,
    tokens,
    users,
)
from openweir.hub.schema.base import metadata
from openweir.hub.schema.chain import audit_checkpoints, audit_head, events
from openweir.hub.schema.drafts import commits, possession, refs, renames, repos, trees, xet_files
from openweir.hub.schema.releases import (
    blobs,
    published_drafts,
    release_files,
    releases,
    repositories,
)
from openweir.hub.schema.stages import notices, stage_measures, stage_plans, stage_steps

__all__ = [
    "audit_checkpoints",
    "audit_head",
    "blobs",
    "commits",
    "events",
    "gate_cards",
    "gates",
    "keyless_tokens",
    "logins",
    "members",
    "metadata",
    "notices",
    "organisations",
    "possession",
    "published_drafts",
    "refresh_tokens",
    "refs",
    "release_files",
    "releases",
    "renames",
    "repos",
    "repositories",
    "requests",
    "settings",
    "stage_measures",
    "stage_plans",
    "stage_steps",
    "tokens",
    "trees",
    "users",
    "visas",
    "votes",
    "xet_files",
]
