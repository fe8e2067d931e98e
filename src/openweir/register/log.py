"""The log on disk: append, look up and prove, one writer at a time.

::

    checkpoint       the signed tree head; replaced last, so that a crash before it
                     leaves the log as it was
    tile/...         hashes and entries, never changed once a checkpoint covers them
    log.pub          the verifier key
    log.key          the signing key, readable by its owner only, never served
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openweir.errors import RegisterError
from openweir.register.checkpoint import Checkpoint
from openweir.register.merkle import inclusion_proof, leaf_hash, root_of_leaves
from openweir.register.note import SignerKey, VerifierKey
from openweir.register.proof import Proof
from openweir.register.tile import (
    TILE_WIDTH,
    Fetch,
    Tile,
    TileTree,
    decode_hashes,
    encode_bundle,
    read_entry,
    tiles_of,
)

__all__ = ["Log", "directory_fetch", "directory_listing"]

_MAX_FILE_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Log:
    """A log in a folder; make one with `create` or `open`."""

    root: Path

    @classmethod
    def create(cls, root: Path, *, origin: str) -> "Log":
        """Start an empty log with a new signing key.

        Args:
            root: a folder that holds no log yet; it is made if need be.
            origin: a name that no other log has, best a schema-less URL.

        Raises:
            RegisterError: there is a log already, or the folder cannot be written to.
        """
        key = SignerKey.generate(origin)
        log = cls(root)
        with _readable_errors(root):
            root.mkdir(parents=True, exist_ok=True)
            with log._locked():
                if (root / "log.key").exists() or (root / "checkpoint").exists():
                    raise RegisterError("there is a log already", code="exists", where=str(root))
                log._write("log.key", (key.reveal() + "\n").encode(), mode=0o600)
                log._write("log.pub", f"{key.verifier}\n".encode())
                empty = Checkpoint(origin=origin, size=0, root=root_of_leaves(()))
                log._write("checkpoint", empty.signed(key))
        return log

    @classmethod
    def open(cls, root: Path) -> "Log":
        """Return the log in a folder.

        Raises:
            RegisterError: there is none.
        """
        if not (root / "checkpoint").is_file():
            raise RegisterError(
                f"there is no log at `{root}`",
                code="no-log",
                hint=f"start one: openweir register init --register {root}",
            )
        return cls(root)

    @property
    def verifier(self) -> VerifierKey:
        """The key that its checkpoints are signed with, as the folder states it.

        Raises:
            RegisterError: `log.pub` is missing or malformed.
        """
        path = self.root / "log.pub"
        with _readable_errors(path):
            return VerifierKey.parse(path.read_text(encoding="utf-8"), where=str(path))

    @property
    def fetch(self) -> Fetch:
        """Read published paths of this log."""
        return directory_fetch(self.root)

    def checkpoint(self) -> Checkpoint:
        """Return the current tree head, its signature checked.

        Raises:
            RegisterError: it is missing, malformed or signed by another key.
        """
        return self._checkpoint()[0]

    def append(self, entries: Sequence[bytes], *, once: bool = False) -> tuple[int, ...]:
        """Add entries at the end and sign the new tree head.

        Steps: (1) take the lock; (2) check that the files are what was signed; (3) write
        bundles and tiles; (4) make them durable; (5) replace the checkpoint.

        Args:
            entries: 1 to 65,535 bytes each.
            once: leave out what the log already holds, and return where it stands.

        Returns:
            The index of each entry.

        Raises:
            RegisterError: another process is appending, an entry does not fit, the signing
                key is missing, or the log is damaged.
        """
        encode_bundle(entries)
        with _readable_errors(self.root), self._locked():  # (1)
            key = self._key()
            head, _ = self._checkpoint(key.verifier)
            tree = TileTree(head.size, self.fetch)
            if tree.root() != head.root:  # (2)
                raise RegisterError(
                    "the tiles do not lead to the signed root: nothing is appended",
                    code="damaged",
                    where=str(self.root),
                    hint=f"find the damage: openweir register verify {self.root}",
                )
            places = self._places(head.size) if once else {}
            fresh: list[bytes] = []
            indexes = []
            for entry in entries:
                leaf = leaf_hash(entry)
                index = places.get(leaf) if once else None
                if index is None:
                    index = head.size + len(fresh)
                    places[leaf] = index
                    fresh.append(entry)
                indexes.append(index)
            if fresh:
                self._extend(head, tree, fresh, key)
            return tuple(indexes)

    def entry(self, index: int) -> bytes:
        """Return one entry.

        Raises:
            RegisterError: there is none at this index, or its bundle is missing or malformed.
        """
        return read_entry(index, self.checkpoint().size, self.fetch)

    def find(self, entry: bytes) -> int | None:
        """Return the index of the first entry with these bytes, or None."""
        return self._places(self.checkpoint().size).get(leaf_hash(entry))

    def prove(self, index: int) -> Proof:
        """Return the proof that entry `index` is in the log as it is now.

        Raises:
            RegisterError: there is no such entry, or a tile is missing.
        """
        head, note = self._checkpoint()
        tree = TileTree(head.size, self.fetch)
        return Proof(
            index=index,
            hashes=inclusion_proof(index, head.size, tree.range_hash),
            checkpoint=note,
        )

    def _checkpoint(self, key: VerifierKey | None = None) -> tuple[Checkpoint, bytes]:
        key = self.verifier if key is None else key
        note = self.fetch("checkpoint")
        return Checkpoint.verify(note, [(key.name, key)], where=str(self.root / "checkpoint")), note

    def _key(self) -> SignerKey:
        path = self.root / "log.key"
        if not path.is_file():
            raise RegisterError(
                "this copy of the log has no signing key: it can be read, not added to",
                code="read-only",
                where=str(self.root),
            )
        return SignerKey.parse(path.read_text(encoding="utf-8"), where=str(path))

    def _places(self, size: int) -> dict[bytes, int]:
        """Return the first index of each leaf hash."""
        places: dict[bytes, int] = {}
        for tile in tiles_of(size, 0):
            hashes = decode_hashes(self.fetch(tile.path), tile.width, where=tile.path)
            for offset, leaf in enumerate(hashes):
                places.setdefault(leaf, tile.index * TILE_WIDTH + offset)
        return places

    def _extend(
        self, head: Checkpoint, tree: TileTree, entries: list[bytes], key: SignerKey
    ) -> None:
        hashes = [leaf_hash(entry) for entry in entries]
        tail = [self.entry(i) for i in range(head.size - head.size % TILE_WIDTH, head.size)]
        files = _chunks(None, head.size, [*tail, *entries])
        level, start, new = 0, head.size, hashes
        while new:
            chunks = _chunks(level, start, [*tree.edge(level), *new])
            files += chunks
            new = [root_of_leaves(held) for tile, held in chunks if tile.width == TILE_WIDTH]
            level, start = level + 1, start // TILE_WIDTH
        for tile, held in files:  # (3) and (4): each file is synced as it is written
            data = encode_bundle(held) if tile.level is None else b"".join(held)
            self._write(tile.path, data)
        size = head.size + len(entries)
        root = TileTree(size, self.fetch).root()
        signed = Checkpoint(origin=head.origin, size=size, root=root).signed(key)
        self._write("checkpoint", signed)  # (5)

    def _write(self, name: str, data: bytes, *, mode: int = 0o644) -> None:
        """Write a file whole and durable, or not at all."""
        path = self.root / name
        staging = self.root / ".staging"
        staging.mkdir(exist_ok=True)
        made = [folder for folder in (path.parent, *path.parents) if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = staging / str(os.getpid())
        temporary.unlink(missing_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        for folder in (path.parent, *(folder.parent for folder in made)):
            _sync_folder(folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RegisterError(
                    "another process is appending to this log",
                    code="locked",
                    where=str(self.root),
                    hint="try again when it is done",
                ) from None
            yield
        finally:
            os.close(handle)


def directory_fetch(root: Path) -> Fetch:
    """Return a fetch over a folder: published paths only, bounded."""

    def fetch(path: str) -> bytes:
        if path != "checkpoint":
            Tile.parse(path)
        with _readable_errors(path), (root / path).open("rb") as stream:
            data = stream.read(_MAX_FILE_BYTES + 1)
        if len(data) > _MAX_FILE_BYTES:
            raise RegisterError("is too long for a file of a log", code="too-long", where=path)
        return data

    return fetch


def directory_listing(root: Path) -> tuple[str, ...]:
    """Return every path under `tile/` of a folder, sorted."""
    return tuple(
        sorted(
            path.relative_to(root).as_posix()
            for path in (root / "tile").rglob("*")
            if path.is_file()
        )
    )


def _chunks(level: int | None, start: int, held: list[bytes]) -> list[tuple[Tile, list[bytes]]]:
    """Cut hashes or entries that begin at the tile boundary before `start` into tiles."""
    first = start // TILE_WIDTH
    return [
        (Tile(level=level, index=first + at // TILE_WIDTH, width=len(chunk)), chunk)
        for at in range(0, len(held), TILE_WIDTH)
        if (chunk := held[at : at + TILE_WIDTH])
    ]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _readable_errors(where: object) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise RegisterError("is missing", code="missing", where=str(where)) from None
    except UnicodeDecodeError:
        raise RegisterError("is not text", code="not-text", where=str(where)) from None
    except OSError as error:
        raise RegisterError(
            f"cannot be read or written: {error.strerror}", code="io", where=str(where)
        ) from None
