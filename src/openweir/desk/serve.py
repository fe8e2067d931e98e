"""`openweir serve`: run the hub on this machine.

The application is named to the server by its import string, because the desk
stands below the pages; settings reach it through `OPENWEIR_*` variables:
`OPENWEIR_DATA`, `OPENWEIR_TRUST`, `OPENWEIR_REGISTER`, `OPENWEIR_AS_OF`,
`OPENWEIR_POLICIES`, `OPENWEIR_DATABASE`, `OPENWEIR_BLOBS`, `OPENWEIR_METRICS`,
`OPENWEIR_METRICS_TOKEN`, `OPENWEIR_LOG`. What all replicas derive the hub's keys from lies in the
file `OPENWEIR_HUB_KEY`.
"""

import getpass
import logging
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import uvicorn

from openweir.attest import Trust
from openweir.desk.case import write_atomically
from openweir.desk.clock import NeverBack, now
from openweir.desk.home import Home
from openweir.desk.hub_secret import hub_secret
from openweir.desk.listen import GRACE_SECONDS, bind, serve_until_stopped, url_of
from openweir.desk.logs import logging_as
from openweir.desk.pack import accepted_policies
from openweir.desk.tokens import Tokens, address_of, data_key
from openweir.errors import OpenweirError, UsageError
from openweir.hub.accounts import Accounts
from openweir.hub.store import Store
from openweir.instant import parse_day
from openweir.policy import Policy

__all__ = ["Opening", "Settings", "metrics_token", "serve", "settings_from_environment"]

_APPLICATION = "openweir.web:create_app"
_log = logging.getLogger("openweir.hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a hub needs to know.

    Attributes:
        data: its data directory.
        register: the directory of the log it publishes.
        trust: whom it trusts; the file is read again when it changes.
        clock: the present instant, or the stated day at this time of day.
        policies: SHA-256 -> policy whose decisions it takes in: the shipped ones and those
            that `OPENWEIR_POLICIES` names.
        database: address of the database that replicas share; None for one in `data`.
        blobs: address of the bucket that replicas share; None for `data`.
        metrics: whether it counts what it does and tells it under `/metrics`.
        log_requests: whether each request is a line of the log.
        secret: what the hub's keys are derived from; None for keys that it keeps itself.
    """

    data: Path
    register: Path
    trust: Callable[[], Trust]
    clock: Callable[[], datetime]
    policies: Mapping[str, Policy]
    database: str | None
    blobs: str | None
    metrics: bool = False
    log_requests: bool = False
    secret: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What there is to say when a hub has opened.

    Attributes:
        url: its address.
        releases: how many names have a release.
        owner: the account made at this first start; empty at later ones.
        as_of: the day it stands still at; None for the real one.
        exposed: whether other machines can reach it, without encryption.
    """

    url: str
    data: Path
    releases: int
    owner: str
    as_of: date | None
    exposed: bool


def settings_from_environment() -> Settings:
    """Return the settings that `serve` put into the environment, or the home's own.

    Raises:
        OpenweirError: the trust file or the stated day cannot be read.
    """
    home = Home.find()
    stated = os.environ.get("OPENWEIR_AS_OF")
    trust = _TrustFile(Path(os.environ.get("OPENWEIR_TRUST") or home.trust))
    trust.read()
    return Settings(
        data=Path(os.environ.get("OPENWEIR_DATA") or home.hub),
        register=Path(os.environ.get("OPENWEIR_REGISTER") or home.register),
        trust=trust,
        clock=NeverBack()
        if stated is None
        else _Stopped(parse_day(stated, where="OPENWEIR_AS_OF")),
        policies=accepted_policies(
            filter(None, os.environ.get("OPENWEIR_POLICIES", "").split(os.pathsep))
        ),
        database=os.environ.get("OPENWEIR_DATABASE") or None,
        blobs=os.environ.get("OPENWEIR_BLOBS") or None,
        metrics=bool(os.environ.get("OPENWEIR_METRICS")),
        log_requests=bool(os.environ.get("OPENWEIR_LOG")),
        secret=hub_secret(),
    )


def metrics_token() -> str:
    """Return what a reader of the metrics must send; empty for none."""
    return os.environ.get("OPENWEIR_METRICS_TOKEN", "")


def serve(
    *,
    home: Home,
    data: Path | None,
    host: str,
    port: int,
    trust: Path | None,
    register: Path | None,
    as_of: date | None,
    policies: Sequence[str],
    database: str | None = None,
    blobs: str | None = None,
    owner: str | None,
    ready_file: Path | None,
    metrics: bool = False,
    log: str | None = None,
    opened: Callable[[Opening], object],
) -> None:
    """Serve until the process is told to stop.

    Args:
        home: where the owner's token is kept, and the default of what follows.
        data: the hub's data directory.
        host: address to listen on.
        port: 0 for a free one.
        trust: file that says whom the hub trusts.
        register: directory of the log the hub shows.
        as_of: a day to stand still at.
        policies: folders of packs whose decisions are taken in beside the shipped ones'.
        database: address of a PostgreSQL database, for several replicas.
        blobs: `s3://BUCKET[/PREFIX]`, for several replicas.
        owner: name of the account made at the first start; the user's own by default.
        ready_file: gets the address once requests are answered.
        metrics: whether to count and to tell it under `/metrics`.
        log: `text` or `json` to log each request too; None logs what is wrong, as text.
        opened: told once the hub answers.

    Raises:
        UsageError: the address is taken or not one of this machine.
        HubError: the data directory cannot be used.
    """
    data = (data or home.hub).resolve()
    _put_into_environment(
        OPENWEIR_DATA=str(data),
        OPENWEIR_TRUST=str((trust or home.trust).resolve()),
        OPENWEIR_REGISTER=str((register or home.register).resolve()),
        OPENWEIR_POLICIES=os.pathsep.join(str(Path(p).resolve()) for p in policies),
        OPENWEIR_AS_OF=None if as_of is None else as_of.isoformat(),
        # Addresses may hold passwords, so that they may be given by the environment alone.
        OPENWEIR_DATABASE=database or os.environ.get("OPENWEIR_DATABASE"),
        OPENWEIR_BLOBS=blobs or os.environ.get("OPENWEIR_BLOBS"),
        OPENWEIR_METRICS="1" if metrics else None,
        OPENWEIR_LOG=log,
    )
    with logging_as(log or "text", requests=log is not None):
        _serve(
            home=home,
            data=data,
            host=host,
            port=port,
            as_of=as_of,
            owner=owner,
            ready_file=ready_file,
            opened=opened,
        )


def _serve(
    *,
    home: Home,
    data: Path,
    host: str,
    port: int,
    as_of: date | None,
    owner: str | None,
    ready_file: Path | None,
    opened: Callable[[Opening], object],
) -> None:
    """Serve with what the environment says by now."""
    settings = settings_from_environment()
    bound = bind(host, port)
    url = address_of(url_of(host, bound))
    made, releases = _first_start(settings, home, url=url, owner=owner)
    opening = Opening(
        url=url,
        data=data,
        releases=releases,
        owner=made,
        as_of=as_of,
        exposed=host not in ("127.0.0.1", "::1", "localhost"),
    )

    def ready() -> None:
        if ready_file is not None:
            write_atomically(ready_file, f"{url}\n".encode())
        opened(opening)

    config = uvicorn.Config(
        _APPLICATION,
        factory=True,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    serve_until_stopped(config, bound, ready)


def _put_into_environment(**settings: str | None) -> None:
    for name, value in settings.items():
        os.environ.pop(name, None)
        if value is not None:
            os.environ[name] = value


class _TrustFile:
    """The trust file, read again whenever it changed; an unreadable one trusts nobody."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: tuple[object, Trust] = (None, Trust())

    def __call__(self) -> Trust:
        try:
            return self.read()
        except OpenweirError as error:
            _log.error("nobody is trusted: %s", error)
            return Trust()

    def read(self) -> Trust:
        """Return the trust; an absent file trusts nobody."""
        try:
            stat = self._path.stat()
            identity = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            if identity != self._kept[0]:
                written = self._path.read_text(encoding="utf-8")
                self._kept = (identity, Trust.from_text(written, where=str(self._path)))
        except FileNotFoundError:
            if self._kept[0] is not None:
                self._kept = (None, Trust())
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"cannot read the trust file: {error}", code="trust", where=str(self._path)
            ) from None
        return self._kept[1]


@dataclass(frozen=True, slots=True)
class _Stopped:
    """A clock that stands at one day, for replays."""

    day: date

    def __call__(self) -> datetime:
        return datetime.combine(self.day, now().time(), tzinfo=UTC)


def _first_start(settings: Settings, home: Home, *, url: str, owner: str | None) -> tuple[str, int]:
    """Make the owner's account if there is none yet; keep its token on the user's side only."""
    database = settings.database
    store = Store.embedded(settings.data) if database is None else Store(database)
    try:
        accounts, tokens = Accounts(store), Tokens(home)
        made = ""
        if not accounts.all():
            made = owner or _user_name()
            accounts.add(made, publisher=True, at=settings.clock())
            token = accounts.new_token(made, at=settings.clock())
            tokens.keep(data_key(settings.data), token)
        kept = tokens.kept(data_key(settings.data))
        if kept is not None and accounts.principal(kept) is not None:
            tokens.keep(url, kept)
        return made, store.count_releases()
    finally:
        store.close()


def _user_name() -> str:
    try:
        found = getpass.getuser()
    except (KeyError, OSError):
        found = ""
    return re.sub(r"[^A-Za-z0-9]", "", found)[:96] or "owner"
