"""Tables beside those of `openweir.hub.schema`: where a release came from, what was measured."""

from sqlalchemy import Column, Integer, String, Table, Text

from openweir.hub.schema import metadata

__all__ = ["gate_cards", "published_drafts", "stage_measures"]

# The draft commit whose files a release has; `commit_id` is the release's own.
published_drafts = Table(
    "published_drafts",
    metadata,
    Column("name", String(193), primary_key=True),
    Column("commit_id", String(40), primary_key=True),
    Column("draft", String(40), nullable=False),
)

# What the card of the release in force says of its gate, as rules.
gate_cards = Table(
    "gate_cards",
    metadata,
    Column("name", String(193), primary_key=True),
    Column("card", Text, nullable=False),
)

# Signed measurements of a staged release, in the order they came.
stage_measures = Table(
    "stage_measures",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(193), nullable=False, index=True),
    Column("envelope", Text, nullable=False),
    Column("taken_at", String(20), nullable=False),
)
