"""Which of a namespace's files came by Xet, as rows."""

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from openweir.hub import schema
from openweir.hub.store import Store

__all__ = ["insert_name", "load_name"]


def insert_name(store: Store, namespace: str, sha256: str, name: str) -> None:
    """Note the Xet name of a namespace's file; a second upload of it says the same."""
    table = schema.xet_files
    if load_name(store, namespace, sha256) == name:
        return
    try:
        with store.begin() as connection:
            connection.execute(
                delete(table).where(table.c.namespace == namespace, table.c.sha256 == sha256)
            )
            connection.execute(insert(table).values(namespace=namespace, sha256=sha256, name=name))
    except IntegrityError:
        # Another upload of the same bytes came first.
        return


def load_name(store: Store, namespace: str, sha256: str) -> str | None:
    """Return the Xet name of a namespace's file, or None."""
    table = schema.xet_files

    def any_at_all() -> bool:
        query = select(table.c.sha256).where(table.c.namespace == namespace).limit(1)
        with store.begin() as connection:
            return connection.execute(query).first() is not None

    def read() -> str | None:
        query = select(table.c.name).where(table.c.namespace == namespace, table.c.sha256 == sha256)
        with store.begin() as connection:
            found = connection.execute(query).scalar_one_or_none()
        return None if found is None else str(found)

    # Most namespaces have none, and are not asked about each file.
    if not store.once.get(("xet", namespace), any_at_all):
        return None
    return store.once.get(("xet", namespace, sha256), read)
