"""Make the tables that hubs had before revisions were counted.

Databases of that time hold them already and only get their number.
"""

from pathlib import Path

from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
down_revision = None

_FOLDER = Path(__file__).parent.parent


def upgrade() -> None:
    """Run the statements that were written down for this database then."""
    dialect = op.get_context().dialect.name
    written = (_FOLDER / f"base.{dialect}.sql").read_text(encoding="utf-8")
    for statement in written.partition("\n")[2].split(";\n"):
        if statement.strip():
            op.execute(statement)
