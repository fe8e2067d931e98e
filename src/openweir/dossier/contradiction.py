"""Contradictions: facts that cannot both be true; both are kept, and each names the other."""

from collections import defaultdict
from dataclasses import replace

from openweir import canonical
from openweir.artifact import show
from openweir.dossier.dossier import Finding
from openweir.dossier.fact import Estimate, Fact, Value

__all__ = ["mark_contradictions"]

# A folder may say several of these at once; only what a case declares can contradict them.
_SEVERAL = frozenset({"specialised-domain"})
# What the case states and what the files show are both conditions: none denies another.
_ADD_UP = frozenset({"licence-conditions"})


def mark_contradictions(
    known: tuple[Fact, ...], declared: tuple[Fact, ...]
) -> tuple[tuple[Fact, ...], tuple[Finding, ...]]:
    """Find every pair of facts that cannot both be true.

    Args:
        known: read from files, or computed.
        declared: by the case. Two declared texts may stand side by side (two licences, two
            pointers); two declared numbers may not.

    Returns:
        All facts, each with the places that contradict it, and one finding per pair.
    """
    stated = frozenset(declared)
    # Declared ones speak first, since the case is where they can be corrected.
    facts = sorted(
        dict.fromkeys(known + declared),
        key=lambda fact: (fact not in stated, canonical.compact(fact.to_json())),
    )
    groups: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, fact in enumerate(facts):
        groups[fact.predicate, fact.subject].append(index)
    against: defaultdict[int, set[str]] = defaultdict(set)
    findings = []
    for indices in groups.values():
        for place, first in enumerate(indices):
            for second in indices[place + 1 :]:
                if _contradict(facts[first], facts[second], stated):
                    against[first].add(facts[second].source.place)
                    against[second].add(facts[first].source.place)
                    findings.append(_finding(facts[first], facts[second]))
    marked = (
        replace(fact, contradicted_by=tuple(sorted(against[index]))) if index in against else fact
        for index, fact in enumerate(facts)
    )
    return tuple(marked), tuple(findings)


def _contradict(first: Fact, second: Fact, stated: frozenset[Fact]) -> bool:
    one, other = first.value, second.value
    if first.predicate in _ADD_UP:
        return False
    both_stated = first in stated and second in stated
    if isinstance(one, Estimate) and isinstance(other, Estimate):
        return one.upper < other.lower or other.upper < one.lower
    if both_stated and not (isinstance(one, bool) and isinstance(other, bool)):
        return False
    if first not in stated and first.predicate in _SEVERAL:
        return False
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() != other.casefold()
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(one) != set(other)
    return one != other


def _finding(first: Fact, second: Fact) -> Finding:
    return Finding(
        path=second.source.ref,
        verdict="flagged",
        rules=("contradiction",),
        detail=f"{first.predicate}: {first.source.ref} says {_words(first.value)}, "
        f"{second.source.ref} says {_words(second.value)}",
    )


def _words(value: Value) -> str:
    if isinstance(value, Estimate):
        ends = [canonical.decimal_text(end) for end in (value.lower, value.upper)]
        return f"`{ends[0]}`" if ends[0] == ends[1] else f"`{ends[0]}` to `{ends[1]}`"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "`" + show(value if isinstance(value, str) else ", ".join(value), 120) + "`"
