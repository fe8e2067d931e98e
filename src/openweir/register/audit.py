"""Audit a whole log: recompute everything from the entries and name what differs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from openweir.errors import RegisterError
from openweir.register.checkpoint import Checkpoint
from openweir.register.merkle import leaf_hash, root_of_leaves
from openweir.register.note import VerifierKey
from openweir.register.tile import (
    TILE_WIDTH,
    Fetch,
    Tile,
    decode_bundle,
    decode_hashes,
    fetch_tile,
    tiles_of,
)

__all__ = ["Audit", "Damage", "audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One file of the log that is not what it must be."""

    path: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found.

    Attributes:
        checkpoint: None when it is itself damaged or not trusted.
        damage: sorted by path; empty when every byte is accounted for.
    """

    checkpoint: Checkpoint | None
    damage: tuple[Damage, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged."""
        return not self.damage


def audit(
    fetch: Fetch, logs: Iterable[tuple[str, VerifierKey]], *, listing: Sequence[str] = ()
) -> Audit:
    """Check a log from its entries up.

    Steps: (1) the checkpoint's signature; (2) leaf hashes from the entries and from the
    level-0 tiles; (3) the root tells which of the two is right where they differ; (4) every
    higher tile is recomputed; (5) files of earlier, smaller trees are beginnings of these.

    Args:
        fetch: reads a published path; raises RegisterError when it is missing.
        logs: (origin, key) of each log that counts.
        listing: paths of further tiles and bundles to check, where they can be listed.
    """
    try:
        head = Checkpoint.verify(fetch("checkpoint"), logs)  # (1)
    except RegisterError as error:
        return Audit(checkpoint=None, damage=(Damage(path="checkpoint", detail=error.message),))
    found = _Found()
    entries, leaves = _leaves(head.size, fetch, found)  # (2)
    truth = _reconcile(head, entries, leaves, found)  # (3)
    if truth is not None:
        levels = _levels(truth)
        for level, hashes in enumerate(levels[1:], start=1):  # (4)
            for tile in tiles_of(head.size, level):
                found.compare(tile, _held(hashes, tile), _hashes(tile, fetch, found))
        for path in listing:  # (5)
            _earlier(path, levels, fetch, found)
    damage = tuple(sorted(found.damage, key=lambda item: (item.path, item.detail)))
    return Audit(checkpoint=head, damage=damage)


class _Found:
    """Collects damage, each path once."""

    def __init__(self) -> None:
        self.damage: list[Damage] = []

    def add(self, path: str, detail: str) -> None:
        if all(item.path != path for item in self.damage):
            self.damage.append(Damage(path=path, detail=detail))

    def compare(
        self, tile: Tile, right: Sequence[bytes] | None, held: Sequence[bytes] | None
    ) -> None:
        if right is None or held is None or tuple(right) == tuple(held):
            return
        first = next(i for i, (a, b) in enumerate(zip(right, held, strict=True)) if a != b)
        what = "entry" if tile.level is None else "hash"
        self.add(tile.path, f"{what} {first} in it is not what the signed root commits to")


def _leaves(
    size: int, fetch: Fetch, found: _Found
) -> tuple[list[tuple[bytes, ...] | None], list[tuple[bytes, ...] | None]]:
    """Return leaf hashes per tile, from bundles and from tiles; None where unreadable."""
    return (
        [_entry_hashes(tile, fetch, found) for tile in tiles_of(size, None)],
        [_hashes(tile, fetch, found) for tile in tiles_of(size, 0)],
    )


def _reconcile(
    head: Checkpoint,
    entries: list[tuple[bytes, ...] | None],
    leaves: list[tuple[bytes, ...] | None],
    found: _Found,
) -> list[bytes] | None:
    """Return the leaf hashes that lead to the signed root, or None if none at hand do."""
    pairs = list(zip(tiles_of(head.size, 0), entries, leaves, strict=True))
    # Where one of the two is unreadable the other one stands in.
    for wrong, right in ((leaves, entries), (entries, leaves)):
        truth = [b if b is not None else a for a, b in zip(wrong, right, strict=True)]
        flat = [item for part in truth if part is not None for item in part]
        if None in truth or root_of_leaves(flat) != head.root:
            continue
        for (tile, bundle, hashes), held in zip(pairs, truth, strict=True):
            found.compare(Tile(level=None, index=tile.index, width=tile.width), held, bundle)
            found.compare(tile, held, hashes)
        return flat
    for tile, bundle, hashes in pairs:
        if bundle != hashes:
            path = Tile(level=None, index=tile.index, width=tile.width).path
            found.add(path, f"disagrees with {tile.path}, and neither fits the signed root")
            found.add(tile.path, f"disagrees with {path}, and neither fits the signed root")
    if not found.damage:
        found.add("checkpoint", "its root is not that of the entries and tiles")
    return None


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    levels = [leaves]
    while len(levels[-1]) >= TILE_WIDTH:
        below = levels[-1]
        full = len(below) - len(below) % TILE_WIDTH
        levels.append(
            [root_of_leaves(below[at : at + TILE_WIDTH]) for at in range(0, full, TILE_WIDTH)]
        )
    return levels


def _earlier(path: str, levels: list[list[bytes]], fetch: Fetch, found: _Found) -> None:
    try:
        tile = Tile.parse(path)
    except RegisterError:
        found.add(path, "does not belong into a log")
        return
    level = tile.level or 0
    right = _held(levels[level], tile) if level < len(levels) else ()
    if len(right) < tile.width:
        return  # left behind by an append that did not finish: no checkpoint speaks of it
    held = _entry_hashes(tile, fetch, found) if tile.level is None else _hashes(tile, fetch, found)
    found.compare(tile, right, held)


def _held(hashes: list[bytes], tile: Tile) -> list[bytes]:
    return hashes[tile.index * TILE_WIDTH :][: tile.width]


def _hashes(tile: Tile, fetch: Fetch, found: _Found) -> tuple[bytes, ...] | None:
    try:
        return decode_hashes(fetch_tile(tile, fetch), tile.width, where=tile.path)
    except RegisterError as error:
        found.add(tile.path, error.message)
        return None


def _entry_hashes(tile: Tile, fetch: Fetch, found: _Found) -> tuple[bytes, ...] | None:
    try:
        bundle = decode_bundle(fetch(tile.path), tile.width, where=tile.path)
    except RegisterError as error:
        found.add(tile.path, error.message)
        return None
    return tuple(leaf_hash(entry) for entry in bundle)
