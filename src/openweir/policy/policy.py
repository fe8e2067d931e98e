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
    "Invariant",
    "Light",
    "Loosening",
    "Obligation",
    "OverrideAuthority",
    "Policy",
    "Quote",
    "Requirement",
    "TierRule",
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
        hard_stop: no override lifts a release past it while it is not met.
        exceptions: ids of the exceptions among the alternatives of `formula`.
    """

    id: str
    tier: Tier
    text: str
    source: Quote
    formula: Formula
    hard_stop: bool = False
    exceptions: tuple[str, ...] = ()

    @property
    def rule(self) -> str:
        """The rule's own id, without the tier."""
        return self.id.partition("@")[0]


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
class TierRule:
    """What the pack says of a tier itself.

    Attributes:
        reversible: whether access can be withdrawn again.
        margin: by how much every limit on a claim is stricter at this tier, a proportion;
            the atoms of the requirements have it taken off already.
        closed: the pack means nobody to reach this tier, and says so.
    """

    tier: Tier
    reversible: bool
    margin: Decimal = Decimal(0)
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A never-statement: no release is at `tier` or above unless `formula` is demonstrated.

    Not a rule but a theorem: it must follow from the requirements, and changes no decision.
    """

    id: str
    tier: Tier
    text: str
    formula: Formula


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What somebody must do once a release is at `tier` or above.

    Attributes:
        bearer, act: who must do what.
        trigger: what sets the deadline running: `release`, `incident` or `request`.
        deadline_days: days from the trigger.
        discharge: what shows that it was done.
        breach_cap: the most open tier while it is breached; None where a breach means that
            the decision is looked at again.
    """

    id: str
    tier: Tier
    bearer: str
    act: str
    trigger: str
    deadline_days: int
    discharge: str
    source: Quote
    breach_cap: Tier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideAuthority:
    """Who may lift a release by one tier, and how far (law 6).

    Attributes:
        tier: the most open tier that an override can lift to.
        signatures: how many distinct people, each in another role of `roles`; at least 2.
        days: an override ends after so many days.
    """

    tier: Tier
    signatures: int
    roles: tuple[str, ...]
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosening:
    """One thing that this version asks less of than the version it supersedes, and why."""

    id: str
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
        tiers: one per tier, sorted.
        overrides: sorted by tier; empty where the pack allows none.
        loosenings: what the note `loosenings.toml` names.
        jurisdiction: where the policy applies; empty for everywhere.
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
    tiers: tuple[TierRule, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    overrides: tuple[OverrideAuthority, ...] = ()
    loosenings: tuple[Loosening, ...] = ()
    jurisdiction: str = ""

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

    def tier_rule(self, tier: Tier) -> TierRule:
        """Return what the pack says of a tier; weights that left are irreversible by default."""
        default = TierRule(tier=tier, reversible=not tier.weights_leave)
        return next((item for item in self.tiers if item.tier is tier), default)

    def override(self, tier: Tier) -> OverrideAuthority | None:
        """Return who may lift a release to `tier`, or None when nobody may."""
        return next((item for item in self.overrides if item.tier >= tier), None)

    def alternative(self, tier: Tier) -> str:
        """Return what else can be done while `tier` is denied; empty where the pack is silent."""
        return next((item.text for item in self.alternatives if item.tier is tier), "")
