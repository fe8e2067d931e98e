"""Run what was planned: only what is left, only within the allowance."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from openweir.desk.trial.plan import estimate_left
from openweir.errors import TrialError
from openweir.trial.campaign import Campaign, Shard
from openweir.trial.cost import Allowance, Estimate
from openweir.trial.folder import CampaignFolder, Cost
from openweir.trial.outcome import Outcome
from openweir.trial.run import (
    default_workers,
    pending,
    run_here,
    run_in_pool,
    run_on_slurm,
)
from openweir.trial.scoring import Scoring

__all__ = ["Ran", "Replayed", "replay", "run_campaign"]

_WORTH_S = 60
"""A process more is worth its start, five seconds of loading, only for so many of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run did.

    Attributes:
        done: trials carried out just now.
        left: trials of the campaign that still have no outcome, in any shard.
        cost: of everything that ever ran in this folder.
    """

    campaign: Campaign
    done: int
    left: int
    expected: Estimate
    cost: Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One trial carried out again.

    Attributes:
        same: whether it came to the same bytes.
        before, after: digest of the attacked model, recorded and now.
    """

    trial: str
    same: bool
    before: str
    after: str


def run_campaign(
    root: Path,
    *,
    shard: Shard,
    allowance: Allowance,
    workers: int | None = None,
    slurm: dict[str, object] | None = None,
    cluster: str | None = None,
    jobs: int = 1,
    scoring: Scoring | None = None,
    usd_per_hour: Decimal | None = None,
    keep: bool = False,
    told: Callable[[str, Outcome | None], object] = lambda *_: None,
) -> Ran:
    """Carry out the trials of a shard that have no outcome yet.

    Args:
        root: the campaign's folder.
        shard: which part.
        allowance: the most it may take by the estimate.
        workers: processes; found out from the machine when None.
        slurm: settings for the scheduler; None runs on this machine.
        cluster: as in `run_on_slurm`.
        jobs: of Slurm.
        scoring: the judge or task that scores, where it is not exact match.
        usd_per_hour: price of one worker.
        keep: keep attacked weights in the campaign's folder, for its owner alone.
        told: called with every id and its outcome.

    Raises:
        TrialError: over the allowance, or a trial cannot be carried out.
    """
    campaign, expected = estimate_left(root, shard, usd_per_hour=usd_per_hour)
    over = allowance.excess(expected)
    if over:
        raise TrialError(
            f"the campaign is over its budget: {'; '.join(over)}",
            code="over-budget",
            where=str(root),
            hint="raise --budget, or plan fewer trials",
        )
    done: list[str] = []

    def note(trial_id: str, outcome: Outcome | None) -> None:
        if outcome is not None:
            done.append(trial_id)
        told(trial_id, outcome)

    ids = pending(root, shard)
    some = workers or min(default_workers(), 1 + int(expected.seconds / _WORTH_S))
    if slurm is not None:
        run_on_slurm(root, note, scoring, jobs=jobs, settings=slurm, cluster=cluster, keep=keep)
    elif some > 1 and len(ids) > 1:
        run_in_pool(root, ids, note, scoring, workers=some, keep=keep)
    elif ids:
        run_here(root, ids, note, scoring, keep=keep)
    folder = CampaignFolder(root)
    return Ran(
        campaign=campaign,
        done=len(done),
        left=sum(not folder.done(trial.id) for trial in campaign.trials()),
        expected=expected,
        cost=folder.costs(),
    )


def replay(
    root: Path, ids: tuple[str, ...], scoring: Scoring | None, *, keep: bool = False
) -> tuple[Replayed, ...]:
    """Carry recorded trials out again and compare; no outcome is written.

    Args:
        root: the campaign's folder.
        ids: of trials that have an outcome; all of those when empty.
        scoring: the judge or task that scores, where it is not exact match.
        keep: keep the attacked weights of these trials.

    Raises:
        TrialError: one of them has not run.
    """
    from openweir.trial.worker import Worker  # noqa: PLC0415 - loads torch

    folder = CampaignFolder(root)
    known = [trial.id for trial in folder.campaign().trials()]
    strange = next((one for one in ids if one not in known), None)
    if strange is not None:
        raise TrialError(
            f"trial `{strange[:32]}` is not in the campaign", code="trial", where=str(root)
        )
    worker = Worker(root, scoring, keep=keep)
    found = []
    for one in ids or tuple(one for one in known if folder.done(one)):
        before, (after, _) = folder.outcome(one), worker.again(one)
        found.append(
            Replayed(
                trial=one,
                same=before == after,
                before=before.after_sha256,
                after=after.after_sha256,
            )
        )
    return tuple(found)
