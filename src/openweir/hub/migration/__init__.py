"""Migration: bring a hub's database to the form that this version works with.

In: a database, empty or of an earlier version. Out: the same database at the newest
revision, upgraded in one transaction, one process at a time. Never: goes back, touches a
database of a later version, or guesses: what does not fit stays as it was.

`REVISIONS` counts the forms; each has a file in `versions/`, which alembic runs. A database
made new gets the tables of `openweir.hub.schema` at once and the newest number.
"""

from openweir.hub.migration.migrate import HEAD, REVISIONS, Standing, locked, migrate, standing

__all__ = ["HEAD", "REVISIONS", "Standing", "locked", "migrate", "standing"]
