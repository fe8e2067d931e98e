"""What alembic runs: the revisions that are due, on the connection that was handed over."""

from alembic import context

__all__: list[str] = []

# The transaction is the caller's: all revisions hold, or none.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
