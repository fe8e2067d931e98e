"""Faults of a policy that reads well: rules that stop nobody, tiers nobody reaches, broken vows.

Decided over cells, without a solver; `openweir policy prove` proves the same and more.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from openweir.policy.formula import Any, say
from openweir.policy.policy import Policy, Requirement, Vocabulary
from openweir.policy.search import Search
from openweir.policy.witness import Witness
from openweir.tier import Tier

__all__ = ["Finding", "check_against", "check_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault.

    Attributes:
        code: `dead-rule`, `unreachable-tier`, ...
        where: the rule, tier or file it is about.
        hint: what to do.
        witness: a dossier that shows it, where one can.
    """

    code: str
    message: str
    where: str
    hint: str = ""
    witness: Witness | None = None


def check_policy(policy: Policy, vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """Return the faults of one version by itself.

    Args:
        policy: a pack that loaded.
        vocabulary: kinds of facts and orders of words.
    """
    formulas = [item.formula for item in policy.requirements]
    formulas += [item.formula for item in policy.invariants]
    search = Search(formulas, vocabulary)
    return (
        *_unreachable(policy, search),
        *_dead_rules(policy, search),
        *_dead_exceptions(policy, search),
        *_broken(policy, search),
    )


def _unreachable(policy: Policy, search: Search) -> Iterator[Finding]:
    """Source: invariant I3, each tier is reachable or declared closed."""
    blocked = False
    for tier in list(Tier)[1:]:
        found = search.meeting([item.formula for item in policy.asked_at(tier)])
        reached = found is not None and found.witness is not None
        closed = policy.tier_rule(tier).closed
        if closed and reached:
            yield Finding(
                code="open-tier",
                message=f"`{tier.word}` is declared closed and can be reached",
                where=f"tiers.{tier.word}",
                hint="take `closed` away, or ask for what nobody can show",
                witness=found.witness if found else None,
            )
        elif not reached and not closed and not blocked:
            blocked = True
            yield Finding(
                code="unreachable-tier",
                message=f"no dossier reaches `{tier.word}`: its rules exclude each other",
                where=f"tiers.{tier.word}",
                hint="look for two rules that no release can meet at once, or declare it closed",
            )


def _dead_rules(policy: Policy, search: Search) -> Iterator[Finding]:
    """Source: invariant I4, each requirement is live at some tier."""
    rules: dict[str, list[Requirement]] = {}
    for item in policy.requirements:
        rules.setdefault(item.rule, []).append(item)
    for rule, instances in rules.items():
        if not any(_live(item, policy, search) for item in instances):
            yield Finding(
                code="dead-rule",
                message=f"`{rule}` stops nobody whom the other rules let pass",
                where=f"requirement.{rule}",
                hint="it may be weaker than meant; otherwise leave it out",
            )


def _live(item: Requirement, policy: Policy, search: Search) -> bool:
    others = [other for other in policy.asked_at(item.tier) if other.rule != item.rule]
    found = search.failing([other.formula for other in others], item.formula)
    return any(way.witness is not None for way in found)


def _dead_exceptions(policy: Policy, search: Search) -> Iterator[Finding]:
    told: set[str] = set()
    for item in policy.requirements:
        if not item.exceptions or not isinstance(item.formula, Any):
            continue
        rule, *ways = item.formula.children
        for name, way in zip(item.exceptions, ways, strict=True):
            if name not in told and not any(search.failing([way], rule)):
                told.add(name)
                yield Finding(
                    code="dead-exception",
                    message=f"exception `{name}` asks for no less than `{item.id}` itself",
                    where=f"exception.{name}",
                    hint="leave it out",
                )


def _broken(policy: Policy, search: Search) -> Iterator[Finding]:
    """Source: invariant I6, the author's never-statements follow from the rules."""
    for item in policy.invariants:
        wanted = [requirement.formula for requirement in policy.asked_at(item.tier)]
        ways = list(search.failing(wanted, item.formula))
        if ways:
            found = next((way for way in ways if way.witness is not None), ways[0])
            asked = "; ".join(say(atom) for atom in found.missing) or "what it asks"
            yield Finding(
                code="invariant",
                message=f"`{item.tier.word}` can be reached without {asked}",
                where=f"invariant.{item.id}",
                hint="make a rule ask for it, or take the never-statement back",
                witness=found.witness,
            )


def check_against(policy: Policy, older: Policy) -> tuple[Finding, ...]:
    """Return the faults of a version beside the one it supersedes, loosenings apart.

    Source: invariant I9, exactly one version is in force on every day.
    """
    return (*_lineage(policy, older), *_dates(policy, older))


def _lineage(policy: Policy, older: Policy) -> Iterator[Finding]:
    if policy.id != older.id:
        yield Finding(
            code="other-policy",
            message=f"`{older.id}` is not an older version of `{policy.id}`",
            where="policy.id",
        )
    if policy.supersedes != older.sha256:
        yield Finding(
            code="supersedes",
            message="the pack does not name the version it is held against",
            where="policy.supersedes",
            hint=f'supersedes = "{older.sha256}"',
        )
    if policy.version == older.version and policy.sha256 != older.sha256:
        yield Finding(
            code="version",
            message=f"two packs call themselves version {policy.version}",
            where="policy.version",
            hint="give the new one a version of its own",
        )


def _dates(policy: Policy, older: Policy) -> Iterator[Finding]:
    first, last = policy.effective_from, older.effective_to
    if first <= older.effective_from:
        yield Finding(
            code="dates",
            message=f"it comes into force on {first}, not after the older one"
            f" ({older.effective_from})",
            where="policy.effective-from",
        )
    elif last is not None and first > last + timedelta(days=1):
        yield Finding(
            code="date-gap",
            message=f"no version is in force from {last + timedelta(days=1)}"
            f" to {first - timedelta(days=1)}",
            where="policy.effective-from",
            hint=f"effective-from = {last + timedelta(days=1)}",
        )
    elif policy.supersedes != older.sha256 and (last is None or last >= first):
        yield Finding(
            code="date-overlap",
            message=f"two versions are in force from {first}",
            where="policy.effective-from",
            hint="supersede the older one, or end it before",
        )
