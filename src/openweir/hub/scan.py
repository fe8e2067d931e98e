"""The scan at the hub's own gate: what came in is looked through before anybody is served it.

A publisher's dossier says what was found in the files; the hub looks for itself. It refuses
what opening would run, and what the dossier, on which the decision rests, does not tell
(laws 7 and 8). Nothing is unpickled or run, and of tensors only headers are read.
"""

import io
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from openweir.artifact import (
    Snapshot,
    Verdict,
    VerdictKind,
    at_the_gate,
    has_templates,
    look_through,
    show,
)
from openweir.dossier import Dossier
from openweir.errors import HubError
from openweir.hub.accept import Check
from openweir.hub.storage import Storage

__all__ = ["Looked", "Scans", "check_scan", "scan_files"]

# What policies weigh of a file: a dossier that keeps silent about one of these misleads them.
_WEIGHED = frozenset(("custom-code", "pickle"))
_BUFFER_BYTES = 256 * 1024
_MOST_KEPT = 65_536
# Looking through takes memory for the JSON it parses: one release at a time.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A file to look through.

    Attributes:
        path: in the repository; it decides too what a file is taken for.
        size: in bytes.
        key: where its bytes lie in the hub's storage.
    """

    path: str
    size: int
    key: str


def scan_files(storage: Storage, files: Iterable[Looked]) -> tuple[Verdict, ...]:
    """Look through stored files and judge them as `openweir scan` does.

    Args:
        storage: of the hub.
        files: of one release, or of one draft.

    Returns:
        One verdict per path, sorted by the bytes of the path.

    Raises:
        HubError: the storage is out of reach.
    """
    listed = [(file.path, file.size, partial(_open, storage, file)) for file in files]
    with _ONE_AT_A_TIME:
        try:
            return at_the_gate(_judged(look_through(listed)).verdicts)
        except OSError as error:
            raise HubError(
                f"the files cannot be looked through: {error.strerror or type(error).__name__}",
                code="out-of-reach",
            ) from None


def check_scan(verdicts: Iterable[Verdict], dossier: bytes | None) -> Check:
    """Say whether files may be published.

    Args:
        verdicts: of `scan_files`.
        dossier: the one the decision was made from; None where the policy is taken on its
            signers' word, without the files the decision was made from.

    Returns:
        The check `scan`, with the first file at fault and what was found.
    """
    told: Mapping[str, tuple[str, ...]] = {}
    if dossier is not None:
        told = {item.path: item.rules for item in Dossier.from_bytes(dossier).findings}
    count = 0
    for found in verdicts:
        count += 1
        named = f"`{show(found.path, 200)}`"
        if found.verdict is VerdictKind.REFUSED:
            rules = ", ".join(found.rules)
            return Check(
                name="scan", ok=False, detail=f"{named} is refused ({rules}): {found.detail}"
            )
        untold = _WEIGHED & set(found.rules) - set(told.get(found.path, ()))
        if dossier is not None and untold:
            return Check(
                name="scan",
                ok=False,
                detail=f"{named} is {min(untold)} ({found.detail}), and the dossier, on which "
                "the decision rests, does not say so",
            )
    files = f"{count} file{'' if count == 1 else 's'}"
    return Check(name="scan", ok=True, detail=f"{files} looked through, none refused")


class Scans:
    """What was found in files, kept by digest and path while the process lives.

    Args:
        storage: of the hub.
    """

    def __init__(self, storage: Storage) -> None:
        """Know nothing yet."""
        self._storage = storage
        self._kept: OrderedDict[tuple[str, str], Verdict] = OrderedDict()
        self._lock = threading.Lock()

    def verdicts(
        self, files: Iterable[tuple[str, int, str]], *, key_of: Mapping[str, str], most: int
    ) -> dict[str, Verdict]:
        """Return path -> verdict of files, looking through at most `most` new ones.

        Args:
            files: (path, size, SHA-256).
            key_of: SHA-256 -> storage key of each.
            most: how many files may be looked through now; the rest waits for a later call.
        """
        found: dict[str, Verdict] = {}
        fresh: dict[str, str] = {}
        waiting: list[Looked] = []
        for path, size, digest in files:
            with self._lock:
                kept = self._kept.get((digest, path))
            if kept is not None:
                found[path] = kept
            elif len(waiting) < most:
                waiting.append(Looked(path=path, size=size, key=key_of[digest]))
                fresh[path] = digest
        for file in waiting:
            # One by one: what a file is must not depend on which others a request names.
            (verdict,) = scan_files(self._storage, (file,))
            found[file.path] = verdict
            self.keep(fresh[file.path], verdict)
        return found

    def keep(self, digest: str, verdict: Verdict) -> None:
        """Keep what was found in a file."""
        with self._lock:
            self._kept[digest, verdict.path] = verdict
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)


class _Stored(io.RawIOBase):
    """Stored bytes as a file that is read at any place."""

    def __init__(self, storage: Storage, file: Looked) -> None:
        self._storage = storage
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        end = min(self._file.size, self._at + len(view))
        count = 0
        if end > self._at:
            for piece in self._storage.pieces(self._file.key, self._at, end):
                view[count : count + len(piece)] = piece
                count += len(piece)
        self._at += count
        return count


def _open(storage: Storage, file: Looked) -> BinaryIO:
    path = storage.path(file.key)
    if path is not None:
        return path.open("rb")
    return io.BufferedReader(_Stored(storage, file), _BUFFER_BYTES)


def _judged(snapshot: Snapshot) -> Snapshot:
    if not has_templates(snapshot):
        return snapshot
    # Only files with a template pay for the parser.
    from openweir.artifact.template_syntax import judge_templates  # noqa: PLC0415 - see above

    return judge_templates(snapshot)
