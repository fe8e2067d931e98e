"""From upload to the release in force: staged, checked in full, then moved in whole.

1. `open`: the statements arrive; the decision must pass every check at once.
2. `receive`: each file the decision lets leave arrives, held to its size and digest.
3. `commit`: everything is checked again, the files move in place, and one database
   transaction makes them the release in force. If anything fails, nothing is kept.
"""

import contextlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from openweir.canonical import Object, parse, text
from openweir.decision import Decision
from openweir.digest import sha256
from openweir.errors import HubError, OpenweirError
from openweir.hub.accept import Bundle, check
from openweir.hub.blobs import Incoming
from openweir.hub.channel import Channel
from openweir.hub.gate import Principal
from openweir.hub.orders import check_orders
from openweir.hub.own_log import require_in_own_log
from openweir.hub.release import (
    STATEMENTS,
    ReleaseFile,
    commit_of,
    files_of,
    git_blob_sha1,
    git_pointer_sha1,
    is_statement,
    require_name,
)
from openweir.hub.remake import check_policy
from openweir.hub.storage import Storage
from openweir.hub.store import ReleaseRow
from openweir.instant import format_instant, parse_instant
from openweir.register import Proof

__all__ = ["MAX_STATEMENT_BYTES", "Publication", "Publications"]

MAX_STATEMENT_BYTES = 64 * 1024 * 1024
_STAGING = "staging"
_MAX_OPEN = 8
_KEPT_FOR = timedelta(days=1)
_LARGE_BYTES = 1024 * 1024
_WEIGHTS = (".safetensors", ".gguf", ".bin", ".onnx", ".pt", ".pth", ".h5", ".msgpack", ".npz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A publication under way.

    Attributes:
        id: opaque.
        owner: the account that opened it.
        opened_at: it is dropped a day later.
        bundle: decision, signatures and log proof.
        decision: read from the bundle.
        statements: (name, bytes) of the other files under `.openweir/`.
    """

    id: str
    owner: str
    opened_at: datetime
    bundle: Bundle
    decision: Decision
    statements: tuple[tuple[str, bytes], ...]


class Publications:
    """The staging area of a hub."""

    def __init__(self, channel: Channel) -> None:
        """Stage beside the channel's blobs; leftovers of an earlier run are dropped.

        Other replicas may have publications under way in shared storage: there they are
        dropped by their age only.
        """
        self._channel = channel
        self._storage = channel.storage
        self._locks: dict[str, threading.Lock] = {}
        # What this process opened itself, so that each file does not parse the decision anew.
        self._open: dict[str, Publication] = {}
        self._guard = threading.Lock()
        if not self._storage.shared:
            for key in (*self._storage.keys("staging/"), *self._storage.keys("incoming/")):
                self._storage.delete(key)

    def open(self, manifest: bytes, principal: Principal) -> Publication:
        """Start a publication from its statements.

        Args:
            manifest: JSON with the texts `decision`, `envelope`, `log_proof`,
                `model_signature` and the object `statements` (name to text).
            principal: must own the name.

        Raises:
            HubError: a check fails, the name is not theirs, or the files would not fit.
            CanonicalError: the manifest is malformed.
        """
        at = self._channel.clock()
        read = Object(parse(manifest, where="publication", max_bytes=MAX_STATEMENT_BYTES), "it")
        publication = _read(read, secrets.token_hex(16), principal.user, at)
        require_name(publication.decision.name)
        if not principal.owns(publication.decision.name):
            raise HubError(
                f"`{principal.user}` may not publish `{publication.decision.name}`",
                code="not-yours",
                hint="the account named like its first part may, or one made with "
                "`openweir hub user add NAME --publisher`",
            )
        self._check(publication, at)
        needed = sum(file.size for file, _ in files_of(publication.decision))
        room = self._storage.room()
        if room is not None and needed > room:
            raise HubError(f"the hub has no room for {needed} bytes", code="no-room")
        self._make_room(principal.user, at)
        saved = {
            **read.value,
            "owner": publication.owner,
            "opened_at": format_instant(at),
        }
        writer = self._storage.writer(f"{_folder(publication.id)}/publication.json")
        writer.write(text(saved))
        writer.keep()
        self._open[publication.id] = publication
        return publication

    def find(self, publication_id: str, principal: Principal) -> Publication:
        """Return an open publication.

        Raises:
            HubError: there is none of that id, or it is another account's.
        """
        opened = self._open.get(publication_id)
        if opened is not None and opened.owner == principal.user:
            return opened
        known = publication_id.isalnum() and len(publication_id) == 32
        saved = self._saved(publication_id) if known else None
        if saved is not None and saved.text("owner") == principal.user:
            at = parse_instant(saved.text("opened_at"))
            return _read(saved, publication_id, principal.user, at)
        raise HubError("there is no such publication", code="unknown-publication")

    def receive(self, publication: Publication, path: str) -> Incoming:
        """Return where to write the bytes of one file; `keep` then keeps them.

        Raises:
            HubError: the decision does not let this file leave, or does not name it.
        """
        decided = next((f for f, _ in files_of(publication.decision) if f.path == path), None)
        if decided is None:
            tier = publication.decision.tier_of(path).word
            raise HubError(
                f"`{path[:200]}` is `{tier}` by the decision, so the hub does not take it",
                code="not-decided",
            )
        key = f"{_folder(publication.id)}/{decided.sha256}"
        return self._channel.blobs.incoming_at(key, decided.size, decided.sha256)

    def drop(self, publication: Publication) -> None:
        """Forget a publication and its files."""
        self._forget(publication.id)

    def commit(self, publication: Publication, principal: Principal) -> ReleaseRow:
        """Make a publication the release in force; whatever happens, it is closed.

        Raises:
            HubError: a file is missing, a check fails, or a newer decision is in force.
        """
        with self._one_at_a_time(publication.decision.name):
            try:
                return self._commit(publication, principal)
            finally:
                self.drop(publication)

    def _commit(self, publication: Publication, principal: Principal) -> ReleaseRow:
        at, channel = self._channel.clock(), self._channel
        decision, bundle = publication.decision, publication.bundle
        self._check(publication, at)
        folder = _folder(publication.id)
        files = tuple(_release_files(decision, folder, self._storage))
        tier = decision.effective_tier
        statements = []
        for name, content in (*_own_statements(bundle), *publication.statements):
            self._stage(folder, content)
            statements.append(
                ReleaseFile(
                    path=f".openweir/{name}",
                    size=len(content),
                    sha256=sha256(content),
                    git_sha1=git_blob_sha1(content),
                    large=False,
                    tier=tier,
                )
            )
        every = (*files, *statements)
        row = ReleaseRow(
            id=0,
            name=decision.name,
            commit=commit_of(bundle.decision, every),
            tier=tier.word,
            as_of=decision.as_of.isoformat(),
            valid_until=decision.valid_until.isoformat(),
            decision=sha256(bundle.decision),
            envelope=sha256(bundle.envelope),
            log_proof=None if bundle.log_proof is None else sha256(bundle.log_proof),
            model_signature=None
            if bundle.model_signature is None
            else sha256(bundle.model_signature),
            published_at=at,
            published_by=principal.user,
        )
        current = channel.store.current(decision.name)
        _require_newer(row, bundle, current, channel)
        for digest in {file.sha256 for file in every}:
            channel.blobs.adopt(f"{folder}/{digest}", digest)
        channel.store.put_release(row, every, supersedes=None if current is None else current.id)
        return row

    def _stage(self, folder: str, content: bytes) -> None:
        digest = sha256(content)
        incoming = self._channel.blobs.incoming_at(f"{folder}/{digest}", len(content), digest)
        try:
            incoming.write(content)
            incoming.finish()
        finally:
            incoming.drop()

    def _check(self, publication: Publication, at: datetime) -> None:
        trust = self._channel.trust()
        for found in check(publication.bundle, trust=trust, at=at):
            if not found.ok:
                raise HubError(
                    f"check `{found.name}` fails: {found.detail}",
                    code="refused",
                    hint="nothing was kept; put this right and publish again",
                )
        found = check_policy(
            publication.decision,
            dict(publication.statements),
            policies=self._channel.policies,
            trust=trust,
        )
        if not found.ok:
            raise HubError(
                f"check `policy` fails: {found.detail}",
                code="refused",
                hint="decide, sign and log again under a policy this hub accepts",
            )
        require_in_own_log(publication.bundle, self._channel.register, trust=trust)
        found = check_orders(publication.decision, self._channel.orders.at_hand(), at.date())
        if not found.ok:
            raise HubError(
                f"check `orders` fails: {found.detail}",
                code="refused",
                hint="take the order into the case: openweir register orders CASE",
            )

    def _make_room(self, owner: str, at: datetime) -> None:
        mine = []
        for name in self._storage.folders(_STAGING):
            try:
                read = self._saved(name)
                if read is None:
                    continue
                opened_at = parse_instant(read.text("opened_at"))
            except OpenweirError:
                continue
            if at - opened_at > _KEPT_FOR:
                self._forget(name)
            elif read.text("owner") == owner:
                mine.append(name)
        if len(mine) >= _MAX_OPEN:
            raise HubError(
                f"`{owner}` has {len(mine)} publications under way",
                code="too-many",
                hint="finish or drop one; they are dropped a day after they were opened",
            )

    def _saved(self, publication_id: str) -> Object | None:
        """Return what was kept of a publication; None for nothing."""
        key = f"{_folder(publication_id)}/publication.json"
        try:
            written = b"".join(self._storage.pieces(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Object(parse(written, where="publication", max_bytes=len(written)), "publication")

    def _forget(self, publication_id: str) -> None:
        self._open.pop(publication_id, None)
        with contextlib.suppress(OSError):
            for key in tuple(self._storage.keys(f"{_folder(publication_id)}/")):
                self._storage.delete(key)

    @contextmanager
    def _one_at_a_time(self, name: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock, self._channel.store.alone(f"publish {name}"):
            yield


def _read(read: Object, publication_id: str, owner: str, at: datetime) -> Publication:
    proof, signature = read.optional_text("log_proof"), read.optional_text("model_signature")
    bundle = Bundle(
        decision=_bytes(read.text("decision")),
        envelope=_bytes(read.text("envelope")),
        log_proof=None if proof is None else _bytes(proof),
        model_signature=None if signature is None else _bytes(signature),
    )
    decision = Decision.from_bytes(bundle.decision)
    named = read.optional_object("statements")
    statements = []
    for name in sorted(named.value) if named is not None else ():
        assert named is not None
        content = _bytes(named.text(name))
        if not is_statement(name) or name in STATEMENTS:
            raise HubError(f"`{name[:200]}` is not a statement of a case", code="statement")
        if dict(decision.inputs).get(name) != sha256(content):
            raise HubError(
                f"`{name}` is not the one the decision was made from",
                code="statement",
                hint="decide again, sign and publish",
            )
        statements.append((name, content))
    return Publication(
        id=publication_id,
        owner=owner,
        opened_at=at,
        bundle=bundle,
        decision=decision,
        statements=tuple(statements),
    )


def _bytes(content: str) -> bytes:
    try:
        return content.encode()
    except UnicodeEncodeError:
        raise HubError("a statement is not UTF-8 text", code="statement") from None


def _own_statements(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    contents = (bundle.decision, bundle.envelope, bundle.log_proof, bundle.model_signature)
    for name, content in zip(STATEMENTS, contents, strict=True):
        if content is not None:
            yield name, content


def _folder(publication_id: str) -> str:
    return f"{_STAGING}/{publication_id}"


def _release_files(decision: Decision, folder: str, storage: Storage) -> Iterator[ReleaseFile]:
    for file, tier in files_of(decision):
        key = f"{folder}/{file.sha256}"
        stamp = storage.stamp(key)
        if stamp is None or stamp.size != file.size:
            raise HubError(f"`{file.path}` was not uploaded", code="incomplete")
        large = file.size > _LARGE_BYTES or file.path.endswith(_WEIGHTS)
        yield ReleaseFile(
            path=file.path,
            size=file.size,
            sha256=file.sha256,
            git_sha1=git_pointer_sha1(file.sha256, file.size)
            if large
            else git_blob_sha1(b"".join(storage.pieces(key))),
            large=large,
            tier=tier,
        )


def _require_newer(
    row: ReleaseRow, bundle: Bundle, current: ReleaseRow | None, channel: Channel
) -> None:
    """Refuse a decision older than the one in force: by its day, then by its place in the log."""
    if current is None or current.decision == row.decision:
        return
    older = row.as_of < current.as_of
    if row.as_of == current.as_of and bundle.log_proof and current.log_proof:
        mine = Proof.from_bytes(bundle.log_proof)
        theirs = Proof.from_bytes(channel.blobs.read(current.log_proof))
        same_log = _origin(mine) == _origin(theirs)
        older = same_log and mine.index < theirs.index
    if older:
        raise HubError(
            f"the decision of {row.as_of} is older than the one of {current.as_of} in force",
            code="older",
            hint="a release moves only to a newer decision",
        )


def _origin(proof: Proof) -> bytes:
    return proof.checkpoint.partition(b"\n")[0]
