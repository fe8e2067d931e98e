"""Mutants: policies and readings of them that are wrong on purpose, to see them refused.

Monotonicity alone cannot see that a rule was dropped or loosened, and a comparison with
the version before cannot see a reading that was wrong in both. A mutant that changes any
answer must be stopped by one of the two.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from openweir.policy import (
    All,
    Any,
    AtLeast,
    Atom,
    ClaimAtom,
    Formula,
    Policy,
    Vocabulary,
    say,
)
from openweir.policy.prove.diff import differs
from openweir.policy.prove.encode import TWISTS, Encoder
from openweir.policy.prove.laws import Laws
from openweir.policy.prove.query import Answer, Query
from openweir.policy.prove.space import Space, atoms_of

__all__ = ["Mutant", "Verdict", "judge_mutant", "mutants"]

_STEP = Decimal("0.05")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One claim read wrongly.

    Attributes:
        kind: of `TWISTS`.
        policy: the mutated version; the original where only the reading is wrong.
    """

    kind: str
    atom: ClaimAtom
    policy: Policy

    @property
    def name(self) -> str:
        """What was done to what."""
        return f"{self.kind}: {say(self.atom)}"

    def encoder(self, space: Space, policy: Policy, dossier: str, prefix: str = "") -> Encoder:
        """Write a dossier as the mutant reads it."""
        twists: Mapping[Atom, str] = {self.atom: self.kind}
        return Encoder(space, policy, dossier, prefix=prefix, twists=twists)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What stops a mutant.

    Attributes:
        by_monotony: I1 is broken.
        by_difference: some dossier gets a higher tier than under the original.
        equivalent: no dossier gets another tier.
    """

    by_monotony: bool
    by_difference: bool
    equivalent: bool

    @property
    def killed(self) -> bool:
        """Whether one of the two gates stops it."""
        return self.by_monotony or self.by_difference


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Yield every mutant of every distinct claim atom of a policy's requirements."""
    asked = {atom for atom in atoms_of(policy) if isinstance(atom, ClaimAtom)}
    for atom in sorted(asked, key=say):
        for kind in TWISTS:
            changed = _moved(policy, atom) if kind == "threshold-moved" else policy
            yield Mutant(kind=kind, atom=atom, policy=changed)


def judge_mutant(
    mutant: Mutant,
    original: Policy,
    vocabulary: Vocabulary,
    solve: Callable[[Query], Answer],
    *,
    trials: int = 2,
) -> Verdict:
    """Return what stops a mutant.

    Args:
        mutant: of `original`.
        original: the last version that was accepted.
        vocabulary: kinds of facts and the order of the scales.
        solve: a prover.
        trials: planned trials per claim.
    """
    laws = Laws(
        policy=mutant.policy,
        vocabulary=vocabulary,
        space=Space.of([mutant.policy], vocabulary, trials=trials),
        encoder=mutant.encoder,
    )
    raised, lowered = (
        solve(differs(mutant.encoder, original, mutant.policy, vocabulary, up=up, trials=trials))
        for up in (True, False)
    )
    equivalent = raised.status == lowered.status == "unsat"
    broken = False if equivalent else solve(laws.whole()).status == "sat"
    return Verdict(by_monotony=broken, by_difference=raised.status == "sat", equivalent=equivalent)


def _moved(policy: Policy, atom: ClaimAtom) -> Policy:
    """Return the policy with one limit a step looser."""
    step = _STEP if atom.sense == "at-most" else -_STEP
    looser = replace(atom, number=min(Decimal(1), max(Decimal(0), atom.number + step)))

    def moved(formula: Formula) -> Formula:
        if isinstance(formula, (All, Any, AtLeast)):
            return replace(formula, children=tuple(map(moved, formula.children)))
        return looser if formula == atom else formula

    return replace(
        policy,
        requirements=tuple(
            replace(item, formula=moved(item.formula)) for item in policy.requirements
        ),
    )
