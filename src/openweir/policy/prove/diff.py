"""The semantic difference of two policies: where the new one asks less, and where more.

The question is not which lines changed but which dossiers are answered otherwise. A
rule of the old version is loosened when some dossier reaches its tier under the new
version without meeting it; a rule of the new version is a tightening when some dossier
reached its tier before without meeting it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from openweir.policy import Policy, Requirement, Vocabulary
from openweir.policy.prove.encode import Encoder, admissible
from openweir.policy.prove.instance import Instance
from openweir.policy.prove.laws import outputs
from openweir.policy.prove.order import domain
from openweir.policy.prove.query import Answer, Query, script
from openweir.policy.prove.space import Space
from openweir.policy.prove.term import all_of, any_of, equal, negate
from openweir.tier import Tier

__all__ = ["Change", "Difference", "differs", "semantic_diff", "tier_changes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A region of dossiers that the two versions answer otherwise.

    Attributes:
        id: of the rule that is loosened (of the old version) or tightened (of the new).
        tier: that such a dossier reaches under one version and not under the other.
        old_tier, new_tier: what the witness gets.
    """

    id: str
    tier: Tier
    witness: Instance
    old_tier: Tier
    new_tier: Tier

    def to_json(self) -> dict[str, object]:
        """Return the change as plain JSON values."""
        return {
            "id": self.id,
            "tier": self.tier.word,
            "old_tier": self.old_tier.word,
            "new_tier": self.new_tier.word,
            "witness": self.witness.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Every rule that is loosened and every rule that is tightened; none of both: equivalent."""

    loosened: tuple[Change, ...]
    tightened: tuple[Change, ...]
    answers: tuple[Answer, ...]

    @property
    def equivalent(self) -> bool:
        """Whether both versions answer every dossier alike."""
        return not (self.loosened or self.tightened)


def semantic_diff(
    old: Policy, new: Policy, vocabulary: Vocabulary, solve: Callable[[Query], Answer]
) -> Difference:
    """Return the semantic difference, rule by rule, with a witness dossier for each.

    Args:
        old: the version before.
        new: the version that comes.
        vocabulary: kinds of facts and the order of the scales.
        solve: a prover that gives values.

    Raises:
        ValueError: the prover gave up on a question.
    """
    space = Space.of([old, new], vocabulary)
    answers: list[Answer] = []
    found: dict[str, list[Change]] = {"old": [], "new": []}
    versions = {"old": old, "new": new}
    for side, policy in versions.items():
        for item in policy.requirements:
            answer = solve(_evaded(space, versions, item, side))
            answers.append(answer)
            if answer.status == "unknown":
                raise ValueError(f"no answer to `{answer.query.name}`")
            if answer.status == "sat":
                found[side].append(_change(space, item, answer))
    return Difference(
        loosened=tuple(found["old"]), tightened=tuple(found["new"]), answers=tuple(answers)
    )


def tier_changes(old: Policy, new: Policy, vocabulary: Vocabulary) -> Iterator[Query]:
    """Yield whether some dossier gets a higher, and whether some gets a lower tier."""
    yield differs(Encoder, old, new, vocabulary, up=True)
    yield differs(Encoder, old, new, vocabulary, up=False)


def differs(
    encoder: Callable[..., Encoder],
    old: Policy,
    new: Policy,
    vocabulary: Vocabulary,
    *,
    up: bool,
    trials: int | None = None,
) -> Query:
    """Return whether some dossier gets a higher tier (or a lower) under `new`.

    Args:
        encoder: writes `new`; another than the faithful one for the study of mutants.
        old: the version before.
        new: the version that comes.
        vocabulary: kinds of facts and the order of the scales.
        up: whether a higher tier is looked for.
        trials: planned trials per claim; by default as many as the policies have ways to ask.
    """
    space = Space.of([old, new], vocabulary, trials=trials)
    before = Encoder(space, old, "a", prefix="old_")
    after = encoder(space, new, "a", prefix="new_")
    more, less = ("new_", "old_") if up else ("old_", "new_")
    changed = any_of(
        all_of((admissible(tier, "a", more), negate(admissible(tier, "a", less))))
        for tier in list(Tier)[1:]
    )
    name = "loosens" if up else "tightens"
    return _write(name, space, [*before.definitions(), *after.definitions()], [changed])


def _evaded(space: Space, versions: Mapping[str, Policy], item: Requirement, side: str) -> Query:
    """Return whether a dossier reaches a rule's tier under the other version without it."""
    encoders = {
        name: Encoder(space, policy, "a", prefix=f"{name}_") for name, policy in versions.items()
    }
    other = "new" if side == "old" else "old"
    definitions = [line for encoder in encoders.values() for line in encoder.definitions()]
    asserted = [
        admissible(item.tier, "a", f"{other}_"),
        negate(encoders[side].formula(item.formula)),
    ]
    verb = "loosened" if side == "old" else "tightened"
    return _write(f"I15 {item.id} is {verb}", space, definitions, asserted)


def _write(name: str, space: Space, definitions: list[str], asserted: list[str]) -> Query:
    out = [pair for prefix in ("old_", "new_") for pair in outputs("a", prefix)]
    text = script(
        [*space.variables("a"), *((symbol, "Bool") for symbol, _ in out)],
        definitions,
        [*domain(space, "a"), *(equal(symbol, term) for symbol, term in out), *asserted],
    )
    return Query(name=name, text=text)


def _change(space: Space, item: Requirement, answer: Answer) -> Change:
    return Change(
        id=item.id,
        tier=item.tier,
        witness=Instance.read(space, answer.values, "a"),
        old_tier=answer.tier("a", "old_"),
        new_tier=answer.tier("a", "new_"),
    )
