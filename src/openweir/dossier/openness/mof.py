"""Class a release by the Model Openness Framework, as the chosen rule set reads it.

Three classes, each with all that the one before asks for: III Open Model, II Open
Tooling, I Open Science. A component counts when it is there under an open
licence. The technical report of class III may be left out when the research
paper of class I is there. A licence of another kind than the component only
warns. `mof-1.0/mot` reproduces the Model Openness Tool, its data defects
included (reference 1.2 and 1.4); `mof-1.0/strict` repairs those.

Source: Model Openness Framework 1.0 (arXiv 2403.13784v6); lfai/model_openness_tool 8b5d30e.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from openweir.dossier.openness.mof_rules import MofComponent, MofRules, mof_rules
from openweir.dossier.openness.release import Item, Release

__all__ = ["CLASS_NAMES", "MofResult", "Standing", "class_release", "licence_of"]

CLASS_NAMES = {0: "unclassified", 1: "class I", 2: "class II", 3: "class III"}
# PHP takes "0" for empty, and MOT asks PHP.
_NO_LICENCE = frozenset({"", "0", "unlicensed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one component stands.

    Attributes:
        component: the framework's component.
        status: `included`, `invalid` (a licence that is not open), `unlicensed`, `missing`.
        licence: as the rule set read it; "" for none.
        written: as the release wrote it; "" for none.
        suits: whether the licence is one for this kind of component; only said of included ones.
    """

    component: MofComponent
    status: str
    licence: str = ""
    written: str = ""
    suits: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MofResult:
    """What the framework says of a release.

    Attributes:
        rules: name of the rule set.
        number: the class, 1 to 3; 0 for none.
        progress: exact percentages towards class I, II and III, in that order.
        standings: one per component of the framework, class III first.
        strangers: names in the release that are no component of the framework.
    """

    rules: str
    number: int
    progress: tuple[Fraction, Fraction, Fraction]
    standings: tuple[Standing, ...]
    strangers: tuple[str, ...]

    @property
    def label(self) -> str:
        """The class in words: `class III`, or `unclassified`."""
        return CLASS_NAMES[self.number]

    @property
    def not_type_appropriate(self) -> tuple[int, ...]:
        """Numbers of included components under a licence for another kind."""
        return tuple(found.component.identity for found in self.standings if not found.suits)


def class_release(
    release: Release, rules: MofRules, *, type_appropriate: bool = False
) -> MofResult:
    """Class a release.

    Args:
        release: what it says of itself.
        rules: `mof_rules("mof-1.0/mot")` or `mof_rules("mof-1.0/strict")`.
        type_appropriate: count only licences that suit the kind of component; MOT warns only.
    """
    held: dict[int, Item] = {}
    strangers = []
    for item in release.items:
        component = rules.by_name.get(item.name)
        if component is None:
            strangers.append(item.name)
            component = rules.unknown
        if component is not None:
            held[component.identity] = item  # INVARIANT: the last of a name wins, as in MOT.
    standings = tuple(
        _standing(component, held.get(component.identity), release, rules)
        for component in rules.components
    )
    included = {
        found.component.identity
        for found in standings
        if found.status == "included" and (found.suits or not type_appropriate)
    }
    progress = _progress(included, rules)
    number = next((level for level in (1, 2, 3) if _complete(progress, level)), 0)
    return MofResult(
        rules=rules.name,
        number=number,
        progress=progress,
        standings=standings,
        strangers=tuple(strangers),
    )


def licence_of(item: Item, kind: str, release: Release) -> str:
    """Return the licence that holds for a component, as written; "" for none.

    Its own first, even when that says unlicensed; then the release's for the
    kind; then the release's for all.
    """
    if item.licence is not None:
        return "" if item.licence in _NO_LICENCE else item.licence
    for wanted in (kind, "distribution"):
        for stated, licence, _ in release.licences:
            if stated == wanted and licence not in ("", "0"):
                return "" if licence in _NO_LICENCE else licence
    return ""


def _standing(
    component: MofComponent, item: Item | None, release: Release, rules: MofRules
) -> Standing:
    if item is None:
        return _judged(rules.name, component.name, None)
    return _judged(rules.name, component.name, licence_of(item, component.kind, release))


@lru_cache(maxsize=8192)
def _judged(rules_name: str, name: str, written: str | None) -> Standing:
    """Return how a component stands under a licence as written; None is no component.

    Thousands of releases share a few hundred answers, so they are kept.
    """
    rules = mof_rules(rules_name)
    component = rules.by_name[name]
    if written is None:
        return Standing(component=component, status="missing")
    licence = written if rules.names is None else rules.names.normal(written)
    if not licence:
        return Standing(component=component, status="unlicensed")
    if licence not in rules.open_ids:
        return Standing(component=component, status="invalid", licence=licence, written=written)
    return Standing(
        component=component,
        status="included",
        licence=licence,
        written=written,
        suits=licence in rules.appropriate[component.kind],
    )


def _progress(included: set[int], rules: MofRules) -> tuple[Fraction, Fraction, Fraction]:
    """Return exact percentages towards class I, II, III."""
    report, paper = rules.report.identity, rules.paper.identity
    needed = rules.needed
    has = {level: len(included & needed[level]) for level in needed}
    if paper in included and report not in included:
        has[3] += 1
        has[2] += 1
    of = {level: len(needed[level]) for level in needed}
    complete = {level: has[level] >= of[level] for level in (3, 2)}
    # Class I asks for the paper itself, so without the report there is one thing fewer to have.
    if paper in included and report not in included:
        of[1] -= 1
    share = {level: min(Fraction(100), Fraction(100 * has[level], of[level])) for level in needed}
    if rules.zero_until_complete:
        share[2] *= complete[3]
        share[1] *= complete[3] and complete[2]
    return share[1], share[2], share[3]


def _complete(progress: tuple[Fraction, Fraction, Fraction], level: int) -> bool:
    """Whether a class and all before it stand at exactly 100 %."""
    return all(share == Fraction(100) for share in progress[level - 1 :])
