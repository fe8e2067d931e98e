"""The compute ledger: what each regime counts, and what the sum then is against a threshold.

Regimes do not count the same, so there is one sum per regime and never one number.
An item that a regime counts and nobody states leaves the sum open above.

Source: European Commission guidelines C(2025) 5045, annex A.1, paragraphs 118-122;
California Business and Professions Code 22757.11 (frontier model); Korea, AI Basic Act,
Article 32, with the pre-notice of the MSIT notice.
"""

from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from openweir.dossier.compute import hull, widen
from openweir.dossier.dossier import Dossier
from openweir.dossier.fact import Certainty, Estimate, Fact

__all__ = ["REGIMES", "Account", "Item", "account", "accounts", "compare", "with_margin"]

_YES, _NO, _OPEN = "yes", "no", "unknown"

REGIMES: MappingProxyType[str, MappingProxyType[str, tuple[str, str]]] = MappingProxyType(
    {
        "eu-gpai": MappingProxyType(
            {
                "training-compute": (_YES, "annex A.1: contributes to the model's parameters"),
                "post-training-compute": (_YES, "annex A.1: fine-tuning counts"),
                "synthetic-data-compute": (_YES, "paragraph 120: kept or discarded samples"),
                "parent-compute": (_YES, "annex A.1: merged, averaged or initialised from"),
                "public-synthetic-data-compute": (_NO, "paragraph 122: publicly accessible"),
                "distillation-compute": (_NO, "paragraph 122: parents of a distillation"),
                "discarded-run-compute": (_NO, "paragraph 122: failed experiments"),
                "evaluation-compute": (_NO, "paragraph 122: purely diagnostic"),
            }
        ),
        "us-state-frontier": MappingProxyType(
            {
                "training-compute": (_YES, "22757.11: integer or floating-point operations"),
                "post-training-compute": (_YES, "22757.11: fine-tuning, reinforcement learning"),
                "parent-compute": (_OPEN, "counted where the same developer trained it"),
                "synthetic-data-compute": (_OPEN, "not named by the text"),
                "public-synthetic-data-compute": (_OPEN, "not named by the text"),
                "distillation-compute": (_OPEN, "not named by the text"),
                "discarded-run-compute": (_OPEN, "not named by the text"),
                "evaluation-compute": (_OPEN, "not named by the text"),
            }
        ),
        "kr-ai-basic-act": MappingProxyType(
            {
                "training-compute": (_YES, "cumulative operations of training"),
                "post-training-compute": (_YES, "notice: fine-tuning counts"),
                "synthetic-data-compute": (_YES, "notice: pre-processing counts"),
                "public-synthetic-data-compute": (_OPEN, "not named by the notice"),
                "parent-compute": (_OPEN, "not named by the notice"),
                "distillation-compute": (_OPEN, "not named by the notice"),
                "discarded-run-compute": (_NO, "notice: adds nothing to capability"),
                "evaluation-compute": (_NO, "notice: adds nothing to capability"),
            }
        ),
    }
)
"""Regime -> item -> (whether it is counted, and why)."""

_OWN = frozenset({"6ND", "hardware", "ceiling"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a ledger.

    Attributes:
        kind: predicate of the vocabulary, such as `synthetic-data-compute`.
        counted: `yes`, `no`, or `unknown` where the text does not say.
        reason: with its place in the source.
        value: as stated or computed; None where nobody states it.
        owed: whether the dossier shows that there is such compute though nobody states it.
    """

    kind: str
    counted: str
    reason: str
    value: Estimate | None
    owed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one regime counts.

    Attributes:
        lower: of the sum, exact.
        upper: None where something that counts, or may count, is not stated.
    """

    regime: str
    items: tuple[Item, ...]
    lower: Decimal
    upper: Decimal | None


def accounts(dossier: Dossier) -> tuple[Account, ...]:
    """Return the account of every regime, in the order of `REGIMES`."""
    return tuple(account(dossier, regime) for regime in REGIMES)


def account(dossier: Dossier, regime: str) -> Account:
    """Return what one regime counts of this release.

    Args:
        dossier: with training compute, by any number of methods, and declared items.
        regime: a key of `REGIMES`.
    """
    items = []
    lower, upper = Decimal(0), Decimal(0)
    closed = True
    for kind, (counted, reason) in REGIMES[regime].items():
        facts = tuple(with_margin(fact) for fact in dossier.facts_of(kind))
        facts = tuple(fact for fact in facts if isinstance(fact.value, Estimate))
        value = hull(facts) if facts else None
        owed = value is None and _owed(dossier, kind)
        items.append(Item(kind=kind, counted=counted, reason=reason, value=value, owed=owed))
        if counted == _YES and value is not None:
            lower, upper = lower + value.lower, upper + value.upper
        elif counted == _OPEN and value is not None:
            # It may or may not be counted: only the upper end grows.
            upper += value.upper
        closed = closed and not (owed and counted != _NO)
    return Account(regime=regime, items=tuple(items), lower=lower, upper=upper if closed else None)


def with_margin(fact: Fact) -> Fact:
    """Return a fact about compute with the margin of 30 %, where it states one number.

    What was computed here has its margin already, and what states an interval has its own.
    """
    value = fact.value
    if fact.method in _OWN or not isinstance(value, Estimate) or value.lower != value.upper:
        return fact
    return Fact(
        predicate=fact.predicate,
        value=widen(value),
        source=fact.source,
        method=fact.method,
        certainty=fact.certainty if fact.certainty is not Certainty.READ else Certainty.COMPUTED,
        subject=fact.subject,
        unit=fact.unit,
        observed_on=fact.observed_on,
        contradicted_by=fact.contradicted_by,
    )


def compare(lower: Decimal, upper: Decimal | None, threshold: Decimal) -> str:
    """Say on which side of a threshold an interval lies.

    Returns:
        `above` (strictly), `below` (or equal), `straddles` when the threshold lies inside,
        `unknown` when only an open upper end keeps it from being `below`.
    """
    if lower > threshold:
        return "above"
    if upper is None:
        return "unknown"
    return "below" if upper <= threshold else "straddles"


def _owed(dossier: Dossier, kind: str) -> bool:
    """Whether the dossier shows that an item exists without saying how large it is."""
    if kind == "training-compute":
        return True
    return kind == "parent-compute" and any(dossier.facts_of("base-model"))
