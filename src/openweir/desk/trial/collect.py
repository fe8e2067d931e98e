"""Collect a campaign: check every file, open the chosen sealed halves, hand evidence over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openweir import __version__
from openweir.attest import Envelope, Key
from openweir.canonical import Object, parse, text
from openweir.desk.case import CaseFolder, write_atomically
from openweir.desk.lock import locked
from openweir.desk.plan import current_plan
from openweir.digest import sha256
from openweir.errors import TrialError
from openweir.evidence import Conduct, Evidence, Judge, PlannedTrial, missing
from openweir.trial.appraise import Appraisal, appraise
from openweir.trial.campaign import Campaign
from openweir.trial.folder import CampaignFolder
from openweir.trial.hand_over import (
    campaign_statement,
    evidence_of,
    evidence_statement,
    results_json,
    worst_statement,
)
from openweir.trial.judge import audited
from openweir.trial.outcome import Outcome, SealedHalf, seal
from openweir.trial.worst import worst_cases

__all__ = ["Collected", "Halves", "appraised", "collect", "results_sha256"]

_MOST_AUDIT_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What a campaign came to.

    Attributes:
        results: the content of `results.json`.
        evidence: records handed over; none when the batch is invalid.
        file: where `results.json` was written.
        missing: planned trials of the case that lack an answer; None without a case.
        signed: how many statements were signed.
    """

    campaign: Campaign
    appraisal: Appraisal
    results: dict[str, object]
    evidence: tuple[Evidence, ...]
    file: Path
    missing: tuple[str, ...] | None
    signed: int


class Halves:
    """Outcomes from one folder or from several shards of the same campaign.

    Args:
        roots: campaign folders, at least one.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        """Open the folders, which must hold the same manifest.

        Raises:
            TrialError: they hold different campaigns.
        """
        self.folders = [CampaignFolder(root) for root in roots]
        self.campaign = self.folders[0].campaign()
        for folder in self.folders[1:]:
            if folder.campaign() != self.campaign:
                raise TrialError(
                    "the folders hold different campaigns",
                    code="wrong-campaign",
                    where=str(folder.root),
                    hint="collect the shards of one campaign at a time",
                )

    def outcome(self, trial: str) -> Outcome:
        """Return a trial's open half; all folders that have it must agree."""
        holders = [folder for folder in self.folders if folder.done(trial)]
        if not holders:
            raise TrialError(
                f"trial {trial} has not run",
                code="incomplete",
                where=str(self.folders[0].root),
                hint=f"openweir trial run {self.folders[0].root}",
            )
        found = [folder.outcome(trial) for folder in holders]
        for other, folder in zip(found[1:], holders[1:], strict=True):
            if other != found[0]:
                raise TrialError(
                    f"trial {trial} came to different results in two shards",
                    code="differs",
                    where=str(folder.root),
                    hint=f"openweir trial run {folder.root} --replay {trial}",
                )
        return found[0]

    def sealed(self, trial: str) -> SealedHalf:
        """Return a trial's sealed half, if it is the one its open half commits to."""
        holder = next(folder for folder in self.folders if folder.done(trial))
        half = holder.sealed(trial)
        if seal(half) != self.outcome(trial).sealed_sha256:
            raise TrialError(
                f"the sealed half of trial {trial} was changed",
                code="changed",
                where=str(holder.root / "sealed" / f"{trial}.json"),
                hint="delete its files in sealed/ and outcomes/ and run it again",
            )
        return half


def appraised(roots: Sequence[Path]) -> tuple[Campaign, Appraisal, Halves]:
    """Appraise a campaign from one folder or several shards; nothing is written.

    Raises:
        TrialError: a trial has not run, or a file was changed.
    """
    halves = Halves(roots)
    found = appraise(halves.campaign, halves.outcome, halves.sealed)
    # All of it has to be there and whole, chosen or not.
    for trial in halves.campaign.trials():
        halves.outcome(trial.id)
    return halves.campaign, found, halves


def collect(
    roots: Sequence[Path],
    *,
    conduct: Conduct,
    on: date,
    case: Path | None = None,
    key: Key | None = None,
    audit: Path | None = None,
) -> Collected:
    """Collect a campaign and hand its evidence over.

    An invalid batch hands nothing over: its planned trials stay without an answer, and
    their claims undetermined (law 3).

    Args:
        roots: the campaign's folder, or its shards' folders; the first is written to.
        conduct: who ran it, with what access.
        on: the day it ended.
        case: a case that gets the evidence.
        key: signs a statement per record, one on the campaign, and one on the worst case of
            all its attacks for each claim.
        audit: a file of answers people scored as well.

    Raises:
        TrialError: a trial has not run, or a file was changed.
        CaseError: the case is on another model.
    """
    campaign, appraisal, halves = appraised(roots)
    first = halves.folders[0]
    results = results_json(campaign, appraisal)
    judge = None if audit is None else _audited(audit, campaign, halves)
    records: tuple[Evidence, ...] = ()
    if appraisal.valid:
        records = _records(campaign, appraisal, halves, conduct=conduct, on=on, judge=judge)
    left = None if case is None else _attach(CaseFolder.open(case), campaign, records, on)
    file = first.write("results.json", text(results))
    for record in records:
        first.write(f"evidence/{record.trial}.json", record.to_bytes())
    signed = 0
    if key is not None:
        statements = {r.trial: evidence_statement(r, r.to_bytes()) for r in records}
        statements["campaign"] = campaign_statement(campaign, results)
        for worst in worst_cases(appraisal):
            name = f"worst-case-{worst.claim.replace('.', '-')}"
            statements[name] = worst_statement(campaign, worst)
        for name, statement in statements.items():
            envelope = Envelope.sign(statement, key)
            first.write(f"statements/{name}.dsse.json", envelope.to_bytes())
            signed += 1
    return Collected(
        campaign=campaign,
        appraisal=appraisal,
        results=results,
        evidence=records,
        file=file,
        missing=left,
        signed=signed,
    )


def _records(
    campaign: Campaign,
    appraisal: Appraisal,
    halves: Halves,
    *,
    conduct: Conduct,
    on: date,
    judge: Judge | None,
) -> tuple[Evidence, ...]:
    found = []
    for one in appraisal.appraised:
        if not one.counts or not one.worst.n:
            continue
        trial = one.worst.tried.trial
        record = evidence_of(
            one,
            appraisal,
            campaign=campaign,
            data=halves.folders[0].data(str(trial.data_sha256)),
            half=halves.sealed(trial.id),
            conduct=conduct,
            produced_on=on.isoformat(),
            tool_version=__version__,
            # People said what is right, not what refuses: error rates go where they were measured.
            judge=judge if one.answer.endpoint in ("uplift", "capability") else None,
        )
        # What the reader would refuse must not be written.
        found.append(Evidence.from_bytes(record.to_bytes(), where=f"evidence/{record.trial}.json"))
    return tuple(found)


def _attach(
    case: CaseFolder, campaign: Campaign, records: tuple[Evidence, ...], on: date
) -> tuple[str, ...]:
    """Write the records into a case: all of them, or none."""
    with locked(case.root):
        plan = current_plan(case)
        if plan.subject_sha256 != campaign.model_sha256:
            raise TrialError(
                f"the case is on model {str(plan.subject_sha256)[:12]}, the campaign on"
                f" {campaign.model_sha256[:12]}",
                code="wrong-case",
                where=str(case.root),
                hint="evidence counts only for the bytes it was obtained on",
            )
        taken = dict(case.evidence_files())
        for record in records:
            name = f"evidence/{record.trial}.json"
            if taken.get(name, record.to_bytes()) != record.to_bytes():
                raise TrialError(
                    f"trial `{record.trial}` is answered already, with other numbers",
                    code="answered",
                    where=str(case.path(name)),
                    hint="one trial has one answer; plan a campaign of its own for another",
                )
            if plan.trial(record.trial) is None:
                plan = plan.with_trial(
                    PlannedTrial(
                        id=record.trial,
                        claim=record.claim,
                        evaluation=record.evaluation,
                        rung=record.attack.rung,
                        registered_on=on.isoformat(),
                        retrospective=True,
                    )
                )
        write_atomically(case.path("plan.json"), plan.to_bytes())
        for record in records:
            write_atomically(case.path(f"evidence/{record.trial}.json"), record.to_bytes())
        return missing(plan, case.evidence())


def _audited(path: Path, campaign: Campaign, halves: Halves) -> Judge:
    """Hold the scorer against people: a list of `{"trial", "domain", "question", "right"}`."""
    with path.open("rb") as stream:
        data = stream.read(_MOST_AUDIT_BYTES + 1)
    read = Object(parse(data, where=path.name, max_bytes=_MOST_AUDIT_BYTES), path.name)
    known = {trial.id for trial in campaign.trials()}
    pairs, seen = [], set()
    for item in read.objects("audit"):
        trial, domain, place = item.text("trial"), item.text("domain"), item.integer("question")
        marks = dict(halves.sealed(trial).right) if trial in known else {}
        mark = marks.get(domain, "")[place : place + 1] if place >= 0 else ""
        if not mark or (trial, domain, place) in seen:
            raise TrialError(
                "the audit names an answer that is not there, or one twice",
                code="audit",
                where=item.where,
            )
        seen.add((trial, domain, place))
        if mark != "?":
            pairs.append((mark == "1", item.flag("right")))
    return audited(campaign.stack.scorer, pairs)


def results_sha256(found: Collected) -> str:
    """Return the digest of `results.json`."""
    return sha256(text(found.results))
