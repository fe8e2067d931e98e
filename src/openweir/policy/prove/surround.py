"""The invariants on what surrounds a policy: dates, other jurisdictions, overrides, duties.

What the pack declares is taken from the pack; the tiers are those of the whole policy
over a symbolic dossier; the rest is law 6 and section 3 of the reference, written once
more: an override lifts by one tier, an order or a breach only lowers, jurisdictions are
combined by their minimum.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from openweir.policy import Policy
from openweir.policy.prove.encode import admissible
from openweir.policy.prove.laws import Laws, outputs
from openweir.policy.prove.order import domain
from openweir.policy.prove.query import Query, script
from openweir.policy.prove.term import (
    all_of,
    any_of,
    at_least,
    define,
    equal,
    implies,
    negate,
    number,
)
from openweir.tier import Tier

__all__ = ["dates", "duties", "jurisdictions", "overrides"]

_OPEN = list(Tier)[1:]


def dates(versions: Sequence[Policy]) -> Iterator[Query]:
    """I9: on every day from the first to the last, one version is in force, and only one.

    An answer's `day` is the proleptic Gregorian ordinal of a day that breaks it.
    """
    first = min(version.effective_from for version in versions)
    ends = [version.effective_to for version in versions]
    last = date.max if None in ends else max(end for end in ends if end is not None)
    spans = [
        f"(<= {version.effective_from.toordinal()} day"
        f" {(version.effective_to or date.max).toordinal()})"
        for version in versions
    ]
    within = f"(<= {first.toordinal()} day {last.toordinal()})"
    one = all_of((at_least(1, spans), negate(at_least(2, spans))))
    text = script([("day", "Int")], [], [within, negate(one)])
    yield Query(name="I9 one version on every day", text=text, dossiers=())


def jurisdictions(laws: Laws) -> Iterator[Query]:
    """I10: the minimum over jurisdictions is the merged policy; one more never raises.

    The other policy is any at all whose tiers are nested: five Booleans.
    """
    other = [f"other{int(tier)}" for tier in Tier]
    merged = [all_of((admissible(tier, "a"), other[tier])) for tier in Tier]
    nested = [implies(other[tier], other[tier - 1]) for tier in _OPEN]
    definitions = [
        define("mine", _count(admissible(tier, "a") for tier in _OPEN), "Int"),
        define("theirs", _count(other[tier] for tier in _OPEN), "Int"),
        define("both", _count(merged[tier] for tier in _OPEN), "Int"),
        define("least", "(ite (<= mine theirs) mine theirs)", "Int"),
    ]
    broken = any_of((negate(equal("both", "least")), "(> both mine)", "(> both theirs)"))
    yield _write(
        laws,
        "I10 the minimum is the merged policy",
        [(symbol, "Bool") for symbol in other],
        definitions,
        [other[0], *nested, broken],
    )


def overrides(laws: Laws, barred: Sequence[str] = ()) -> Iterator[Query]:
    """I11: an override lifts by one tier, by different people, and past no hard stop.

    And where the pack names who may override, somebody can.

    Args:
        laws: of the policy.
        barred: roles whose signature never counts for a lift.
    """
    policy = laws.policy
    most = max((item.signatures for item in policy.overrides), default=0)
    signers = range(most)
    roles = sorted({role for item in policy.overrides for role in item.roles})
    variables = [(f"person{index}", "Int") for index in signers]
    variables += [(f"role{index}", "Int") for index in signers]
    variables += [(f"apart{index}", "Bool") for index in signers]
    variables += [("asked", "Int"), ("days", "Int"), ("dissent_asked", "Bool")]
    encoder = laws.encoder(laws.space, policy, "a")
    definitions = list(encoder.definitions())
    stops = [item for item in policy.requirements if item.hard_stop]
    unmet = {item.id: negate(encoder.formula(item.formula)) for item in stops}
    definitions += encoder.more()
    lifts = []
    for tier in _OPEN:
        authority = policy.override(tier)
        if authority is None:
            continue
        counted = range(authority.signatures)
        known = [
            any_of(
                equal(f"role{index}", number(roles.index(role)))
                for role in authority.roles
                if role not in barred
            )
            for index in counted
        ]
        lifts.append(
            all_of(
                (
                    equal("asked", number(tier)),
                    admissible(Tier(tier - 1), "a"),
                    "dissent_asked",
                    f"(<= 0 days {authority.days})",
                    *(f"apart{index}" for index in counted),
                    *known,
                    _distinct("person", authority.signatures),
                    _distinct("role", authority.signatures),
                    *(negate(unmet[item.id]) for item in stops if item.tier <= tier),
                )
            )
        )
    definitions += [
        define("computed", _count(admissible(tier, "a") for tier in _OPEN), "Int"),
        define("lifted", any_of(lifts)),
        define("effective", "(ite (and lifted (> asked computed)) asked computed)", "Int"),
    ]
    raised = "(> effective computed)"
    same = any_of(
        equal(f"{what}{one}", f"{what}{other}")
        for what in ("person", "role")
        for one in range(min(2, most))
        for other in range(one + 1, min(2, most))
    )
    breaks = {
        "I11 lifted by more than one tier": "(> effective (+ computed 1))",
        "I11 lifted past a hard stop": any_of(
            all_of((raised, f"(>= effective {int(item.tier)})", unmet[item.id])) for item in stops
        ),
        "I11 lifted by one person or one role": all_of((raised, same)),
        "I11 lifted by nobody": all_of((raised, "true" if most == 0 else "(< days 0)")),
    }
    for name, broken in breaks.items():
        yield _write(laws, name, variables, definitions, [broken], encoded=True)
    if policy.overrides:
        query = _write(
            laws, "I11 somebody can lift", variables, definitions, [raised], encoded=True
        )
        yield replace(query, holds_when="sat")


def duties(laws: Laws) -> Iterator[Query]:
    """I14: breaching one more obligation never raises the tier."""
    caps = [item.breach_cap for item in laws.policy.obligations if item.breach_cap is not None]
    variables = [(f"breach{i}_{d}", "Bool") for i in range(len(caps)) for d in ("less", "more")]
    definitions = [define("computed", _count(admissible(tier, "a") for tier in _OPEN), "Int")]
    for which in ("less", "more"):
        term = "computed"
        for index, cap in enumerate(caps):
            symbol = f"held{index}_{which}"
            lower = f"(ite (<= {term} {int(cap)}) {term} {int(cap)})"
            definitions.append(define(symbol, f"(ite breach{index}_{which} {lower} {term})", "Int"))
            term = symbol
        definitions.append(define(f"tier_{which}", term, "Int"))
    more = [implies(f"breach{index}_less", f"breach{index}_more") for index in range(len(caps))]
    broken = any_of(("(> tier_more tier_less)", "(> tier_less computed)"))
    yield _write(laws, "I14 one more breach", variables, definitions, [*more, broken])


def _write(
    laws: Laws,
    name: str,
    variables: Iterable[tuple[str, str]],
    definitions: Iterable[str],
    asserted: Iterable[str],
    *,
    encoded: bool = False,
) -> Query:
    policy = [] if encoded else laws.encoder(laws.space, laws.policy, "a").definitions()
    out = list(outputs("a"))
    text = script(
        [*laws.space.variables("a"), *variables, *((symbol, "Bool") for symbol, _ in out)],
        [*policy, *definitions],
        [*domain(laws.space, "a"), *(equal(symbol, term) for symbol, term in out), *asserted],
    )
    return Query(name=name, text=text)


def _count(terms: Iterable[str]) -> str:
    return f"(+ 0 {' '.join(f'(ite {term} 1 0)' for term in terms)})"


def _distinct(stem: str, many: int) -> str:
    symbols = " ".join(f"{stem}{index}" for index in range(many))
    return f"(distinct {symbols})" if many > 1 else "true"
