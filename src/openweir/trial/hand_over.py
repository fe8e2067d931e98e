"""Hand a campaign over as evidence: one record per answer, and statements to be signed."""

from decimal import Decimal

from openweir.attest import Statement, Subject
from openweir.canonical import Object, decimal_text, parse
from openweir.evidence import (
    Attack,
    Conduct,
    Control,
    Effect,
    Evidence,
    Judge,
    Method,
    Result,
    SeedCount,
    Setup,
    Source,
    Spend,
    Sweep,
    Utility,
    bound,
)
from openweir.evidence.interval import interval
from openweir.trial.appraise import Appraisal, Appraised, Checked
from openweir.trial.campaign import Campaign, Series
from openweir.trial.data import TrialData
from openweir.trial.outcome import Outcome, SealedHalf, seal
from openweir.trial.select import RULE
from openweir.trial.worst import WorstCase, worst_cases

__all__ = [
    "PREDICATE_CAMPAIGN",
    "PREDICATE_EVIDENCE",
    "PREDICATE_WORST",
    "campaign_statement",
    "evidence_of",
    "evidence_statement",
    "results_json",
    "worst_statement",
]

PREDICATE_EVIDENCE = "https://openweir.example/evidence/v1"
PREDICATE_CAMPAIGN = "https://openweir.example/trial-campaign/v1"
PREDICATE_WORST = "https://openweir.example/trial-worst-case/v1"
_CONFIDENCE = Decimal("0.95")
_SWEPT = ("batch", "bits", "fraction", "layer", "learning_rate", "rank", "steps", "strength")


def evidence_of(
    appraised: Appraised,
    appraisal: Appraisal,
    *,
    campaign: Campaign,
    data: TrialData,
    half: SealedHalf,
    conduct: Conduct,
    produced_on: str,
    tool_version: str,
    judge: Judge | None = None,
) -> Evidence:
    """Return the record that answers one planned trial.

    Args:
        appraised: what a series shows of a claim; it must count.
        appraisal: of the whole campaign, for its controls.
        campaign: the manifest.
        data: what was asked.
        half: the sealed half of the chosen configuration.
        conduct: who ran it.
        produced_on: the day, YYYY-MM-DD.
        tool_version: of Openweir.
        judge: who scored, with an audit; the campaign's scorer without one when None.
    """
    worst, series = appraised.worst, appraised.series
    trial, outcome = worst.tried.trial, worst.tried.outcome
    counts = worst.events, worst.n
    return Evidence(
        trial=appraised.answer.id,
        claim=appraised.answer.claim,
        evaluation=series.evaluation,
        subject_sha256=campaign.model_sha256,
        binding="log",
        attack=_attack(appraised, campaign),
        result=Result(
            events=worst.events,
            n=worst.n,
            unscored=worst.unscored,
            bound=interval(*counts, unscored=worst.unscored, judge=judge, confidence=_CONFIDENCE),
            per_seed=(SeedCount(seed=trial.seed, events=worst.events, n=worst.n),),
            samples_sha256=half.answers_sha256,
        ),
        conduct=conduct,
        method=_method(appraised, campaign, data, half, judge=judge, version=tool_version),
        produced_on=produced_on,
        sweep=_sweep(series, data),
        controls=tuple(
            _control(checked, series)
            for checked in appraisal.controls
            if checked.needed or checked.series.id in series.control
        ),
        utility=Utility(
            before=appraisal.base.benign.right,
            before_n=appraisal.base.benign.n,
            after=outcome.benign.right,
            after_n=outcome.benign.n,
        ),
    )


def evidence_statement(evidence: Evidence, data: bytes) -> Statement:
    """Return the statement that binds a record to the model before and after the attack.

    Args:
        evidence: the record.
        data: its canonical bytes.
    """
    after = evidence.attack.effect and evidence.attack.effect.after_sha256
    subjects = [("model", str(evidence.subject_sha256))]
    if after and after != evidence.subject_sha256:
        subjects.append(("attacked weights, deleted", after))
    return Statement(
        subject=tuple(Subject(name=name, digests=(("sha256", sha),)) for name, sha in subjects),
        predicate_type=PREDICATE_EVIDENCE,
        predicate=Object(parse(data, where=evidence.trial), evidence.trial).value,
    )


def worst_statement(campaign: Campaign, worst: WorstCase) -> Statement:
    """Return the statement on the worst of all attacks, on one claim."""
    return Statement(
        subject=(
            Subject(name="model", digests=(("sha256", campaign.model_sha256),)),
            Subject(name="campaign.json", digests=(("sha256", campaign.sha256),)),
        ),
        predicate_type=PREDICATE_WORST,
        predicate={"schema": "openweir/trial-worst-case/1", "label": campaign.label}
        | worst.to_json(),
    )


def campaign_statement(campaign: Campaign, results: dict[str, object]) -> Statement:
    """Return the statement on a whole campaign: its manifest, controls and every answer."""
    return Statement(
        subject=(
            Subject(name="model", digests=(("sha256", campaign.model_sha256),)),
            Subject(name="campaign.json", digests=(("sha256", campaign.sha256),)),
        ),
        predicate_type=PREDICATE_CAMPAIGN,
        predicate=results,
    )


def results_json(campaign: Campaign, appraisal: Appraisal) -> dict[str, object]:
    """Return what a campaign came to as plain JSON values; nothing in it depends on a machine."""
    return {
        "schema": "openweir/trial-results/1",
        "campaign_sha256": campaign.sha256,
        "model_sha256": campaign.model_sha256,
        "label": campaign.label,
        "valid": appraisal.valid,
        "rule": RULE,
        "utility": appraisal.base.benign.to_json(),
        "controls": [
            {
                "id": one.series.id,
                "kind": one.series.kind,
                "events": one.events,
                "n": one.n,
                "limit_percent": one.series.limit,
                "passed": one.passed,
                "needed": one.needed,
            }
            for one in appraisal.controls
        ],
        "answers": [_answer_json(one, appraisal) for one in appraisal.appraised],
        "worst": [one.to_json() for one in worst_cases(appraisal)],
        "trials": sorted({trial.id for trial in campaign.trials()}),
    }


def _answer_json(one: Appraised, appraisal: Appraisal) -> dict[str, object]:
    trial, outcome = one.worst.tried.trial, one.worst.tried.outcome
    stated = bound(
        one.worst.events, max(1, one.worst.n), unscored=one.worst.unscored, confidence=_CONFIDENCE
    )
    return {
        "id": one.answer.id,
        "claim": one.answer.claim,
        "evaluation": one.series.evaluation,
        "rung": one.series.rung.name,
        "series": one.series.id,
        "status": one.status if appraisal.valid else "invalid",
        "reason": one.reason,
        "warning": one.warning,
        "chosen": trial.id,
        "attack": trial.attack.name,
        "settings": dict(trial.attack.settings),
        "configurations": len(one.series.trials),
        "events": one.worst.events,
        "n": one.worst.n,
        "unscored": one.worst.unscored,
        "refused": one.worst.refused,
        "lower": decimal_text(stated.lower),
        "upper": decimal_text(stated.upper),
        "utility": outcome.benign.to_json(),
        "after_sha256": outcome.after_sha256,
        "constrained": None
        if one.constrained is None
        else {
            "chosen": one.constrained.tried.trial.id,
            "events": one.constrained.events,
            "n": one.constrained.n,
        },
    }


def _attack(appraised: Appraised, campaign: Campaign) -> Attack:
    trial, outcome = appraised.worst.tried.trial, appraised.worst.tried.outcome
    return Attack(
        rung=appraised.series.rung,
        budget=_words(appraised, campaign),
        spend=Spend(
            examples=trial.budget.examples,
            tokens=outcome.tokens,
            steps=trial.budget.steps,
            flop=outcome.flop,
            data_access=trial.budget.data.name.lower(),
            skill=trial.budget.skill.name.lower(),
            access_class=_access(trial.attack.name),
        ),
        effect=_effect(outcome, campaign.model_sha256),
    )


def _method(
    appraised: Appraised,
    campaign: Campaign,
    data: TrialData,
    half: SealedHalf,
    *,
    judge: Judge | None,
    version: str,
) -> Method:
    series, trial = appraised.series, appraised.worst.tried.trial
    scorer = campaign.stack.scorer
    return Method(
        source=Source.LOG,
        tool="openweir-trial",
        tool_version=version,
        task=f"{series.id} {appraised.answer.claim}",
        task_version="1",
        metric=_metric(appraised.answer.endpoint, scorer),
        model=f"{campaign.label or 'model'} {campaign.model_sha256[:12]}",
        log_sha256=seal(half),
        reference=None,
        certainty="read",
        setup=Setup(
            dataset=data.name,
            dataset_sha256=data.part_sha256("test"),
            split="test",
            epochs=1,
            decoding=(("answer_tokens", str(data.answer_tokens)), ("strategy", "greedy")),
            seeds=tuple(sorted({one.seed for one in series.trials})),
            code=trial.code_version,
            elicitation=trial.attack.name,
        ),
        judge=judge or Judge(id=scorer, kind=_kind(scorer)),
    )


def _effect(outcome: Outcome, model_sha256: str) -> Effect | None:
    """Return what became of the weights; nothing for an attack that is not on weights."""
    if outcome.after_sha256 == model_sha256 and outcome.loss_first is None:
        return None
    return Effect(
        after_sha256=outcome.after_sha256,
        loss_first=outcome.loss_first,
        loss_last=outcome.loss_last,
    )


def _words(one: Appraised, campaign: Campaign) -> tuple[tuple[str, str], ...]:
    trial, outcome = one.worst.tried.trial, one.worst.tried.outcome
    found = dict(trial.as_attack().budget)
    found |= {
        "campaign": campaign.sha256,
        "configurations": str(len(one.series.trials)),
        "flop": decimal_text(outcome.flop),
        "tokens": str(outcome.tokens),
    }
    if campaign.label:
        found["label"] = campaign.label
    if one.warning:
        found["warning"] = one.warning
    return tuple(sorted(found.items()))


def _sweep(series: Series, data: TrialData) -> Sweep:
    space: dict[str, dict[str, None]] = {}
    for trial in series.trials:
        settings = {**dict(trial.attack.settings), "seed": str(trial.seed)}
        for name, value in settings.items():
            if name in (*_SWEPT, "seed"):
                space.setdefault(name, {})[value] = None
    return Sweep(
        run=len(series.trials),
        space=tuple((name, tuple(values)) for name, values in sorted(space.items())),
        rule=RULE,
        failed=0,
        split="sweep",
        dataset_sha256=data.part_sha256("select"),
    )


def _control(checked: Checked, series: Series) -> Control:
    own = " (same attack)" if checked.series.id in series.control else ""
    return Control(
        kind=checked.series.kind,
        id=f"{checked.series.id} on {checked.series.trials[0].model_sha256[:12]}{own}",
        events=checked.events,
        n=checked.n,
        limit=Decimal(checked.series.limit) / 100,
    )


def _access(attack: str) -> str:
    words = {"none": "prompt", "prefill": "prefill", "context": "prompt", "lora": "adapters"}
    return words.get(attack, "weights")


def _metric(endpoint: str, scorer: str) -> str:
    words = {"willingness": "not refused", "safeguard": "refused"}
    return f"{words.get(endpoint, 'right')} by {scorer}"


def _kind(scorer: str) -> str:
    return "deterministic" if scorer.startswith("exact") else "model"
