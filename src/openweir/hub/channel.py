"""The channel: everything the hub's endpoints share, and the one way to a release.

A release is believed only after its stored bytes passed every check of
`openweir.hub.accept` (see `belief`). The verified value is kept in memory and used as long as
the database row, the statement files and the trust are the ones it came from.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from openweir.attest import Trust
from openweir.errors import OpenweirError
from openweir.hub.access.gates import Gates
from openweir.hub.access.issuers import PASSPORT_ISSUERS, Issuer, read_issuers
from openweir.hub.access.lasting import shortfall
from openweir.hub.accounts import Accounts
from openweir.hub.audit import Recorder
from openweir.hub.belief import believe
from openweir.hub.blobs import Blobs
from openweir.hub.front import Front
from openweir.hub.gate import Answer, Grant, GrantStatus, Principal, StageStanding, admit, see
from openweir.hub.grants import Grants, Statistics
from openweir.hub.listener import Listener
from openweir.hub.logins import Logins
from openweir.hub.marks import Marks
from openweir.hub.metrics import Metrics
from openweir.hub.notices import NoticeKind, Notices
from openweir.hub.orders import LoggedOrder
from openweir.hub.own_keys import own_keys
from openweir.hub.own_log import OwnOrders
from openweir.hub.parts import Parts
from openweir.hub.read_once import may_wait
from openweir.hub.release import Release
from openweir.hub.scan import Scans
from openweir.hub.stages.store import Stages
from openweir.hub.storage import Files, Storage
from openweir.hub.store import ReleaseRow, Store
from openweir.hub.workspace import Workspace
from openweir.hub.xet.store import XetStore
from openweir.policy import Policy
from openweir.register import LogPolicy
from openweir.tier import Tier

if TYPE_CHECKING:
    from openweir.hub.access.passports import Passports

__all__ = ["Channel"]

_KEPT_RELEASES = 4096
_log = logging.getLogger("openweir.hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A verification and what it depended on."""

    row: ReleaseRow
    identities: tuple[object, ...]
    trust: Trust
    orders: tuple[LoggedOrder, ...]
    day: str
    release: Release | None


class Channel:
    """Releases, accounts and grants of one hub.

    Args:
        data: the data directory.
        trust: says whom the hub trusts; asked at each request, so it should be cheap
            and return the same object while nothing changed.
        register: the directory of the log the hub publishes.
        clock: says what time it is.
        policies: SHA-256 -> policy whose decisions are taken in when they can be made again.
        database: address of the database that replicas share; None for one file in `data`.
        storage: where replicas share their files; None for `data` itself.
        secret: what the hub's keys are derived from; None for keys that it keeps itself.
        front: who else may send open files.
        log_policy: the witnesses that must have cosigned the log for a decision to count.
    """

    def __init__(
        self,
        data: Path,
        *,
        trust: Callable[[], Trust],
        register: Path,
        clock: Callable[[], datetime],
        policies: Mapping[str, Policy] = MappingProxyType({}),
        database: str | None = None,
        storage: Storage | None = None,
        secret: bytes | None = None,
        front: Front | None = None,
        log_policy: LogPolicy | None = None,
    ) -> None:
        """Open the data directory, creating what is missing."""
        self.front = Front() if front is None else front
        self.data = data
        self.register = register
        self.clock = clock
        self.policies = policies
        self.log_policy = log_policy
        self.trust = trust
        self.store = Store.embedded(data) if database is None else Store(database)
        self.listener = (
            None
            if database is None
            else Listener(database, own=self.store.name, heard=self._changed_elsewhere)
        )
        if self.listener is not None:
            listener = self.listener
            self.store.hearing = lambda: listener.hears
        self.metrics: Metrics | None = None
        self.storage: Storage = Files(data) if storage is None else storage
        self.blobs = Blobs(self.storage, Marks(self.store) if self.storage.shared else None)
        self.scans = Scans(self.storage)
        self.accounts = Accounts(self.store)
        links, key = own_keys(data, self.store, shared=database is not None, secret=secret)
        self.audit = Recorder(self.store, data / "journal", key=key, clock=clock)
        self.logins = Logins(self.store, self.accounts)
        self.grants = Grants(self.store)
        self.gates = Gates(self.store)
        self.notices = Notices(self.store)
        self.stages = Stages(self.store)
        self.orders = OwnOrders(register)
        self.workspace = Workspace(self.store, self.blobs, links)
        self.xet = XetStore(self.store, self.blobs, self.workspace.possession)
        self.parts = Parts(self.storage)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Finish the audit chain and let go of the database."""
        if self.listener is not None:
            self.listener.close()
        self.audit.close()
        self.store.close()

    @property
    def hears(self) -> bool:
        """Whether a change by another process would be heard of at once."""
        return self.store.hears

    def _changed_elsewhere(self, seconds: float | None) -> None:
        self.store.changed_elsewhere()
        if seconds is not None and self.metrics is not None:
            self.metrics.heard(seconds)

    def release(self, org: str, name: str) -> Release | None:
        """Return the release in force; None when there is none, or it is sealed or expired."""
        found = self.known(f"{org}/{name}")
        return found if found is not None and found.state == "released" else None

    def known(self, full_name: str) -> Release | None:
        """Return a release that may be seen, be it in force or expired."""
        row = self.store.current(full_name)
        # A row is not believed where it opens. One that says `sealed` is, before anything is
        # verified: a refusal that takes longer than one about nothing would tell of it.
        if row is not None and (row.name != full_name or row.tier == Tier.SEALED.word):
            row = None
        found = None if row is None else self._verified(row)
        answer = see(None if found is None else found.standing, at=self.clock())
        if found is None or answer is Answer.HIDDEN:
            return None
        return self._with_notices(self._with_stage(found))

    def releases(self) -> tuple[Release, ...]:
        """Return every release in force that may be seen, sorted by name."""
        return tuple(self.walk())

    def walk(
        self, *, after: str = "", author: str = "", named: Callable[[str], bool] = bool
    ) -> Iterator[Release]:
        """Yield visible releases in force in the order of names.

        Args:
            after: the name past which to begin.
            author: a namespace in whatever letters; empty for all.
            named: which names are wanted; the others are not even verified.
        """
        # Few at first: most who ask want one page, and leave.
        limit = 50
        while names := self.store.names(after=after, author=author, limit=limit):
            for full_name in filter(named, names):
                found = self.known(full_name)
                if found is not None and found.state == "released":
                    yield found
            after, limit = names[-1], 1000

    def admission(
        self, release: Release, tier: Tier, principal: Principal | None, *, path: str = ""
    ) -> tuple[Answer, Grant | None]:
        """Say whether a principal is served a file of a release, and by which grant.

        Args:
            release: as `known` gave it for this very request.
            tier: of the file.
            principal: who asks.
            path: of the file.
        """
        if principal is not None and not principal.covers(release.name):
            principal = None  # its token is for another repository
        grant = None if principal is None else self.grants.of(release.name, principal.user)
        found = admit(release.standing, tier, principal, grant, at=self.clock(), path=path)
        asks = release.stage is not None or min(tier, release.tier) is Tier.GATED_WEIGHTS
        if found is Answer.SERVE and asks and grant is not None and self.shortfall(grant):
            found = Answer.NEEDS_GRANT
        return found, grant

    def shortfall(self, grant: Grant) -> str:
        """Return what a grant that was given lacks by the rules of today; empty for nothing."""
        if grant.status is not GrantStatus.ACCEPTED:
            return ""
        rules, changed_at = self.gates.published(grant.name)
        visas = self.gates.visas(grant.user) if rules.level else ()
        return shortfall(rules, grant, visas, changed_at=changed_at, at=self.clock())

    def still(self, name: str, path: str, digest: str, principal: Principal | None) -> bool:
        """Whether a stream that was let begin may go on, computed from nothing but the present.

        Args:
            name: of the release.
            path: of the file.
            digest: its SHA-256; a newer release that serves the same file lets it finish.
            principal: who was let in; their token must still hold.
        """
        release = self.known(name)
        file = None if release is None else release.file(path)
        if release is None or file is None or file.sha256 != digest:
            return False
        if principal is not None:
            principal = self.accounts.of_token(principal.token_sha256, at=self.clock())
            if principal is None:
                return False
        return self.admission(release, file.tier, principal, path=path)[0] is Answer.SERVE

    def statistics(self, release: Release) -> Statistics:
        """Return how many asked for access to a release and how they were answered."""
        return self.grants.statistics(release.name)

    @property
    def passports(self) -> "Passports":
        """Logins at the providers that the operator named."""
        # Its libraries are heavy, and most hubs name no provider.
        from openweir.hub.access.passports import Passports  # noqa: PLC0415 - see above

        return Passports(self._issuers, self.workspace.links, clock=self.clock)

    def providers(self) -> tuple[str, ...]:
        """Return the addresses of the providers whose logins count here."""
        return tuple(issuer.url for issuer in self._issuers())

    def _issuers(self) -> tuple[Issuer, ...]:
        return read_issuers(self.store.setting(PASSPORT_ISSUERS, '{"issuers":[]}'))

    def _with_stage(self, release: Release) -> Release:
        """Return a release as far as its plan has opened it; a damaged plan opens nothing."""
        try:
            standing = self.stages.standing(
                release.name, trust=self.trust(), at=self.clock(), bound=release.plan
            )
        except OpenweirError as error:
            _log.warning("%s: its stage plan cannot be read: %s", release.name, error)
            return replace(release, stage=StageStanding(stage="", cohorts=(), paths=None))
        if standing is None:
            return release
        return replace(release, stage=standing.for_gate(release.decision))

    def _with_notices(self, release: Release) -> Release:
        """Return a release with what is said about it now; halts close, so rows are enough."""
        notices = self.notices.about(release.name)
        if not notices:
            return release
        halts = [item for item in notices if item.kind is NoticeKind.HALT]
        halted = release.halted or (f"{halts[0].topic}: {halts[0].text}" if halts else "")
        return replace(
            release,
            state="halted" if halted and release.state == "released" else release.state,
            halted=halted,
            warnings=(*release.warnings, *(item.warning for item in notices)),
        )

    def _verified(self, row: ReleaseRow) -> Release | None:
        """Return the release of a row if its bytes on disk hold; None and a log line if not."""
        trust, at = self.trust(), self.clock()
        parts = (row.decision, row.envelope, row.log_proof, row.model_signature)
        identities = tuple(None if part is None else self.blobs.identity(part) for part in parts)
        day = at.date().isoformat()
        try:
            orders = self.orders.at_hand()
        except OpenweirError as error:
            _log.warning("%s is not served, the log cannot be read: %s", row.name, error)
            return None
        with self._lock:
            kept = self._kept.get(row.name)
        if (
            kept is not None
            and kept.row == row
            and kept.identities == identities
            and kept.trust is trust
            and kept.orders is orders
            and kept.day == day
        ):
            return kept.release
        may_wait()
        release: Release | None = None
        try:
            release = believe(
                row,
                self.store.files(row.id),
                self.blobs,
                trust=trust,
                orders=orders,
                at=at,
                log_policy=self.log_policy,
            )
        except OpenweirError as error:
            _log.warning("%s is not served: %s", row.name, error)
        with self._lock:
            self._kept[row.name] = _Kept(
                row=row,
                identities=identities,
                trust=trust,
                orders=orders,
                day=day,
                release=release,
            )
            self._kept.move_to_end(row.name)
            while len(self._kept) > _KEPT_RELEASES:
                self._kept.popitem(last=False)
        return release
