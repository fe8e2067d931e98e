"""Plans of stages with their signed steps and measurements; halts and advisories."""

from sqlalchemy import Column, Integer, String, Table, Text

from openweir.hub.schema.base import metadata, text

__all__ = ["notices", "stage_measures", "stage_plans", "stage_steps"]

# Plans by which releases open step by step, and the signed steps (`openweir.hub.stages`).
stage_plans = Table(
    "stage_plans",
    metadata,
    Column("name", text(193), primary_key=True),
    Column("plan", Text, nullable=False),
    Column("by", text(96), nullable=False),
    Column("at", String(20), nullable=False),
)

stage_steps = Table(
    "stage_steps",
    metadata,
    Column("name", text(193), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("envelope", Text, nullable=False),
    Column("taken_at", String(20), nullable=False),
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

# Halts and advisories; one without `lifted_at` is in force.
notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("name", text(193), nullable=False, index=True),
    Column("topic", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", text(96), nullable=False),
    Column("at", String(20), nullable=False),
    Column("lifted_at", String(20)),
    Column("lifted_by", String(96)),
)
