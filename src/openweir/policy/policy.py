"""The policy: which requirements each tier asks, and what surrounds a decision under it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from openweir.policy.formula import Formula
from openweir.tier import Tier

__all__ = [
    "Alternative",
    "Approval",
    "Claim",
    "Light",
    "Policy",
    "Quote",
    "Requirement",
    "Vocabulary",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words a policy may use; the caller brings them, since policy sees no sibling room.

    Attributes:
        predicates: name -> (kind, unit) with kind `flag`, `text`, `texts` or `estimate`.
        components: names of the Model Openness Framework and of what it lacks.
        certainties: how surely a fact can be known.
        evaluations: kinds of evaluation.
        rungs, independences, accesses: words from the weakest to the strongest.
        roles: who may sign.
    """

    predicates: Mapping[str, tuple[str, str | None]]
    components: tuple[str, ...]
    certainties: tuple[str, ...]
    evaluations: tuple[str, ...]
    rungs: tuple[str, ...]
    independences: tuple[str, ...]
    accesses: tuple[str, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A quantity the policy asks about.

    Attributes:
        direction: `upper-is-risk` (a high rate is bad) or `lower-is-risk`.
        unit: `proportion`.
        confidence: that an interval on this claim must have, at least.
    """

    id: str
    direction: str
    unit: str
    confidence: Decimal
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Where a rule comes from; the quote was found word by word in the pinned document."""

    document: str
    document_sha256: str
    locator: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One rule as one tier asks it, with all numbers of that tier filled in.

    Attributes:
        id: rule id and tier: `PE2@gated-weights`.
        tier: the least open tier that asks it; every more open tier asks it too.
    """

    id: str
    tier: Tier
    text: str
    source: Quote
    formula: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """A lighter demand for signatures when a formula, such as a light track, is demonstrated."""

    formula: Formula
    signatures: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who must sign a decision for `tier` or a more open one (law 5).

    Attributes:
        signatures: how many distinct people, each in another role of `roles`.
    """

    tier: Tier
    signatures: int
    roles: tuple[str, ...]
    light: Light | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another way to give access while `tier` is not reached, and what it preserves."""

    tier: Tier
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy pack, checked.

    Attributes:
        sha256: dirHash of the pack's folder, tests and sources included.
        language: of the pack's form; 1.
        effective_from, effective_to: first and last day it may decide; the last may be open.
        supersedes: dirHash of the version before, where there is one.
        review_days: a decision is looked at again after so many days, at most 183.
        accepted: certainties of facts and publications that count.
        requirements: sorted by tier, then in the pack's order.
        approvals, alternatives: sorted by tier.
    """

    id: str
    version: str
    issuer: str
    sha256: str
    language: int
    effective_from: date
    effective_to: date | None
    supersedes: str | None
    review_days: int
    accepted: tuple[str, ...]
    claims: tuple[Claim, ...]
    requirements: tuple[Requirement, ...]
    approvals: tuple[Approval, ...]
    alternatives: tuple[Alternative, ...]

    def in_force(self, day: date) -> bool:
        """Whether the policy may decide as of `day`."""
        return self.effective_from <= day and (
            self.effective_to is None or day <= self.effective_to
        )

    def asked_at(self, tier: Tier) -> tuple[Requirement, ...]:
        """Return every requirement of `tier`: its own and those of all less open tiers."""
        return tuple(item for item in self.requirements if item.tier <= tier)

    def approval(self, tier: Tier) -> Approval:
        """Return who must sign a decision for `tier`."""
        return [item for item in self.approvals if item.tier <= tier][-1]

    def alternative(self, tier: Tier) -> str:
        """Return what else can be done while `tier` is denied; empty where the pack is silent."""
        return next((item.text for item in self.alternatives if item.tier is tier), "")
