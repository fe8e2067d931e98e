"""Advisories in the shape of OSV, so far as they can speak of models.

The schema knows no ecosystem for models, so an advisory names them by a GIT
range over the hub repository, and files by SHA-256 in
`affected[].database_specific.files`.

Source: OSV schema 1.7.5.
"""

import re
from dataclasses import dataclass

from openweir.canonical import Object, parse, text
from openweir.digest import is_sha256
from openweir.errors import WatchError
from openweir.instant import format_instant, parse_instant

__all__ = ["Advisory", "Affected"]

_SCHEMA_VERSION = "1.7.5"
_MAX_BYTES = 4 * 1024 * 1024
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[A-Za-z0-9:._-]{1,120}", re.ASCII)
_COMMIT = re.compile(r"[a-f0-9]{40}|[a-f0-9]{64}", re.ASCII)
_FRACTION = re.compile(r"\.\d+Z$", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """One thing an advisory speaks of.

    Attributes:
        repository: URL of the hub repository; empty when only files are named.
        introduced: commits the flaw came in with; `0` means from the beginning.
        fixed: commits it was mended with.
        last_affected: last commits known to have it.
        files: SHA-256 of files that have it.
    """

    repository: str = ""
    introduced: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    last_affected: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """A published statement that some models have a flaw.

    Attributes:
        id: with its database's prefix: `x_OPENWEIR-2026-0001`.
        modified, published, withdrawn: UTC instants; a withdrawn advisory touches nothing.
        severity: (type, score) pairs as published.
        references: URLs to read on.
    """

    id: str
    modified: str
    summary: str
    details: str = ""
    published: str | None = None
    withdrawn: str | None = None
    severity: tuple[tuple[str, str], ...] = ()
    affected: tuple[Affected, ...] = ()
    references: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Return the advisory as a canonical OSV file."""
        found: dict[str, object] = {
            "schema_version": _SCHEMA_VERSION,
            "id": self.id,
            "modified": self.modified,
            "summary": self.summary,
            "details": self.details,
            "affected": [_affected_to_json(item) for item in self.affected],
            "references": [{"type": "WEB", "url": url} for url in self.references],
        }
        if self.published is not None:
            found["published"] = self.published
        if self.withdrawn is not None:
            found["withdrawn"] = self.withdrawn
        if self.severity:
            found["severity"] = [{"type": kind, "score": score} for kind, score in self.severity]
        return text(found)

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> "Advisory":
        """Read an OSV file; packages of other ecosystems are passed over.

        Raises:
            CanonicalError: not JSON, or a key is missing or of the wrong type.
            WatchError: an id, commit or digest is malformed.
            UsageError: a time is not a UTC instant.
        """
        read = Object(parse(data, where=where, max_bytes=_MAX_BYTES), where)
        name = read.text("id")
        if not _ID.fullmatch(name):
            raise WatchError(
                f"`{name[:80]}` is not the id of an advisory",
                code="id",
                where=where,
                hint="write it with its database's prefix, such as x_OPENWEIR-2026-0001",
            )
        return cls(
            id=name,
            modified=_instant(read.text("modified"), f"{where}.modified"),
            published=_optional_instant(read, "published"),
            withdrawn=_optional_instant(read, "withdrawn"),
            summary=read.text("summary", ""),
            details=read.text("details", ""),
            severity=tuple(
                (item.text("type"), item.text("score")) for item in _list(read, "severity")
            ),
            affected=tuple(
                part for item in _list(read, "affected") for part in _affected_from_json(item)
            ),
            references=tuple(item.text("url") for item in _list(read, "references")),
        )


def _list(read: Object, key: str) -> tuple[Object, ...]:
    # OSV allows null where a list may stand.
    return () if read.value.get(key) is None else tuple(read.objects(key))


def _instant(stated: str, where: str) -> str:
    # OSV allows fractions of a second (RFC 3339); no match turns on them.
    return format_instant(parse_instant(_FRACTION.sub("Z", stated), where=where))


def _optional_instant(read: Object, key: str) -> str | None:
    stated = read.optional_text(key)
    return None if stated is None else _instant(stated, f"{read.where}.{key}")


def _affected_to_json(item: Affected) -> dict[str, object]:
    found: dict[str, object] = {}
    if item.repository:
        events = [
            *({"introduced": commit} for commit in item.introduced),
            *({"fixed": commit} for commit in item.fixed),
            *({"last_affected": commit} for commit in item.last_affected),
        ]
        found["ranges"] = [{"type": "GIT", "repo": item.repository, "events": events}]
    if item.files:
        found["database_specific"] = {"files": [{"sha256": sha256} for sha256 in item.files]}
    return found


def _affected_from_json(read: Object) -> tuple[Affected, ...]:
    specific = read.optional_object("database_specific")
    files = () if specific is None else tuple(_digest(item) for item in _list(specific, "files"))
    found = [
        Affected(
            repository=item.text("repo"),
            introduced=_commits(item, "introduced"),
            fixed=_commits(item, "fixed"),
            last_affected=_commits(item, "last_affected"),
        )
        for item in _list(read, "ranges")
        if item.text("type") == "GIT"
    ]
    if files:
        found.append(Affected(files=files))
    return tuple(found)


def _digest(read: Object) -> str:
    stated = read.text("sha256")
    if not is_sha256(stated):
        raise WatchError(
            f"`{stated[:80]}` is not a SHA-256 digest",
            code="digest",
            where=read.where,
            hint="64 lower-case hexadecimal digits",
        )
    return stated


def _commits(read: Object, event: str) -> tuple[str, ...]:
    found = tuple(item.text(event) for item in _list(read, "events") if event in item.value)
    for commit in found:
        if commit != "0" and not _COMMIT.fullmatch(commit):
            raise WatchError(
                f"`{commit[:80]}` is not a full commit id",
                code="commit",
                where=f"{read.where}.events",
                hint="40 or 64 lower-case hexadecimal digits, or 0 for the beginning",
            )
    return found
