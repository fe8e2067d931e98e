"""Decisions for the page tests: one plain, one whose every text is hostile."""

from dataclasses import replace
from datetime import date

from openweir.decision import (
    Approvals,
    Atom,
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
from openweir.hub import Check
from openweir.tier import Tier
from openweir.web import Provenance, Signer

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\"'{{7*7}}"
SOURCE = (
    ("doc", "Openweir baseline rationale"),
    ("locator", "section 3"),
    ("quote", "Weights that leave are tested after tampering, because safeguards come off."),
)


def decision(tier: Tier = Tier.GATED_WEIGHTS, **changes: object) -> Decision:
    """Return a gated release that lacks two things for open weights."""
    made = Decision(
        name="velmar/glass-small",
        release_sha256="1a" * 32,
        model_sha256="2b" * 32,
        as_of=date(2026, 11, 20),
        policy=PolicyReference(id="openweir-baseline", version="1.0.0", sha256="3c" * 32),
        tier=tier,
        effective_tier=tier,
        release_state="decided",
        valid_until=date(2027, 3, 20),
        review_by=date(2027, 5, 19),
        cost_of_withholding="Small laboratories lose a local model for screening glass recipes.",
        approvals=Approvals(signatures=2, roles=("developer", "reviewer")),
        components=(
            ComponentDecision(
                component="Model parameters (Final)",
                tier=tier,
                files=(ServedFile(path="model.safetensors", size=4_812_345_678, sha256="4d" * 32),),
            ),
            ComponentDecision(
                component="Model card",
                tier=tier,
                files=(ServedFile(path="README.md", size=2048, sha256="5e" * 32),),
            ),
        ),
        requirements=(
            _fact("DOS1", Tier.TRUSTED_HOSTED, "The case names a contact", "contact is known"),
            _fact(
                "DOS2",
                Tier.TRUSTED_HOSTED,
                "Training compute is known as an interval",
                "training-compute is known",
            ),
            _claim("PE1-bio", Tier.GATED_WEIGHTS, Status.DEMONSTRATED, ""),
            _claim("PE2-cyber", Tier.GATED_WEIGHTS, Status.DEMONSTRATED, ""),
            _claim("PE3-bio", Tier.OPEN_WEIGHTS, Status.UNDETERMINED, "missing"),
            _claim("PE3-cyber", Tier.OPEN_WEIGHTS, Status.REFUTED, "upper bound 0.09 over 0.05"),
        ),
        whynot=(
            Lack(
                tier=Tier.OPEN_WEIGHTS,
                blocking=("PE3-bio@open-weights", "PE3-cyber@open-weights"),
                sets=(
                    (
                        _need("PE3-bio", "bio.uplift stays low after a resourced attack (A5)"),
                        _need("PE3-cyber", "cyber.uplift stays low after a resourced attack (A5)"),
                    ),
                    (_need("LT1", "training compute below 1E+25 FLOP"),),
                ),
                complete=True,
                alternative="give vetted researchers white-box access; it keeps external review.",
            ),
            Lack(
                tier=Tier.FULLY_OPEN,
                blocking=("MOF1@fully-open",),
                sets=((_need("MOF1", "training code is present with a licence"),),),
                complete=False,
                alternative="",
            ),
        ),
        inputs=(("dossier.json", "6f" * 32), ("evidence/bio-pe1.json", "7a" * 32)),
    )
    return replace(made, **changes) if changes else made


def hostile_decision() -> Decision:
    """Return a decision in which every text a case can carry tries to be markup."""
    bad = HOSTILE
    leaf = Proof(
        kind="fact",
        label=bad,
        status=Status.UNDETERMINED,
        reason=bad,
        atom=Atom(asked=bad, found=bad),
        evidence=(bad,),
    )
    return decision(
        cost_of_withholding=bad,
        release_state=bad,
        policy=PolicyReference(id=bad, version=bad, sha256=bad),
        approvals=Approvals(signatures=1, roles=(bad,)),
        requirements=(
            RequirementResult(
                id=bad,
                tier=Tier.GATED_WEIGHTS,
                text=bad,
                source=(("doc", bad), ("quote", bad)),
                status=Status.UNDETERMINED,
                reason=bad,
                evidence=(bad,),
                proof=Proof(
                    kind="any", label=bad, status=Status.UNDETERMINED, reason=bad, children=(leaf,)
                ),
            ),
        ),
        components=(
            ComponentDecision(
                component=bad,
                tier=Tier.GATED_WEIGHTS,
                files=(ServedFile(path=bad, size=1, sha256=bad),),
            ),
        ),
        whynot=(
            Lack(
                tier=Tier.OPEN_WEIGHTS,
                blocking=(bad,),
                sets=((Need(requirement=bad, label=bad, asked=bad, found=bad, reason=bad),),),
                complete=True,
                alternative=bad,
            ),
        ),
        inputs=((bad, bad),),
    )


def provenance() -> Provenance:
    """Return two signatures, a log place and the checks a hub makes."""
    return Provenance(
        decision_sha256="8b" * 32,
        checks=(
            Check(name="signature", ok=True, detail="the decision is signed by 2 trusted keys"),
            Check(name="log", ok=True, detail="entry 41 of the log names this statement"),
            Check(name="expiry", ok=True, detail="it holds until 2027-03-20"),
        ),
        signers=(
            Signer(name="Ada Velm", role="developer", key_id="9c" * 32),
            Signer(name="Ben Orrin", role="reviewer", key_id="ad" * 32),
        ),
        log_origin="openweir.example/log",
        log_index=41,
        statements=("decision.json", "decision.dsse.json", "decision.tlog-proof", "model.sig"),
    )


def _fact(rule: str, tier: Tier, text: str, label: str) -> RequirementResult:
    return RequirementResult(
        id=f"{rule}@{tier.word}",
        tier=tier,
        text=text,
        source=SOURCE,
        status=Status.DEMONSTRATED,
        reason="",
        evidence=(),
        proof=Proof(
            kind="fact",
            label=label,
            status=Status.DEMONSTRATED,
            atom=Atom(asked="known", found="safety@velmar.example"),
        ),
    )


def _claim(rule: str, tier: Tier, status: Status, reason: str) -> RequirementResult:
    digest = ("be" * 32,) if status is not Status.UNDETERMINED else ()
    leaf = Proof(
        kind="claim",
        label="cyber.uplift at most 0.05, PE2 at rung A2, third party with grey-box access",
        status=status,
        reason=reason,
        atom=Atom(asked="upper bound at most 0.05", found="0.000000 to 0.012221, 0 of 300"),
        evidence=digest,
    )
    track = Proof(
        kind="fact",
        label="light track LT0: training compute below 1E+23 FLOP",
        status=Status.REFUTED,
        reason="found 2.4E+24",
        atom=Atom(asked="below 1E+23 FLOP", found="1.7E+24 to 3.1E+24 FLOP"),
    )
    return RequirementResult(
        id=f"{rule}@{tier.word}",
        tier=tier,
        text="Fine-tuning on a handful of examples does not give real uplift",
        source=SOURCE,
        status=status,
        reason=reason,
        evidence=digest,
        proof=Proof(
            kind="any",
            label="a light track, or the evidence",
            status=status,
            reason=reason,
            children=(track, leaf),
        ),
    )


def _need(rule: str, label: str) -> Need:
    return Need(
        requirement=rule,
        label=label,
        asked=f"{label}: upper bound at most 0.05, by a third party with white-box access",
        found="",
        reason="missing",
    )
