"""What the hub serves under one name: the decision in force and the files it speaks of."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from openweir.canonical import compact
from openweir.decision import Decision, ServedFile
from openweir.digest import is_sha256, sha256
from openweir.errors import HubError
from openweir.hub.accept import Bundle, Check, is_statement_file
from openweir.hub.gate import Principal, StageStanding, Standing
from openweir.tier import Tier

__all__ = [
    "STATEMENTS",
    "Release",
    "ReleaseFile",
    "commit_of",
    "files_of",
    "git_blob_sha1",
    "git_pointer",
    "git_pointer_sha1",
    "is_statement",
    "require_name",
    "require_owner",
]

# Files under `.openweir/` that the publication itself consists of.
STATEMENTS = ("decision.json", "decision.dsse.json", "decision.tlog-proof", "model.sig")

_FOLDER = ".openweir/"
_PART = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?"
_NAME = re.compile(rf"({_PART})/({_PART})", re.ASCII)
_STATEMENT = re.compile(r"(?:(?:evidence|exceptions)/)?[A-Za-z0-9][A-Za-z0-9._-]{0,200}", re.ASCII)
# First parts of paths that mean something else on the hub or to its clients.
_RESERVED = frozenset(
    ("api", "datasets", "device", "kernels", "models", "oauth", "openweir", "register", "spaces")
)
_MAX_FILES = 100_000
_MAX_PATH_BYTES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """One file of a release as the hub lists and serves it.

    Attributes:
        path: in the repository; statements lie under `.openweir/`.
        size: in bytes.
        sha256: of the content.
        git_sha1: the id git gives the blob (of its pointer file when `large`).
        large: whether clients are told the SHA-256 as for a file in Git LFS.
        tier: what the decision says of this file, never above the effective tier.
    """

    path: str
    size: int
    sha256: str
    git_sha1: str
    large: bool
    tier: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A verified release.

    Attributes:
        name: `org/name`.
        commit: 40 hexadecimal digits over the decision and its files.
        decision: read from bytes that passed every check.
        bundle: those bytes, with signatures and log proof.
        checks: each check with its sentence, made on the day `checked_at`.
        files: what may be listed; files decided below `gated-weights` are not among them.
        statements: names below `.openweir/` that are public at
            `/openweir/ORG/NAME/statements/`.
        state: `released`, `halted` by a notice or an order, or `expired` once the decision's
            last day has passed.
        halted: why it is halted, in a sentence; empty if it is not.
        warnings: what its users are told, as `topic; message`.
        stage: how far its plan has opened it; None without a plan, or once it is public.
    """

    name: str
    commit: str
    decision: Decision
    bundle: Bundle
    checks: tuple[Check, ...]
    files: tuple[ReleaseFile, ...]
    statements: tuple[ReleaseFile, ...]
    state: str
    published_at: datetime
    published_by: str
    halted: str = ""
    warnings: tuple[str, ...] = ()
    stage: StageStanding | None = None

    @property
    def standing(self) -> Standing:
        """What the gate needs to know of it."""
        return Standing(
            verified=True,
            tier=self.tier,
            valid_until=self.decision.valid_until,
            halted=self.state == "halted",
            stage=self.stage,
        )

    @property
    def tier(self) -> Tier:
        """The effective tier: what the hub enforces."""
        return self.decision.effective_tier

    @property
    def gated(self) -> bool:
        """Whether any of its files needs a grant: held back to the gate, or staged."""
        return (self.stage is not None and bool(self.files)) or any(
            file.tier is Tier.GATED_WEIGHTS for file in self.files
        )

    def file(self, path: str) -> ReleaseFile | None:
        """Return the listed file at `path`, or None."""
        return next((file for file in self.files if file.path == path), None)

    def statement(self, name: str) -> ReleaseFile | None:
        """Return the statement of that name, without the `.openweir/`, or None."""
        return next((file for file in self.statements if file.path == _FOLDER + name), None)


def require_name(name: str) -> str:
    """Return `name` if it may name a release.

    Raises:
        HubError: it is not `org/name`, or its first part is taken by the hub itself.
    """
    match = _NAME.fullmatch(name)
    odd = match is None or any("--" in part or ".." in part for part in match.groups())
    if odd or name.endswith(".git") or (match and match[1].lower() in _RESERVED):
        raise HubError(
            f"`{name[:200]}` cannot name a release on a hub",
            code="name",
            hint="org/name of letters, digits, `.`, `_` and `-`; "
            "the first part none of " + ", ".join(sorted(_RESERVED)),
        )
    return name


def require_owner(principal: Principal, name: str) -> None:
    """Refuse whoever may not publish `name`.

    Raises:
        HubError: it is not theirs, or their token only reads.
    """
    if not principal.owns(name):
        raise HubError(
            f"`{principal.user}` may not publish `{name}`",
            code="not-yours",
            hint="the account named like its first part may, or one made with "
            "`openweir hub user add NAME --publisher`",
        )


def is_statement(name: str) -> bool:
    """Whether the hub takes a file of that name under `.openweir/`.

    `case.toml` may lie there on a user's disk, but it names paths of its author's machine.
    """
    known = name != "case.toml" and is_statement_file(_FOLDER + name)
    return known and _STATEMENT.fullmatch(name) is not None


def files_of(decision: Decision) -> Iterator[tuple[ServedFile, Tier]]:
    """Yield each file whose bytes may leave, with the tier that holds for it.

    A file decided below `gated-weights` is left out: the hub neither takes nor
    lists nor serves it (law 8).

    Raises:
        HubError: a path is unsafe, stands twice, or is a file and a folder at once.
    """
    seen: set[str] = set()
    for component in decision.components:
        tier = min(component.tier, decision.effective_tier)
        for file in component.files:
            _require_path(file.path)
            if file.path in seen or not is_sha256(file.sha256) or file.size < 0:
                raise HubError(
                    f"the decision speaks of `{file.path[:200]}` twice or without a digest",
                    code="file-list",
                )
            seen.add(file.path)
            if tier.weights_leave:
                yield file, tier
    if len(seen) > _MAX_FILES:
        raise HubError(f"more than {_MAX_FILES} files in one release", code="file-list")
    for path in seen:
        folder, slash, _ = path.rpartition("/")
        while slash:
            if folder in seen:
                raise HubError(f"`{folder[:200]}` is a file and a folder at once", code="file-list")
            folder, slash, _ = folder.rpartition("/")


def commit_of(decision: bytes, files: Iterable[ReleaseFile]) -> str:
    """Return the commit id: 40 hexadecimal digits, the same for the same release anywhere."""
    listed = sorted((file.path, file.size, file.sha256, file.git_sha1) for file in files)
    return sha256(compact({"decision": sha256(decision), "files": listed}))[:40]


def git_blob_sha1(content: bytes) -> str:
    """Return the id git gives a blob of this content; clients know small files by it."""
    header = b"blob %d\x00" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def git_pointer_sha1(digest: str, size: int) -> str:
    """Return the id git gives the pointer file of a large file (Git LFS, pointer v1)."""
    return git_blob_sha1(git_pointer(digest, size))


def git_pointer(digest: str, size: int) -> bytes:
    """Return the pointer file of a large file (Git LFS specification, pointer v1)."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n"
    ).encode()


def _require_path(path: str) -> None:
    parts = path.split("/")
    if (
        not path
        or len(path.encode("utf-8", "surrogatepass")) > _MAX_PATH_BYTES
        or any(part in ("", ".", "..") for part in parts)
        or parts[0] in (".openweir", ".git", ".cache")
        or any(unicodedata.category(sign) in ("Cc", "Cf", "Cs") for sign in path)
        or "\\" in path
    ):
        raise HubError(
            f"`{ascii(path)[1:-1][:200]}` is not a path a release may have",
            code="path",
            hint="relative, `/` between parts, no control signs, not under .openweir, .git, .cache",
        )
