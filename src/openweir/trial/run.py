"""Run a campaign's trials: in this process, in several, or on a Slurm cluster.

What a trial comes to does not depend on who runs it, so that shards and restarts agree.
Loads torch only where trials are carried out.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from openweir.trial.campaign import Shard
from openweir.trial.folder import CampaignFolder
from openweir.trial.outcome import Outcome
from openweir.trial.scoring import Scoring

__all__ = ["default_workers", "pending", "run_here", "run_in_pool", "run_on_slurm"]

_Told = Callable[[str, Outcome | None], object]
_held: dict[str, object] = {}


def pending(root: Path, shard: Shard) -> tuple[str, ...]:
    """Return the ids of a shard's trials that have no outcome yet, those on one model together."""
    folder = CampaignFolder(root)
    campaign = folder.campaign()
    left = [trial for trial in shard.of(campaign.trials()) if not folder.done(trial.id)]
    left.sort(key=lambda trial: (trial.model_sha256, trial.id))
    return tuple(trial.id for trial in left)


def run_here(
    root: Path, ids: tuple[str, ...], told: _Told, scoring: Scoring | None, *, keep: bool = False
) -> None:
    """Run trials one after the other in this process.

    Args:
        root: the campaign's folder.
        ids: of the trials.
        told: called with every id and its outcome; None where another worker had it.
        scoring: the judge or task that scores, where it is not exact match.
        keep: keep attacked weights.

    Raises:
        TrialError: a trial cannot be carried out.
    """
    from openweir.trial.worker import Worker  # noqa: PLC0415 - loads torch

    worker = Worker(root, scoring, keep=keep)
    for trial_id in ids:
        told(trial_id, worker.carry(trial_id))


def run_in_pool(
    root: Path,
    ids: tuple[str, ...],
    told: _Told,
    scoring: Scoring | None,
    *,
    workers: int,
    keep: bool = False,
) -> None:
    """Run trials in several processes of this machine, one thread each.

    Args:
        root: the campaign's folder.
        ids: of the trials.
        told: called with every id and its outcome.
        scoring: the judge or task that scores, where it is not exact match.
        keep: keep attacked weights.
        workers: how many processes.

    Raises:
        TrialError: a trial cannot be carried out.
    """
    # Spawned, not forked: torch's threads do not survive a fork.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=min(workers, len(ids)), mp_context=context) as pool:
        futures = {pool.submit(_carry, str(root), one, scoring, keep): one for one in ids}
        try:
            for future in as_completed(futures):
                told(futures[future], future.result())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def run_on_slurm(
    root: Path,
    told: _Told,
    scoring: Scoring | None,
    *,
    jobs: int,
    settings: dict[str, object],
    cluster: str | None = None,
    keep: bool = False,
) -> None:
    """Run the trials as jobs of a Slurm cluster, one shard each, and wait for them.

    The folder must lie where the nodes see it; locks on it keep workers apart.

    Args:
        root: the campaign's folder.
        told: called with every id and its outcome.
        scoring: the judge or task that scores, where it is not exact match.
        keep: keep attacked weights.
        jobs: how many.
        settings: handed to the scheduler, such as `slurm_partition`, `timeout_min`.
        cluster: `slurm`, or `local` to try it out without one; found out when None.

    Raises:
        TrialError: a trial cannot be carried out.
    """
    import submitit  # noqa: PLC0415 - an extra of its own

    executor = submitit.AutoExecutor(folder=root / "jobs", cluster=cluster)
    executor.update_parameters(name="openweir-trial", cpus_per_task=1, **settings)
    shards = [Shard(index=index, count=jobs) for index in range(1, jobs + 1)]
    running = [
        (executor.submit(_shard, str(root), shard, scoring, keep), shard) for shard in shards
    ]
    for job, _ in running:
        for trial_id in job.result():
            told(trial_id, CampaignFolder(root).outcome(trial_id))


def default_workers() -> int:
    """Return how many processes this machine has cores for."""
    return max(1, len(os.sched_getaffinity(0)))


def _carry(root: str, trial_id: str, scoring: Scoring | None, keep: bool) -> Outcome | None:
    from openweir.trial.worker import Worker  # noqa: PLC0415 - loads torch

    worker = _held.get(root)
    if not isinstance(worker, Worker):
        worker = _held[root] = Worker(Path(root), scoring, keep=keep)
    return worker.carry(trial_id)


def _shard(root: str, shard: Shard, scoring: Scoring | None, keep: bool) -> tuple[str, ...]:
    return tuple(_carried(Path(root), shard, scoring, keep))


def _carried(root: Path, shard: Shard, scoring: Scoring | None, keep: bool) -> Iterator[str]:
    for trial_id in pending(root, shard):
        if _carry(str(root), trial_id, scoring, keep) is not None:
            yield trial_id
