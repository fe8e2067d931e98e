"""What a hub gives of a release: the same value as for a folder, bytes hashed as they come."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from openweir.artifact import show
from openweir.canonical import Object, parse
from openweir.decision import Decision
from openweir.desk.fetch import NotServed, get, opened
from openweir.desk.obtained import Obtained, Way
from openweir.digest import sha256_stream
from openweir.errors import OpenweirError, UsageError
from openweir.hub import Bundle, Check
from openweir.hub.accept import is_statement_file
from openweir.hub.summaries import SUMMARIES
from openweir.tier import Tier

__all__ = ["Address", "from_hub"]

_MAX_STATEMENT_BYTES = 64 * 1024 * 1024
_MAX_FILES = 100_000
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)
_REFUSED = frozenset((401, 403))
_MISSING = 404
_MOST_SUMMARIES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A release on a hub.

    Attributes:
        base: of the hub, `http://host:port`.
        name: `org/name`.
    """

    base: str
    name: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read `http(s)://host[:port]/ORG/NAME`.

        Raises:
            UsageError: it is not in this form.
        """
        try:
            parts = urlsplit(url)
            known = bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
            parts = urlsplit("")
        names = parts.path.strip("/").split("/")
        right = known and len(names) == 2 and all(_PART.fullmatch(name) for name in names)
        if not right or parts.query or parts.fragment:
            raise UsageError(
                f"`{show(url, 200)}` is not the address of a release",
                code="address",
                hint="write it as http://HOST:PORT/ORG/NAME",
            )
        return cls(base=f"{parts.scheme}://{parts.netloc}", name="/".join(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claimed:
    """A file as the hub lists it."""

    path: str
    size: int
    sha256: str


def from_hub(
    address: Address, *, token: str | None, progress: Callable[[int], object] | None = None
) -> Obtained:
    """Fetch a release's statements, and hash every file the hub serves to this token.

    Args:
        address: which release on which hub.
        token: None asks as anyone could.
        progress: called with the number of bytes just hashed.

    Raises:
        UsageError: the hub cannot be reached or answers out of bounds.
        CanonicalError: the hub's listing is malformed.
    """
    home = f"{address.base}/openweir/{address.name}"
    try:
        listing = get(f"{home}/release.json", most=_MAX_STATEMENT_BYTES, token=token)
    except NotServed as error:
        return _nothing(f"the hub shows no release `{address.name}` to you ({error})")
    release = Object(parse(listing, where="release.json"), "release.json")
    commit = release.text("commit")
    claimed = tuple(_claimed(release))
    if _COMMIT.fullmatch(commit) is None or release.text("name") != address.name:
        return _nothing("the hub's listing is of another release, or of no commit")
    bundle = Bundle(
        decision=_statement(home, "decision.json", token) or b"",
        envelope=_statement(home, "decision.dsse.json", token) or b"",
        log_proof=_statement(home, "decision.tlog-proof", token),
        model_signature=_statement(home, "model.sig", token),
    )
    reader = _Reader(f"{address.base}/{address.name}/resolve/{commit}", token, progress)
    files = tuple(reader.read(file) for file in claimed)
    return Obtained(
        way=reader.way,
        bundle=bundle,
        inputs=tuple(_inputs(home, bundle, token)),
        summaries=tuple(_summaries(home, release, token)),
        files=files,
        asked=address.name,
        unserved=reader.unserved,
        wrong=reader.wrong(bundle),
    )


class _Reader:
    """Hashes files as the hub serves them and keeps how it served them."""

    def __init__(
        self, base: str, token: str | None, progress: Callable[[int], object] | None
    ) -> None:
        self._base = base
        self._token = token
        self._progress = progress
        self._refused: list[str] = []
        self._unserved: list[str] = []
        self._served: list[str] = []
        self._to_anyone: list[str] = []
        self._failed: list[Check] = []

    @property
    def way(self) -> Way:
        if not self._served:
            return Way.NOT_SERVED
        return Way.SERVED_TO_YOU if self._token else Way.SERVED_TO_ANYONE

    @property
    def unserved(self) -> tuple[str, ...]:
        return tuple(self._unserved)

    def read(self, file: _Claimed) -> tuple[str, int, str]:
        """Return a file as it is served; as it is listed where it is not served to us."""
        url = f"{self._base}/{quote(file.path)}"
        try:
            tally = _Tally(file.size, self._progress)
            with opened(url, token=self._token) as response:
                digest = sha256_stream(response, tally)
        except NotServed as error:
            self._unserved.append(file.path)
            if error.status in _REFUSED:
                self._refused.append(file.path)
            else:
                self._fail(file, f"is listed but not served ({error})")
            return file.path, file.size, file.sha256
        except UsageError as error:
            if error.code != "usage.too-long":
                raise
            self._fail(file, "is longer than the hub lists it")
            return file.path, -1, ""
        self._served.append(file.path)
        if self._token and self._anyone_gets(url):
            self._to_anyone.append(file.path)
        return file.path, tally.seen, digest

    def wrong(self, bundle: Bundle) -> tuple[Check, ...]:
        """Return what the way of serving gives away, before anything is verified."""
        try:
            decision = Decision.from_bytes(bundle.decision)
        except (OpenweirError, ValueError):
            return tuple(self._failed)
        gated = [path for path in self._to_anyone if decision.tier_of(path) < Tier.OPEN_WEIGHTS]
        held = [path for path in self._refused if decision.tier_of(path) >= Tier.OPEN_WEIGHTS]
        found = [
            Check(
                name="tier",
                ok=False,
                detail=f"the hub serves `{show(path, 200)}` to anyone, though it is "
                f"{decision.tier_of(path).word}",
            )
            for path in gated[:1]
        ]
        found += [
            Check(
                name="files",
                ok=False,
                detail=f"`{show(path, 200)}` is {decision.tier_of(path).word}, "
                "and yet the hub does not serve it to you",
            )
            for path in held[:1]
        ]
        return (*self._failed, *found)

    def _anyone_gets(self, url: str) -> bool:
        try:
            with opened(url, method="HEAD"):
                return True
        except NotServed:
            return False

    def _fail(self, file: _Claimed, what: str) -> None:
        self._failed.append(
            Check(name="files", ok=False, detail=f"`{show(file.path, 200)}` {what}")
        )


class _Tally:
    """Counts what was read and stops past the listed size."""

    def __init__(self, most: int, progress: Callable[[int], object] | None) -> None:
        self.seen = 0
        self._most = most
        self._progress = progress

    def __call__(self, amount: int) -> None:
        self.seen += amount
        if self.seen > self._most:
            raise UsageError("is longer than listed", code="too-long")
        if self._progress is not None:
            self._progress(amount)


def _claimed(release: Object) -> Iterator[_Claimed]:
    for count, item in enumerate(release.objects("files")):
        path = item.text("path")
        if count >= _MAX_FILES or path.startswith("/") or ".." in path.split("/"):
            raise UsageError("the hub's listing is out of bounds", code="listing")
        if is_statement_file(path):
            continue
        yield _Claimed(path=path, size=item.integer("size"), sha256=item.text("sha256"))


def _statement(home: str, name: str, token: str | None) -> bytes | None:
    try:
        return get(f"{home}/statements/{quote(name)}", most=_MAX_STATEMENT_BYTES, token=token)
    except NotServed as error:
        if error.status in {_MISSING, *_REFUSED}:
            return None
        raise UsageError(
            f"the hub fails: {error}", code="hub-fails", where=f"{home}/statements/{name}"
        ) from None


def _summaries(home: str, release: Object, token: str | None) -> Iterator[tuple[str, bytes]]:
    named = release.texts("statements") if "statements" in release.value else ()
    for name in named[:_MOST_SUMMARIES]:
        if name.startswith(SUMMARIES) and is_statement_file(f".openweir/{name}"):
            data = _statement(home, name, token)
            if data is not None:
                yield name.removeprefix(SUMMARIES), data


def _inputs(home: str, bundle: Bundle, token: str | None) -> Iterator[tuple[str, bytes]]:
    try:
        decision = Decision.from_bytes(bundle.decision)
    except (OpenweirError, ValueError):
        return
    for name, _ in decision.inputs:
        if is_statement_file(f".openweir/{name}"):
            data = _statement(home, name, token)
            if data is not None:
                yield name, data


def _nothing(detail: str) -> Obtained:
    return Obtained(
        way=Way.NOT_SERVED,
        bundle=Bundle(decision=b"", envelope=b""),
        inputs=(),
        files=(),
        wrong=(Check(name="files", ok=False, detail=detail),),
    )
