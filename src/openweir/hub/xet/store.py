"""What each namespace has sent by Xet: its xorbs until they are files, then only the files.

A xorb is unpacked and checked when it arrives. A shard puts files together from xorbs of
the same namespace, proves it chunk by chunk, and each file becomes a blob whose SHA-256 is
compared. From then on the xorb is remembered as places in blobs, so that a later upload may
refer to its chunks, and its bytes are let go. Nothing of one namespace is visible in
another: not its xorbs, not its files, not that they are here.

Keys, below `xet/<namespace>/`: `xorbs/<name>.bytes` and `.chunks` of a xorb as it came,
`.places` of one that is files now, `files/<name>` for the plan of a file.
"""

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openweir.errors import HubError
from openweir.hub.blobs import Blobs
from openweir.hub.possession import Possession
from openweir.hub.store import Store
from openweir.hub.xet.arrival import IncomingXorb, write
from openweir.hub.xet.held import Held
from openweir.hub.xet.holdings import PLACE
from openweir.hub.xet.layout import LENGTH, Plan, Run, plan_bytes, read_plan
from openweir.hub.xet.naming import file_name, possession_proof, to_hex
from openweir.hub.xet.rows import insert_name, load_name
from openweir.hub.xet.shard import FileEntry, Term, read_shard

__all__ = ["XetFile", "XetStore"]

_EPOCH = "xet-epoch"
_MIN_CHUNK_BYTES = 8 * 1024
# A short shard may name one run of chunks again and again; what it makes is bounded here.
_MAX_FILE_BYTES = 500 * 1024**3
_PLAN_BYTES = 64 * 1024
_MOST_FILES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class XetFile:
    """A file that came by Xet.

    Attributes:
        name: in Xet, 64 hexadecimal signs.
        plan: how it is shown, and which blob it is.
    """

    name: str
    plan: Plan


# A file as terms and the xorbs they are of; where a run of chunks of a xorb lies: its first
# chunk, the one after its last, its first byte in a blob, and that blob's SHA-256.
_Runs = Sequence[tuple[Term, Held]]
_Stretch = tuple[int, int, int, str]


class _GoneError(Exception):
    """Bytes that were there when a shard was read are somewhere else now."""


class XetStore:
    """The Xet holdings of every namespace.

    Args:
        store: the database, which knows the files' names.
        blobs: where files go; xorbs lie in the same storage.
        possession: where it is noted who holds them.
    """

    def __init__(self, store: Store, blobs: Blobs, possession: Possession) -> None:
        """Keep holdings beside the blobs."""
        self._store = store
        self._blobs = blobs
        self._storage = blobs.storage
        self._possession = possession
        # A file's plan never changes under its name, so it may be kept.
        self._files: dict[tuple[str, str], XetFile] = {}
        self._guard = threading.Lock()

    def epoch(self) -> str:
        """Return what the store's address holds so that clients forget what was let go."""
        return self._store.setting(_EPOCH, secrets.token_hex(4))

    def incoming_xorb(self, namespace: str, name: bytes) -> IncomingXorb:
        """Return where to write a serialised xorb; `finish` puts it in place."""
        return IncomingXorb(self._storage, _xorb(namespace, name), name)

    def put_shard(self, namespace: str, data: bytes, *, at: datetime) -> tuple[str, ...]:
        """Take a shard: put its files together and record that the namespace holds them.

        Returns:
            The SHA-256 of each file.

        Raises:
            HubError: it is damaged, refers to chunks this namespace has not sent, a proof or a
                digest does not hold, or there is no room.
        """
        shard = read_shard(data)
        settled: dict[bytes, list[_Stretch]] = {}
        made = []
        for entry in shard.files:
            digest, offset = self._put_together(namespace, entry, at), 0
            made.append(digest)
            for term in entry.terms:
                settled.setdefault(term.xorb, []).append((term.start, term.end, offset, digest))
                offset += term.length
        for xorb, stretches in settled.items():
            self._settle(namespace, xorb, stretches)
        return tuple(made)

    def named(self, namespace: str, name: str) -> XetFile | None:
        """Return a namespace's file by its Xet name; None for nothing."""
        with self._guard:
            known = self._files.get((namespace, name))
        if known is not None:
            return known
        kept, wanted = b"", _PLAN_BYTES
        try:
            while isinstance(plan := read_plan(kept), int):
                wanted = max(wanted, plan)
                kept = b"".join(self._storage.pieces(_file(namespace, name), 0, wanted))
                if len(kept) < wanted and isinstance(read_plan(kept), int):
                    return None
        except FileNotFoundError:
            return None
        file = XetFile(name=name, plan=plan)
        with self._guard:
            if len(self._files) >= _MOST_FILES:
                self._files.clear()
            self._files[namespace, name] = file
        return file

    def lengths(self, namespace: str, file: XetFile, run: Run) -> tuple[int, ...]:
        """Return the lengths of a run's chunks in bytes."""
        start = file.plan.lengths_at + run.first * LENGTH.size
        end = start + run.count * LENGTH.size
        try:
            kept = b"".join(self._storage.pieces(_file(namespace, file.name), start, end))
        except FileNotFoundError:
            kept = b""
        found = tuple(length for (length,) in LENGTH.iter_unpack(kept[: len(kept) // 4 * 4]))
        if sum(found) != run.size:
            raise HubError("there is no such file here", code="entry-not-found")
        return found

    def name_of(self, namespace: str, sha256: str) -> str | None:
        """Return the Xet name of a namespace's file; None if it did not come by Xet."""
        return load_name(self._store, namespace, sha256)

    def collect(self, *, before: datetime, dry_run: bool = False) -> int:
        """Let go of xorbs that came before an instant and became no file; return how many.

        Clients remember for weeks what they sent, so `before` should lie a month back. The
        epoch changes with the first that goes, and clients begin anew.

        Args:
            before: those that came later stay.
            dry_run: only count them.
        """
        gone = 0
        for key, stamp in tuple(self._storage.listed("xet/")):
            if not key.endswith((".chunks", ".bytes")) or stamp.changed_at >= before:
                continue
            if not dry_run:
                if not gone:
                    self.new_epoch()
                self._storage.delete(key)
            gone += key.endswith(".chunks")
        return gone

    def new_epoch(self) -> None:
        """Have clients forget what they sent: from the next token on, the address is another."""
        self.epoch()
        self._store.set_setting(_EPOCH, secrets.token_hex(4))

    def _put_together(self, namespace: str, entry: FileEntry, at: datetime) -> str:
        """Make a blob of one file of a shard; return its SHA-256."""
        _require_likely(entry)
        room = self._storage.room()
        if room is not None and entry.size > room:
            raise HubError(f"the hub has no room for {entry.size} bytes", code="no-room")
        for last in (False, True):
            seen: dict[bytes, Held | None] = {}
            runs = []
            for term in entry.terms:
                if term.xorb not in seen:
                    seen[term.xorb] = self._held(namespace, term.xorb)
                runs.append((term, _require_sent(seen[term.xorb], term)))
            try:
                return self._materialise(namespace, entry, runs, at)
            except _GoneError:
                # Another shard turned the xorb into files meanwhile: its places are new.
                if last:
                    self._forget_lost(namespace, seen)
                    break
        raise _refused("a chunk this file refers to is gone; send the file again")

    def _forget_lost(self, namespace: str, seen: Mapping[bytes, Held | None]) -> None:
        """Forget xorbs whose places are in blobs that are gone, so that they can come again."""
        for xorb, held in seen.items():
            if held is None or held.key:
                continue
            keys = {key for key, _, _ in held.stretches(0, len(held))}
            if any(self._storage.stamp(key) is None for key in keys):
                self._storage.delete(f"{_xorb(namespace, xorb)}.places")

    def _held(self, namespace: str, xorb: bytes) -> Held | None:
        key = _xorb(namespace, xorb)
        for _ in range(2):
            raw = self._stored(f"{key}.places")
            if raw is not None:
                return Held.placed(raw)
            raw = self._stored(f"{key}.chunks")
            if raw is not None:
                return Held.sent(raw, f"{key}.bytes")
            # Between the two looks it may have become files: then its places are there now.
        return None

    def _materialise(self, namespace: str, entry: FileEntry, runs: _Runs, at: datetime) -> str:
        name, digest = to_hex(entry.name), entry.sha256
        if file_name(_named(runs)) != entry.name:
            raise _refused(f"these chunks do not make the file {name}")
        if digest is None:
            raise _refused(f"the file {name} comes without its SHA-256")
        # Not "is it here" but "has this namespace sent it": an upload tells nothing else.
        if load_name(self._store, namespace, digest) == name and self._blobs.identity(digest):
            # Shown anew: nothing of it is let go while this upload goes on.
            self._possession.record(namespace, digest, entry.size, at=at)
            return digest
        incoming = self._blobs.incoming(entry.size, digest)
        try:
            for piece in self._contents(runs):
                incoming.write(piece)
            incoming.finish()
        finally:
            incoming.drop()
        # In this order, so that a crash between two of them leaves nothing that is believed:
        # bytes, then that they are held, then the plan, then the name that leads to it.
        self._possession.record(namespace, digest, entry.size, at=at)
        write(self._storage, _file(namespace, name), (plan_bytes(digest, _named(runs)),))
        insert_name(self._store, namespace, digest, name)
        return digest

    def _contents(self, runs: _Runs) -> Iterator[bytes]:
        """Yield the bytes of chunks in order, in as few reads as they allow."""
        try:
            for key, start, end in _joined(runs):
                left = end - start
                for piece in self._storage.pieces(key, start, end):
                    left -= len(piece)
                    yield piece
                if left:
                    raise _GoneError
        except FileNotFoundError:
            raise _GoneError from None

    def _settle(self, namespace: str, xorb: bytes, stretches: Sequence[_Stretch]) -> None:
        """Let go of a xorb's own bytes once every chunk of it lies in a blob."""
        key, held = _xorb(namespace, xorb), self._held(namespace, xorb)
        if held is None or not held.key:
            return
        placed: dict[int, bytes] = {}
        for first, last, start, digest in stretches:
            offset, blob = start, bytes.fromhex(digest)
            for at, (name, length) in enumerate(held.named(first, last), first):
                placed[at] = PLACE.pack(name, length, offset, blob)
                offset += length
        if len(placed) < len(held):
            return
        write(self._storage, f"{key}.places", (b"".join(placed[at] for at in range(len(held))),))
        self._storage.delete(f"{key}.chunks")
        self._storage.delete(f"{key}.bytes")

    def _stored(self, key: str) -> bytes | None:
        try:
            return b"".join(self._storage.pieces(key))
        except FileNotFoundError:
            return None


def _xorb(namespace: str, name: bytes) -> str:
    return f"xet/{namespace}/xorbs/{to_hex(name)}"


def _file(namespace: str, name: str) -> str:
    return f"xet/{namespace}/files/{name}"


def _require_likely(entry: FileEntry) -> None:
    """Refuse a file that no client would make, before anything is counted out in memory.

    Source: hub-docs, `docs/xet/chunking`: only the last chunk of a file is shorter than 8 KiB.
    """
    count = sum(term.end - term.start for term in entry.terms)
    if entry.size > _MAX_FILE_BYTES or (count - 1) * _MIN_CHUNK_BYTES > entry.size:
        raise _refused(f"{count} chunks of {entry.size} bytes together make no file")


def _require_sent(held: Held | None, term: Term) -> Held:
    """Return the xorb of a term whose chunks were sent, whose proof of possession holds."""
    if held is None or term.end > len(held) or term.length != held.size(term.start, term.end):
        raise _not_sent(term)
    # The client states it over names that only a holder of the chunks can know.
    if term.proof != possession_proof(held.names(term.start, term.end)):
        raise _not_sent(term)
    return held


def _named(runs: _Runs) -> Iterator[tuple[bytes, int]]:
    """Yield (name, length) of every chunk of a file, in order."""
    for term, held in runs:
        yield from held.named(term.start, term.end)


def _joined(runs: _Runs) -> Iterator[tuple[str, int, int]]:
    """Yield (key, start, end) for each stretch of chunks that lie one behind another."""
    key, start, end = "", 0, 0
    for term, held in runs:
        for found, low, high in held.stretches(term.start, term.end):
            if found != key or low != end:
                if end > start:
                    yield key, start, end
                key, start = found, low
            end = high
    if end > start:
        yield key, start, end


def _not_sent(term: Term) -> HubError:
    # One answer for a xorb nobody sent, one another namespace sent, and a proof that fails.
    return _refused(f"chunks of the xorb {to_hex(term.xorb)} that were not sent here")


def _refused(message: str) -> HubError:
    return HubError(message, code="shard", hint="clear the client's Xet cache and upload again")
