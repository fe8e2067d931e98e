"""One worker: take trials that nobody holds, carry them out, write down what they came to."""

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import torch

from openweir.digest import dirhash
from openweir.errors import TrialError
from openweir.trial.campaign import Campaign
from openweir.trial.carry_out import Bench, carry_out
from openweir.trial.folder import CampaignFolder, Cost
from openweir.trial.method import Ground
from openweir.trial.network import opened
from openweir.trial.outcome import Outcome, SealedHalf
from openweir.trial.scoring import Scoring, scorer_of
from openweir.trial.subject import model_files
from openweir.trial.trial import Trial

__all__ = ["Worker"]

_KEPT_OPEN = 3


class Worker:
    """Carries out trials of one campaign, with each model opened once.

    Args:
        root: the campaign's folder.
        scoring: the judge or task that scores, where it is not exact match.
        keep: keep attacked weights in the campaign's folder, for its owner alone.

    Raises:
        TrialError: the campaign was planned for another stack than is installed here.
    """

    def __init__(self, root: Path, scoring: Scoring | None = None, *, keep: bool = False) -> None:
        """Read the manifest and set torch to one thread, so that bits do not depend on cores."""
        self._folder = CampaignFolder(root)
        self._campaign: Campaign = self._folder.campaign()
        self._trials = {trial.id: trial for trial in self._campaign.trials()}
        self._scoring = scoring
        self._keep = root / "attacked" if keep else None
        self._open: dict[str, Bench] = {}
        here = self._campaign.stack.code_version
        for trial in self._trials.values():
            if trial.code_version != here:
                raise TrialError(
                    f"the trials were planned for `{trial.code_version}`, and here is `{here}`",
                    code="wrong-stack",
                    where=str(root),
                    hint="install the versions that were planned, or plan a new campaign",
                )
        torch.set_num_threads(1)
        # As `use_deterministic_algorithms`, which loads a compiler that nobody uses here.
        torch.set_deterministic_debug_mode(
            "error" if self._campaign.stack.device == "cpu" else "warn"
        )

    def carry(
        self, trial_id: str, progress: Callable[[int], object] | None = None
    ) -> Outcome | None:
        """Carry a trial out and write it down; None where it is done or another worker has it.

        Raises:
            TrialError: model or data are not those of the trial.
        """
        with self._folder.claimed(trial_id) as mine:
            if not mine:
                return None
            trial = self._trials[trial_id]
            bench = self._bench(trial)
            cpu, wall = time.process_time(), time.perf_counter()
            outcome, half = carry_out(trial, bench, progress, keep=self._keep)
            cost = Cost(
                cpu_s=_since(cpu, time.process_time()), wall_s=_since(wall, time.perf_counter())
            )
            self._folder.keep(outcome, half, cost)
            return outcome

    def again(self, trial_id: str) -> tuple[Outcome, SealedHalf]:
        """Carry a trial out without writing its outcome down.

        Raises:
            TrialError: model or data are not those of the trial.
        """
        trial = self._trials[trial_id]
        return carry_out(trial, self._bench(trial), keep=self._keep)

    def _bench(self, trial: Trial) -> Bench:
        key = f"{trial.model_sha256} {trial.data_sha256} {trial.seed}"
        if key in self._open:
            return self._open[key]
        stack = self._campaign.stack
        data = self._folder.data(str(trial.data_sha256))
        models = self._folder.models()
        if trial.model_sha256 not in models:
            raise TrialError(
                f"nobody knows where model {trial.model_sha256[:12]} lies",
                code="missing-model",
                where=str(self._folder.root / "models.json"),
            )
        shared = next((b for b in self._open.values() if b.sha256 == trial.model_sha256), None)
        folder = models[trial.model_sha256]
        files = model_files(folder) if shared is None else shared.files
        bench = Bench(
            network=opened(
                folder,
                chat=data.chat,
                dtype=stack.dtype,
                device=stack.device,
                four_bit=stack.four_bit,
            )
            if shared is None
            else shared.network,
            files=files,
            sha256=dirhash(files),
            ground=Ground(
                data=data,
                seed=trial.seed,
                others=models,
                adapter=stack.adapter,
                four_bit=stack.four_bit,
            ),
            scorer=scorer_of(stack.scorer, data, self._scoring),
        )
        if len({b.sha256 for b in self._open.values()} | {bench.sha256}) > _KEPT_OPEN:
            self._open.clear()
        self._open[key] = bench
        return bench


def _since(begun: float, ended: float) -> Decimal:
    return Decimal(f"{max(0.0, ended - begun):.3f}")
