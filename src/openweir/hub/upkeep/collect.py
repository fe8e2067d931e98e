"""Let go of what nothing names: old blobs, xorbs, uploads that were left, tokens that ended.

Why an upload under way is safe: a blob goes only if it was stored, and last shown by anybody,
before `before`, which lies days back. Its names go first, in one transaction, and its bytes
in another, each with `letting_go`; both look once more that it is named by nothing and is
still as old as that. An upload of the same bytes stores them, then names them with `naming`,
which looks that they are there. The two locks exclude each other, so:

- the name came before our last look: we see it, or the new age, and the bytes stay;
- it comes after: it waits for us, finds the bytes gone, and the client is told to send them
  again. Nothing ever names bytes that are not there.

A process killed between the two transactions leaves bytes without a name: the next run
takes them.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from openweir.hub import schema
from openweir.hub.naming import letting_go
from openweir.hub.upkeep.kept import Kept
from openweir.hub.upkeep.named import batches, held_since, named_by_any, named_digests
from openweir.hub.xet.holdings import placed, plans
from openweir.instant import format_instant

__all__ = ["LEFT_AFTER", "XORBS_AFTER", "Collected", "collect"]

XORBS_AFTER = timedelta(days=28)
"""How long stock clients may count on what they sent; the epoch tells them that it is over."""

LEFT_AFTER = timedelta(days=2)
"""How old an upload must be to count as left: links end after hours, publications in a day."""

_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was let go, or would be.

    Attributes:
        blobs: (SHA-256, bytes) of each blob, sorted.
        xorbs: that became no file.
        uploads: publications and uploads by parts that were left.
        writes: that were begun and never kept.
        tokens: revoked or expired; `logins` likewise, with tokens to renew by.
    """

    blobs: tuple[tuple[str, int], ...]
    xorbs: int
    uploads: int
    writes: int
    tokens: int
    logins: int

    @property
    def freed_bytes(self) -> int:
        """Of the blobs together."""
        return sum(size for _, size in self.blobs)


def collect(
    kept: Kept,
    *,
    at: datetime,
    older_than: timedelta,
    dry_run: bool = False,
    advanced: Callable[[int], object] = lambda _count: None,
) -> Collected:
    """Let go of what nothing names; the caller holds the turn alone.

    Args:
        kept: of the hub, which may serve meanwhile.
        at: now.
        older_than: a day at the least; what is younger stays.
        dry_run: change nothing.
        advanced: told how many blobs were dealt with.

    Raises:
        OSError: storage is out of reach; what was let go until then is gone.
    """
    before = at - older_than
    xet = kept.xet()
    doomed = _candidates(kept, before)
    gone: list[tuple[str, int]] = []
    if dry_run:
        gone = sorted(doomed.items())
    elif doomed:
        places = _places(kept, doomed)
        if places:
            # Before the first goes: clients count on chunks of files that are about to go.
            xet.new_epoch()
        for some in batches(sorted(doomed), _AT_ONCE):
            gone += [(digest, doomed[digest]) for digest in _let_go(kept, places, some, before)]
            advanced(len(some))
        _drop_plans(kept, before)
    xorbs_before = at - max(older_than, XORBS_AFTER)
    return Collected(
        blobs=tuple(gone),
        xorbs=xet.collect(before=xorbs_before, dry_run=dry_run),
        uploads=_left(kept, at - max(older_than, LEFT_AFTER), dry_run=dry_run),
        writes=kept.storage.unkept(at - max(older_than, LEFT_AFTER), forget=not dry_run),
        tokens=_ended_tokens(kept, before, dry_run=dry_run),
        logins=_ended_logins(kept, at, dry_run=dry_run),
    )


def _candidates(kept: Kept, before: datetime) -> dict[str, int]:
    """Return SHA-256 -> bytes of the blobs that look as if nothing needed them."""
    with kept.store.snapshot() as connection:
        named = named_digests(connection)
    found: dict[str, int] = {}
    for key, stamp in kept.storage.listed("blobs/"):
        digest = key.rpartition("/")[2]
        if digest not in named and stamp.changed_at < before:
            found[digest] = stamp.size
    with kept.store.snapshot() as connection:
        for digest in held_since(connection, tuple(found), format_instant(before)):
            del found[digest]
    return found


def _places(kept: Kept, doomed: Container[str]) -> dict[str, list[str]]:
    """Return SHA-256 -> keys of the xorbs that count on a blob that is about to go."""
    found: dict[str, list[str]] = {}
    for key, digests in placed(kept.storage):
        for digest in digests:
            if digest in doomed:
                found.setdefault(digest, []).append(key)
    return found


def _let_go(
    kept: Kept, places: Mapping[str, Iterable[str]], some: list[str], before: datetime
) -> list[str]:
    """Let go of some blobs: names first, then bytes; return which went."""
    with kept.store.begin() as connection:
        letting_go(connection)
        going = _unneeded(kept, connection, some, before)
        for table in (schema.xet_files, schema.possession):
            connection.execute(delete(table).where(table.c.sha256.in_(going)))
    gone = []
    with kept.store.begin() as connection:
        letting_go(connection)
        # Who named one of them in between, or sent its bytes anew, keeps it.
        for digest in _unneeded(kept, connection, going, before, held=True):
            for key in (*places.get(digest, ()), kept.blobs.key(digest)):
                kept.storage.delete(key)
            gone.append(digest)
    return gone


def _drop_plans(kept: Kept, before: datetime) -> None:
    """Forget old plans that no name leads to; a young one's name may be about to come."""
    table = schema.xet_files
    with kept.store.snapshot() as connection:
        rows = connection.execute(select(table.c.namespace, table.c.name))
        known = {(row.namespace, row.name) for row in rows}
    for plan in tuple(plans(kept.storage)):
        if plan.changed_at < before and (plan.namespace, plan.name) not in known:
            kept.storage.delete(plan.key)


def _unneeded(
    kept: Kept, connection: Connection, some: list[str], before: datetime, *, held: bool = False
) -> list[str]:
    """Return those that nothing names and that are as old as they looked.

    Args:
        kept: of the hub.
        connection: that holds `letting_go`.
        some: SHA-256 of blobs.
        before: what is younger stays.
        held: whether any holder keeps it, not only a recent one.
    """
    since = "" if held else format_instant(before)
    needed = named_by_any(connection, some) | held_since(connection, some, since)
    found = []
    for digest in some:
        stamp = None if digest in needed else kept.storage.stamp(kept.blobs.key(digest))
        if stamp is not None and stamp.changed_at < before:
            found.append(digest)
    return found


def _left(kept: Kept, before: datetime, *, dry_run: bool) -> int:
    """Let go of publications and uploads by parts of which nothing is as young as `before`."""
    young: dict[str, bool] = {}
    keys: dict[str, list[str]] = {}
    for folder in ("staging", "parts"):
        for key, stamp in kept.storage.listed(f"{folder}/"):
            upload = "/".join(key.split("/")[:2])
            keys.setdefault(upload, []).append(key)
            young[upload] = young.get(upload, False) or stamp.changed_at >= before
    left = [upload for upload, is_young in young.items() if not is_young]
    if not dry_run:
        for upload in left:
            for key in keys[upload]:
                kept.storage.delete(key)
    return len(left)


def _ended_tokens(kept: Kept, before: datetime, *, dry_run: bool) -> int:
    table, instant = schema.tokens, format_instant(before)
    ended = (table.c.revoked_at < instant) | (table.c.expires_at < instant)
    with kept.store.begin() as connection:
        if dry_run:
            return int(
                connection.execute(
                    select(func.count()).select_from(table).where(ended)
                ).scalar_one()
            )
        return int(connection.execute(delete(table).where(ended)).rowcount)


def _ended_logins(kept: Kept, at: datetime, *, dry_run: bool) -> int:
    count, instant = 0, format_instant(at)
    with kept.store.begin() as connection:
        # A refresh token that was used stays as long as it would have held: one that comes
        # twice must still be told from one that never was.
        for table in (schema.logins, schema.refresh_tokens):
            ended = table.c.expires_at <= instant
            if dry_run:
                query = select(func.count()).select_from(table).where(ended)
                count += int(connection.execute(query).scalar_one())
            else:
                count += int(connection.execute(delete(table).where(ended)).rowcount)
    return count
