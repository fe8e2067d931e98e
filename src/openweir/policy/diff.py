"""What one version of a policy asks less of, or more of, than another.

Version B loosens requirement `r` of version A if some dossier meets everything B asks at
the tier of `r` and not `r`. Because formulas are monotone this is decided over cells: what
is reported as the same is the same, and what is reported as loosened has a witness, or is
marked as not excluded.

Implements invariant I15 without a solver: `policy prove` says the same with one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from openweir.policy.formula import Atom, Formula, leaves, say
from openweir.policy.frame import Region, frame_regions
from openweir.policy.policy import Policy, Requirement, Vocabulary
from openweir.policy.search import Found, Search

__all__ = ["Difference", "Region", "compare"]

_MOST_WAYS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How version `new` differs from version `old` in what it asks."""

    loosened: tuple[Region, ...]
    tightened: tuple[Region, ...]

    @property
    def loosening_ids(self) -> tuple[str, ...]:
        """What a signed note must name, each once, sorted."""
        return tuple(sorted({region.id for region in self.loosened}))


def compare(old: Policy, new: Policy, vocabulary: Vocabulary) -> Difference:
    """Return each region where the two versions answer differently.

    Args:
        old: the version before.
        new: the version that comes.
        vocabulary: kinds of facts and orders of words.
    """
    search = Search([*_formulas(old), *_formulas(new)], vocabulary)
    loosened, tightened = frame_regions(old, new)
    return Difference(
        loosened=(*_less(old, new, search), *_lighter(old, new, search), *loosened),
        tightened=(*_less(new, old, search), *_lighter(new, old, search), *tightened),
    )


def _formulas(policy: Policy) -> Iterator[Formula]:
    yield from (item.formula for item in policy.requirements)
    yield from (item.light.formula for item in policy.approvals if item.light is not None)


def _lighter(asking: Policy, other: Policy, search: Search) -> Iterator[Region]:
    """Yield tiers at which `other` lets fewer people sign for some release."""
    for item in other.approvals:
        light, mine = item.light, asking.approval(item.tier).light
        if light is None or light == mine:
            continue
        said = f"{light.signatures} of {', '.join(light.roles)} sign for a light track"
        found = None
        if mine is not None and (mine.signatures, mine.roles) == (light.signatures, light.roles):
            found = next(search.failing([light.formula], mine.formula), None)
            if found is None:
                continue
        yield Region(
            id=f"light-approval@{item.tier.word}",
            tier=item.tier,
            text=said,
            missing=tuple(say(atom) for atom in found.missing) if found else (said,),
        )


def _less(asking: Policy, other: Policy, search: Search) -> Iterator[Region]:
    """Yield what `asking` asks and `other` does not."""
    for item in asking.requirements:
        wanted = other.asked_at(item.tier)
        if any(requirement.formula == item.formula for requirement in wanted):
            continue
        known = {atom for requirement in wanted for atom in leaves(requirement.formula)}
        ways: dict[tuple[str, ...], Found] = {}
        formulas = [requirement.formula for requirement in wanted]
        for found in search.failing(formulas, item.formula):
            changed = _changed(found.missing, known)
            before = ways.get(changed)
            if before is None or (before.witness is None and found.witness is not None):
                ways[changed] = found
        # Whoever must show less in one way need not hear of ways that contain it.
        least = [way for way in ways if not any(set(o) < set(way) for o in ways)]
        for changed in least[:_MOST_WAYS]:
            yield _region(item, changed, ways[changed])


def _changed(missing: tuple[Atom, ...], known: set[Atom]) -> tuple[str, ...]:
    """Return what is not shown and not asked in these words any more; all of it otherwise."""
    gone = [say(atom) for atom in missing if atom not in known]
    return tuple(sorted(gone or (say(atom) for atom in missing)))


def _region(item: Requirement, changed: tuple[str, ...], found: Found) -> Region:
    return Region(
        id=item.id, tier=item.tier, text=item.text, missing=changed, witness=found.witness
    )
