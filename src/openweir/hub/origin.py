"""Where a release came from: the draft commit that holds the very files it serves."""

from collections.abc import Iterable

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from openweir.hub.release import ReleaseFile
from openweir.hub.repository.repositories import Kind
from openweir.hub.schema import published_drafts
from openweir.hub.store import Store
from openweir.hub.workspace import Draft, Workspace

__all__ = ["draft_commit", "find_draft", "link_draft"]

_LOOKED_BACK = 50


def find_draft(workspace: Workspace, name: str, files: Iterable[ReleaseFile]) -> str | None:
    """Return the newest commit of a draft's main branch with all these files; None for none.

    Args:
        workspace: of the hub.
        name: `org/name`.
        files: of the release; the draft may hold others beside them.
    """
    repository = workspace.repositories.find(Kind.MODEL, name)
    newest = None if repository is None else workspace.draft(repository, "main")
    wanted = {(file.path, file.sha256) for file in files}
    if repository is None or newest is None or not wanted:
        return None
    history = workspace.repositories.history(repository, newest.commit.oid, limit=_LOOKED_BACK)
    for commit in history:
        draft = Draft(repository=repository, commit=commit)
        if wanted <= {(path, entry.sha256) for path, entry in workspace.files(draft)}:
            return commit.oid
    return None


def link_draft(store: Store, name: str, commit: str, draft: str) -> None:
    """Keep which draft commit a release came from; what was kept first stays."""
    try:
        with store.begin() as connection:
            connection.execute(
                insert(published_drafts).values(name=name, commit_id=commit, draft=draft)
            )
    except IntegrityError:
        return


def draft_commit(store: Store, name: str, commit: str) -> str | None:
    """Return the draft commit a release came from; None where it came from none."""
    table = published_drafts
    query = select(table.c.draft).where(table.c.name == name, table.c.commit_id == commit)
    with store.begin() as connection:
        found = connection.execute(query).scalar()
    return None if found is None else str(found)
