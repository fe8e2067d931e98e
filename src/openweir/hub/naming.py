"""Naming bytes and letting them go exclude each other, across processes and replicas.

A blob is let go once nothing names it. Between looking and letting go, somebody may name it:
so whoever is about to name bytes says so first (`naming`), looks that they are there, and
names them in the same transaction; whoever lets bytes go (`letting_go`) looks once more that
nothing names them, and lets go before its transaction ends. Then either the name is seen and
the bytes stay, or the bytes are gone before the look, and the name is not given.
"""

from sqlalchemy import Connection, func, select

__all__ = ["letting_go", "naming"]

_KEY = 0x6F78  # any number that only hubs of this kind lock by


def naming(connection: Connection) -> None:
    """Have no bytes let go until the transaction ends; others may name bytes meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock_shared(_KEY)))
    else:
        _write_lock(connection)


def letting_go(connection: Connection) -> None:
    """Have no bytes named until the transaction ends; waits for those who are at it."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_KEY)))
    else:
        _write_lock(connection)


def _write_lock(connection: Connection) -> None:
    """Take SQLite's one write lock, unless a change before has taken it."""
    database = connection.connection.dbapi_connection
    assert database is not None
    if not database.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
