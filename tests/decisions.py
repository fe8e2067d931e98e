"""Decisions and dossiers made by hand, for the rooms that come after deciding."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from openweir.decision import (
    Approvals,
    ComponentDecision,
    Decision,
    Lack,
    Need,
    PolicyReference,
    Proof,
    RequirementResult,
    ServedFile,
    Status,
)
from openweir.dossier import Certainty, Dossier, Estimate, Fact, Source
from openweir.tier import Tier

__all__ = ["EVIDENCE_SHA256", "FILE_SHA256", "decision", "dossier", "fact", "requirement"]

FILE_SHA256 = "aa" * 32
EVIDENCE_SHA256 = "bb" * 32


def fact(predicate: str, value: object, certainty: Certainty = Certainty.VERIFIED) -> Fact:
    """A fact with a source."""
    return Fact(
        predicate=predicate,
        value=value,
        unit="FLOP" if isinstance(value, Estimate) else None,
        source=Source(kind="publication", ref="A report", locator="page 3"),
        method="stated",
        certainty=certainty,
    )


def dossier(*facts: Fact, name: str = "acme/tiny") -> Dossier:
    """A dossier of a release with files."""
    return Dossier(
        name=name,
        release_sha256="cc" * 32,
        model_sha256="dd" * 32,
        facts=facts
        or (
            fact("licence", "Apache-2.0"),
            fact("training-compute", Estimate(lower=Decimal("7e20"), upper=Decimal("1.3e21"))),
            fact("contact", "security@acme.example", Certainty.DECLARED),
        ),
    )


def requirement(name: str, tier: Tier, status: Status, reason: str = "") -> RequirementResult:
    """A requirement with a proof of one leaf."""
    proved = status is Status.DEMONSTRATED
    return RequirementResult(
        id=f"{name}@{tier.word}",
        tier=tier,
        text=f"What {name} asks is shown.",
        source=(("doc", "baseline"), ("quote", "shown")),
        status=status,
        reason=reason,
        evidence=(EVIDENCE_SHA256,) if proved else (),
        proof=Proof(
            kind="claim",
            label=name,
            status=status,
            reason=reason,
            evidence=(EVIDENCE_SHA256,) if proved else (),
        ),
    )


def decision(**changes: object) -> Decision:
    """A decision for gated weights that lacks one thing for open weights."""
    made = Decision(
        name="acme/tiny",
        release_sha256="cc" * 32,
        model_sha256="dd" * 32,
        as_of=date(2026, 11, 20),
        policy=PolicyReference(id="openweir-baseline", version="1", sha256="ee" * 32),
        tier=Tier.GATED_WEIGHTS,
        effective_tier=Tier.GATED_WEIGHTS,
        release_state="decided",
        valid_until=date(2027, 3, 1),
        review_by=date(2027, 5, 19),
        cost_of_withholding="",
        approvals=Approvals(signatures=2, roles=("developer", "reviewer")),
        components=(
            ComponentDecision(
                component="Model parameters (Final)",
                tier=Tier.GATED_WEIGHTS,
                files=(ServedFile(path="model.safetensors", size=8, sha256=FILE_SHA256),),
            ),
        ),
        requirements=(
            requirement("PE2", Tier.GATED_WEIGHTS, Status.DEMONSTRATED),
            requirement("PE3", Tier.OPEN_WEIGHTS, Status.UNDETERMINED, "missing: no trial at A5"),
        ),
        whynot=(
            Lack(
                tier=Tier.OPEN_WEIGHTS,
                blocking=("PE3@open-weights",),
                sets=(
                    (
                        Need(
                            requirement="PE3@open-weights",
                            label="PE3",
                            asked="at most 0.05",
                            found="nothing",
                            reason="missing",
                        ),
                    ),
                ),
                complete=True,
                alternative="grant access to vetted researchers",
            ),
        ),
        inputs=(("dossier.json", "11" * 32), ("evidence/one.json", EVIDENCE_SHA256)),
    )
    return replace(made, **changes)
