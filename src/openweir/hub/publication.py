"""From upload to the release in force: staged, checked in full, then moved in whole.

1. `open`: the statements arrive; the decision must pass every check at once.
2. `receive`: each file the decision lets leave arrives, held to its size and digest; those
   that the namespace has shown before, as in a draft, need not be sent again.
3. `commit`: everything is checked again, the files are looked through (`openweir.hub.scan`)
   and move in place, and one database transaction makes them the release in force. If
   anything fails, nothing is kept.
"""

import contextlib
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from openweir.artifact import Verdict
from openweir.canonical import Object, parse, text
from openweir.digest import sha256
from openweir.errors import HubError, OpenweirError
from openweir.hub.accept import check
from openweir.hub.access.rules import GateRules, from_card
from openweir.hub.blobs import Incoming
from openweir.hub.card import card_data
from openweir.hub.channel import Channel
from openweir.hub.gate import Principal
from openweir.hub.orders import check_orders
from openweir.hub.origin import find_draft, link_draft
from openweir.hub.own_log import require_in_own_log
from openweir.hub.release import (
    ReleaseFile,
    commit_of,
    files_of,
    git_blob_sha1,
    require_name,
    require_owner,
)
from openweir.hub.remake import check_policy
from openweir.hub.scan import Looked, check_scan, scan_files
from openweir.hub.staged import (
    Publication,
    folder_of,
    keys_of,
    own_statements,
    read_publication,
    release_files,
    require_newer,
)
from openweir.hub.stages.plan import PLAN_FILE
from openweir.hub.store import ReleaseRow
from openweir.hub.summaries import SUMMARIES, check_summaries
from openweir.instant import format_instant, parse_instant
from openweir.tier import Tier

__all__ = ["MAX_STATEMENT_BYTES", "Publication", "Publications"]

MAX_STATEMENT_BYTES = 64 * 1024 * 1024
_STAGING = "staging"
_MAX_CARD_BYTES = 1024 * 1024
_MAX_OPEN = 8
_KEPT_FOR = timedelta(days=1)


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
        publication = read_publication(read, secrets.token_hex(16), principal.user, at)
        require_name(publication.decision.name)
        require_owner(principal, publication.decision.name)
        self._check(publication, at)
        needed = sum(file.size for file, _ in files_of(publication.decision))
        room = self._storage.room()
        if room is not None and needed > room:
            raise HubError(f"the hub has no room for {needed} bytes", code="no-room")
        self._make_room(principal.user, at)
        saved = {**read.value, "owner": publication.owner, "opened_at": format_instant(at)}
        writer = self._storage.writer(f"{folder_of(publication.id)}/publication.json")
        writer.write(text(saved))
        writer.keep()
        self._open[publication.id] = publication
        return publication

    def find(self, publication_id: str, principal: Principal) -> Publication:
        """Return an open publication, if whoever asks may still publish under its name.

        Raises:
            HubError: there is none of that id, or it or the name is another account's.
        """
        found = self._find(publication_id, principal)
        require_owner(principal, found.decision.name)
        return found

    def _find(self, publication_id: str, principal: Principal) -> Publication:
        opened = self._open.get(publication_id)
        if opened is not None and opened.owner == principal.user:
            return opened
        known = publication_id.isalnum() and len(publication_id) == 32
        saved = self._saved(publication_id) if known else None
        if saved is not None and saved.text("owner") == principal.user:
            at = parse_instant(saved.text("opened_at"))
            return read_publication(saved, publication_id, principal.user, at)
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
        key = f"{folder_of(publication.id)}/{decided.sha256}"
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
        folder = folder_of(publication.id)
        keys = self._keys(publication)
        verdicts = self._scan(publication, keys)
        card = self._card(publication, keys)
        files = tuple(release_files(decision, keys, self._storage))
        tier = decision.effective_tier
        statements = []
        for name, content in (*own_statements(bundle), *publication.statements):
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
        require_newer(row, bundle, current, channel)
        for digest in {file.sha256 for file in every}:
            if keys.get(digest, "").startswith("blobs/"):
                continue
            channel.blobs.adopt(f"{folder}/{digest}", digest)
        channel.store.put_release(
            row,
            every,
            supersedes=None if current is None else current.id,
            present=channel.blobs.require,
        )
        for file in files:
            channel.workspace.possession.record(
                decision.name.partition("/")[0], file.sha256, file.size, at=at
            )
            channel.scans.keep(file.sha256, verdicts[file.path])
        channel.gates.set_card(decision.name, card)
        draft = find_draft(channel.workspace, decision.name, files)
        if draft is not None:
            link_draft(channel.store, decision.name, row.commit, draft)
        return row

    def held(self, publication: Publication) -> dict[str, int]:
        """Return SHA-256 -> size of the files that need not be sent: their namespace has them."""
        digests = {file.sha256 for file, _ in files_of(publication.decision)}
        possession = self._channel.workspace.possession
        return possession.held(publication.decision.name.partition("/")[0], digests)

    def _keys(self, publication: Publication) -> dict[str, str]:
        """Return where the bytes of each file lie, compared with their digests."""
        held = self.held(publication)
        folder = folder_of(publication.id)
        keys = keys_of(publication.decision, folder, self._storage, held)
        for file, _ in files_of(publication.decision):
            if keys[file.sha256].startswith("blobs/"):
                self._channel.blobs.checked(file.sha256, file.size)
        return keys

    def _scan(self, publication: Publication, keys: dict[str, str]) -> dict[str, Verdict]:
        """Look through the files before anything is kept."""
        looked = [
            Looked(path=file.path, size=file.size, key=keys[file.sha256])
            for file, _ in files_of(publication.decision)
        ]
        verdicts = scan_files(self._storage, looked)
        pinned = publication.decision.policy.sha256 not in self._channel.policies
        dossier = None if pinned else dict(publication.statements).get("dossier.json")
        found = check_scan(verdicts, dossier)
        if not found.ok:
            raise HubError(
                f"check `scan` fails: {found.detail}",
                code="refused",
                hint="nothing was kept; `openweir scan FOLDER` finds the same on your machine",
            )
        return {verdict.path: verdict for verdict in verdicts}

    def _card(self, publication: Publication, keys: dict[str, str]) -> GateRules:
        """Return what the card says of the gate; nothing where nobody has to ask for access."""
        decision = publication.decision
        gated = any(tier is Tier.GATED_WEIGHTS for _, tier in files_of(decision))
        files = {file.path: file for file, _ in files_of(decision)}
        card = files.get("README.md")
        staged = PLAN_FILE in dict(decision.inputs)
        if card is None or card.size > _MAX_CARD_BYTES or not (gated or staged):
            return GateRules()
        content = b"".join(self._storage.pieces(keys[card.sha256]))
        try:
            found = card_data(content.decode("utf-8", "replace")) or {}
            return from_card(found)
        except OpenweirError as error:
            if b"extra_gated" not in content:
                return GateRules()
            raise HubError(
                f"check `card` fails: the gate that README.md states cannot be read: "
                f"{error.message}",
                code="refused",
                hint="nothing was kept; put the card right and decide again",
            ) from None

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
        summaries = {
            name.removeprefix(SUMMARIES): content
            for name, content in publication.statements
            if name.startswith(SUMMARIES)
        }
        policy, data = self._channel.log_policy, publication.bundle.decision
        for found in (
            *check(publication.bundle, trust=trust, at=at, log_policy=policy),
            *check_summaries(publication.decision, data, summaries, trust=trust),
        ):
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
        key = f"{folder_of(publication_id)}/publication.json"
        try:
            written = b"".join(self._storage.pieces(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Object(parse(written, where="publication", max_bytes=len(written)), "publication")

    def _forget(self, publication_id: str) -> None:
        self._open.pop(publication_id, None)
        with contextlib.suppress(OSError):
            for key in tuple(self._storage.keys(f"{folder_of(publication_id)}/")):
                self._storage.delete(key)

    @contextmanager
    def _one_at_a_time(self, name: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock, self._channel.store.alone(f"publish {name}"):
            yield
