"""The lemmas behind every policy: each kind of atom is monotone, whatever it asks.

Limits, levels, shelf lives and the choice of evaluations are variables here, so one
answer covers every pack that can ever be written; AND, OR and at-least-k of monotone
parts are monotone.
"""

from collections.abc import Iterator
from dataclasses import replace

from openweir.policy import Policy, Vocabulary
from openweir.policy.prove.encode import Asked, Encoder, claim_term
from openweir.policy.prove.order import domain, weaker
from openweir.policy.prove.query import Query, script
from openweir.policy.prove.space import ClaimAxis, FactAxis, Space
from openweir.policy.prove.term import all_of, any_of, negate

__all__ = ["lemmas"]


def lemmas(policy: Policy, vocabulary: Vocabulary) -> Iterator[Query]:
    """I1, for every policy of the language: claims of both directions, and estimates.

    Args:
        policy: whose accepted certainties are meant; no requirement of it is looked at.
        vocabulary: the scales.
    """
    for sense in ("at-most", "at-least"):
        yield _claim(sense, policy, vocabulary)
    yield _estimate(policy, vocabulary)


def _claim(sense: str, policy: Policy, vocabulary: Vocabulary) -> Query:
    axis = ClaimAxis(key="c0", claim="any", sense=sense, trials=2, places=6, confidence_places=6)
    space = Space(facts=(), components=(), claims=(axis,), grants=(), vocabulary=vocabulary)
    kinds = tuple(f"shows{index}" for index in range(len(vocabulary.evaluations)))
    system = vocabulary.evaluations.index("SYS")
    numbers = ("limit", "least_rung", "least_independence", "least_access", "sure", "days")
    asked = Asked(
        sense=sense,
        limit="limit",
        evaluations=kinds,
        system_only=all_of(
            kind if index == system else negate(kind) for index, kind in enumerate(kinds)
        ),
        rung="least_rung",
        independence="least_independence",
        access="least_access",
        confidence="sure",
        shelf_life="days",
    )
    encoders = [Encoder(space, _empty(policy), dossier) for dossier in ("a", "b")]
    definitions = [line for encoder in encoders for line in encoder.definitions()]
    one, other = (claim_term(asked, axis, encoder) for encoder in encoders)
    return _write(
        f"I1 any claim, {sense}",
        space,
        policy,
        [*((symbol, "Int") for symbol in numbers), *((kind, "Bool") for kind in kinds)],
        definitions,
        all_of((one, negate(other))),
    )


def _estimate(policy: Policy, vocabulary: Vocabulary) -> Query:
    axis = FactAxis(key="f0", predicate="any", kind="estimate", words=(), places=0)
    space = Space(facts=(axis,), components=(), claims=(), grants=(), vocabulary=vocabulary)
    accepted = {d: Encoder(space, policy, d).accepted("f0_cert_" + d) for d in ("a", "b")}

    def holds(test: str, dossier: str) -> str:
        return all_of(
            (
                accepted[dossier],
                f"f0_known_{dossier}",
                f"f0_unit_{dossier}",
                test.format(lo=f"f0_lo_{dossier}", hi=f"f0_hi_{dossier}"),
            )
        )

    tests = ("(<= {hi} limit)", "(< {hi} limit)", "(>= {lo} limit)", "(> {lo} limit)")
    broken = any_of(all_of((holds(test, "a"), negate(holds(test, "b")))) for test in tests)
    return _write("I1 any estimate", space, policy, [("limit", "Int")], [], broken)


def _write(  # noqa: PLR0917 - the parts of one script
    name: str,
    space: Space,
    policy: Policy,
    symbols: list[tuple[str, str]],
    definitions: list[str],
    broken: str,
) -> Query:
    text = script(
        [*(v for dossier in ("a", "b") for v in space.variables(dossier)), *symbols],
        definitions,
        [
            *(line for dossier in ("a", "b") for line in domain(space, dossier)),
            *weaker(space, policy, "a", "b"),
            broken,
        ],
    )
    return Query(name=name, text=text, dossiers=())


def _empty(policy: Policy) -> Policy:
    return replace(policy, requirements=(), invariants=(), approvals=())
