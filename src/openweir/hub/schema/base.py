"""What all tables share."""

from sqlalchemy import MetaData, String
from sqlalchemy.types import TypeEngine

__all__ = ["metadata", "text"]

metadata = MetaData()


def text(length: int) -> TypeEngine[str]:
    """Text that sorts by code point in every database, as pages by name rely on."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
