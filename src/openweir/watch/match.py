"""Whether an advisory touches a release, or something it was derived from."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from openweir.watch.advisory import Advisory, Affected

__all__ = ["Hit", "Subject", "match"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is asked about.

    Attributes:
        name: `org/name` on a hub.
        commit: the hub's commit, where known.
        files: (path, SHA-256) of its files.
        parents: `org/name` of the models it was derived from, as far as known.
    """

    name: str
    commit: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One advisory that touches the subject.

    Attributes:
        by: `file` (a digest is named), `commit` (the very commit is named), `name` (the
            repository is named, commit unknown or in between) or `parent`.
        certain: whether it surely has the flaw; the other ways ask for a look.
        detail: one sentence.
    """

    advisory: Advisory
    by: str
    certain: bool
    detail: str


def match(advisories: tuple[Advisory, ...], subject: Subject) -> tuple[Hit, ...]:
    """Return what touches the subject, one hit per advisory, sorted by advisory id.

    Of several ways to match the surest is told. Without the repository's history the
    commits between two named ones cannot be told apart: such a match is not certain,
    and it is never passed over.
    """
    found = []
    for advisory in advisories:
        if advisory.withdrawn is not None:
            continue
        hits = sorted(_hits(advisory, subject), key=lambda hit: (not hit.certain, hit.by))
        found += hits[:1]
    return tuple(sorted(found, key=lambda hit: hit.advisory.id))


def _hits(advisory: Advisory, subject: Subject) -> Iterator[Hit]:
    for item in advisory.affected:
        for path, sha256 in subject.files:
            if sha256 in item.files:
                detail = f"it names the digest of {path}"
                yield Hit(advisory=advisory, by="file", certain=True, detail=detail)
        named = _name(item.repository)
        if named and named == subject.name.lower():
            yield from _by_commit(advisory, item, subject)
        for parent in subject.parents:
            if named and named == parent.lower():
                detail = f"it names {parent}, which this release is derived from"
                yield Hit(advisory=advisory, by="parent", certain=False, detail=detail)


def _by_commit(advisory: Advisory, item: Affected, subject: Subject) -> Iterator[Hit]:
    commit = subject.commit
    if commit is not None and commit in item.fixed:
        return
    if commit is not None and commit in (*item.introduced, *item.last_affected):
        yield Hit(advisory=advisory, by="commit", certain=True, detail=f"it names commit {commit}")
    elif "0" in item.introduced and not item.fixed and not item.last_affected:
        yield Hit(
            advisory=advisory, by="name", certain=True, detail="it names every commit of this model"
        )
    else:
        detail = "it names some commits of this model; whether this one cannot be told here"
        yield Hit(advisory=advisory, by="name", certain=False, detail=detail)


def _name(repository: str) -> str:
    """Return `org/name` of a hub address, whatever the host; a mirror has the same flaw."""
    try:
        parts = [part for part in urlsplit(repository).path.split("/") if part]
    except ValueError:
        return ""
    return "/".join(parts[-2:]).lower().removesuffix(".git") if len(parts) >= 2 else ""
