"""The table of compared blobs, beside those of `openweir.hub.schema`."""

from sqlalchemy import Column, String, Table

from openweir.hub.schema import metadata

__all__ = ["LONGEST_MARK", "blob_marks"]

LONGEST_MARK = 200

# Which version of each blob in a bucket some replica compared with its digest.
blob_marks = Table(
    "blob_marks",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("mark", String(LONGEST_MARK), nullable=False),
)
