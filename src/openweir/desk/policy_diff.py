"""Compare two versions of a policy: what was edited, what that opens and closes, who moves."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from openweir.decision import VOCABULARY, decide, read_case
from openweir.desk import clock
from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.decide import read_files
from openweir.desk.pack import pack_files, read_pack
from openweir.desk.witness import tier_of_witness, witness_files
from openweir.errors import OpenweirError, PolicyError
from openweir.policy import Policy
from openweir.policy.changes import Change, changes
from openweir.policy.diff import Difference, Region, compare
from openweir.tier import Tier

__all__ = ["Comparison", "Edit", "Move", "compare_packs", "compare_policies"]

_MOST_CASES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit and what it does: `loosens`, `tightens`, `both`, or `same` when it does nothing."""

    change: Change
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A named release that the two versions answer differently."""

    name: str
    before: Tier
    after: Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What came of comparing two packs.

    Attributes:
        cases: how many named releases were decided under both.
        histogram: tier -> (releases under the old version, under the new one).
        moves: those whose tier differs.
    """

    old: Policy
    new: Policy
    edits: tuple[Edit, ...]
    difference: Difference
    cases: int
    histogram: tuple[tuple[Tier, int, int], ...]
    moves: tuple[Move, ...]


def compare_packs(
    old: str,
    new: str,
    *,
    cases: Path | None = None,
    witnesses: Path | None = None,
    as_of: str | None = None,
) -> Comparison:
    """Compare two packs.

    Args:
        old: the version before: a shipped pack's name or a folder.
        new: the version that comes.
        cases: a folder of cases to decide under both.
        witnesses: a folder to write each witness to, as a case.
        as_of: YYYY-MM-DD for the cases; the present day in UTC by default.

    Raises:
        OpenweirError: a pack or the folder of cases cannot be read.
    """
    before, after = pack_files(old), pack_files(new)
    policies = read_pack(before, old), read_pack(after, new)
    difference = compare_policies(*policies)
    names = (
        [region.id for region in difference.loosened],
        [region.id for region in difference.tightened],
    )
    moves = _moves(cases, policies, clock.today(as_of)) if cases is not None else []
    if witnesses is not None:
        _write(witnesses, difference, policies)
    return Comparison(
        old=policies[0],
        new=policies[1],
        edits=tuple(
            Edit(change=change, effect=_effect(change, names)) for change in changes(before, after)
        ),
        difference=difference,
        cases=len(moves),
        histogram=_histogram(moves),
        moves=tuple(move for move in moves if move.before is not move.after),
    )


def compare_policies(old: Policy, new: Policy) -> Difference:
    """Compare two policies and replay each witness in the engine.

    Raises:
        PolicyError: a witness does not show in the engine what the search says of it.
    """
    found = compare(old, new, VOCABULARY)
    day = max(old.effective_from, new.effective_from)
    return Difference(
        loosened=tuple(_replayed(item, old, new, day, up=True) for item in found.loosened),
        tightened=tuple(_replayed(item, old, new, day, up=False) for item in found.tightened),
    )


def _replayed(region: Region, old: Policy, new: Policy, day: date, *, up: bool) -> Region:
    if region.witness is None:
        return region
    before = tier_of_witness(region.witness, old, day)
    after = tier_of_witness(region.witness, new, day)
    lower, higher = (before, after) if up else (after, before)
    if not lower < region.tier <= higher:
        raise PolicyError(
            f"the witness of `{region.id}` goes from {before.word} to {after.word} in the engine",
            code="witness",
            hint="this is a fault of Openweir, not of the pack: please report it",
        )
    return replace(region, replayed=(before, after))


def _effect(change: Change, names: tuple[list[str], list[str]]) -> str:
    """Return what an edit does: by the rules it touches, or by its own name in the frame."""
    loosens, tightens = (any(_touches(change, name) for name in found) for found in names)
    if loosens and tightens:
        return "both"
    return "loosens" if loosens else "tightens" if tightens else "same"


def _touches(change: Change, name: str) -> bool:
    """Whether an edit touches what a region is named after."""
    words = change.what.replace(":", " ").split()
    first, _, last = name.replace("@", ":").partition(":")
    if name in change.touches or first in change.touches or last in change.touches:
        return True
    if first in ("accepted-certainty", "override-authority"):
        return first in words
    return first.removeprefix("light-") in words and (not last or last in words)


def _moves(folder: Path, policies: tuple[Policy, Policy], day: date) -> list[Move]:
    roots = sorted(path.parent for path in folder.glob("*/case.toml"))
    if not roots or len(roots) > _MOST_CASES:
        raise PolicyError(
            f"found {len(roots)} cases, expected 1 to {_MOST_CASES}",
            code="cases",
            where=str(folder),
            hint="name a folder whose folders are cases",
        )
    found = []
    for root in roots:
        try:
            case_folder = CaseFolder.open(root)
            declaration = case_folder.declaration()
            case = read_case(
                read_files(case_folder),
                hold=declaration.hold,
                component_holds=declaration.component_holds,
            )
        except OpenweirError as error:
            raise type(error)(
                error.message, code="case", where=f"{root}: {error.where}", hint=error.hint
            ) from None
        tiers = [
            decide(case, replace(policy, effective_from=date.min, effective_to=None), day).tier
            for policy in policies
        ]
        found.append(Move(name=case.dossier.name, before=tiers[0], after=tiers[1]))
    return found


def _histogram(moves: list[Move]) -> tuple[tuple[Tier, int, int], ...]:
    before, after = [move.before for move in moves], [move.after for move in moves]
    return tuple((tier, before.count(tier), after.count(tier)) for tier in Tier if moves)


def _write(folder: Path, difference: Difference, policies: tuple[Policy, Policy]) -> None:
    day = max(policy.effective_from for policy in policies)
    for kind, regions in (("loosened", difference.loosened), ("tightened", difference.tightened)):
        for number, region in enumerate(regions, start=1):
            if region.witness is not None:
                root = folder / f"{kind}-{number}-{region.id.replace('@', '-')}"
                files = witness_files(region.witness, policies[0], day)
                for name, data in files.items():
                    write_atomically(root / name, data)
