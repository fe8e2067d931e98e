"""`openweir trial run`: carry out what is left; kill it, share it out, run it again."""

import argparse
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from openweir.cli import output
from openweir.cli.trial_plan import cost_line, price, task_of
from openweir.desk.trial.plan import estimate_left
from openweir.desk.trial.run import Ran, Replayed, replay, run_campaign
from openweir.desk.trial.secret import judge_token
from openweir.errors import UsageError
from openweir.trial.campaign import Campaign, Shard
from openweir.trial.cost import parse_allowance
from openweir.trial.curve import spark
from openweir.trial.judge import JudgeSettings
from openweir.trial.outcome import Outcome
from openweir.trial.scoring import Scoring

__all__ = ["configure", "run"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("campaign", type=Path, metavar="CAMPAIGN", help="the campaign's folder")
    parser.add_argument("--shard", default="1/1", metavar="I/N", help="part I of N (default: 1/1)")
    parser.add_argument("--workers", type=int, help="processes (default: one per core)")
    parser.add_argument("--slurm-jobs", type=int, metavar="N", help="run as N jobs on Slurm")
    parser.add_argument("--slurm-partition", metavar="NAME", help="where the jobs go")
    parser.add_argument("--slurm-minutes", type=int, default=60, help="each at most (default: 60)")
    parser.add_argument("--cluster", choices=("slurm", "local"), help="`local`: try it out here")
    parser.add_argument("--judge", metavar="URL", help="an OpenAI-compatible endpoint")
    parser.add_argument("--judge-model", metavar="NAME", help="the judge's name there")
    parser.add_argument(
        "--inspect-task",
        metavar="FILE.py@TASK",
        help="the task it was planned with; a campaign never brings code of its own",
    )
    parser.add_argument(
        "--budget", action="append", default=[], metavar="NAME=N", help="seconds, flop, usd, ..."
    )
    parser.add_argument("--usd-per-hour", metavar="N", help="price of one worker")
    parser.add_argument("--dry-run", action="store_true", help="say what is left and what it takes")
    parser.add_argument(
        "--replay", nargs="*", metavar="TRIAL", help="run recorded trials again and compare"
    )
    parser.add_argument(
        "--keep-weights",
        action="store_true",
        help="keep attacked weights in CAMPAIGN/attacked; by default they are deleted",
    )
    output.add_json(parser)
    parser.epilog = (
        "examples:\n"
        "  openweir trial run campaign\n"
        "  openweir trial run campaign --shard 2/4 --workers 2\n"
        "  openweir trial run campaign --dry-run --usd-per-hour 2.50\n"
        "  openweir trial run campaign --replay\n"
        "  openweir trial run campaign --replay 0123456789abcdef --keep-weights\n\n"
        "A trial is done when its outcome is written; killed at any point, the rest is run by\n"
        "the same command. OPENWEIR_JUDGE_TOKEN is sent to the judge. Exit codes: 0 all of the\n"
        "shard is done, 1 trials are left, over --budget, or a replay differs, 2 error."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run, replay or estimate, and print."""
    shard = Shard.parse(arguments.shard)
    scoring = _scoring(arguments)
    if arguments.replay is not None:
        return _replay(arguments, scoring)
    hourly = price(arguments.usd_per_hour)
    campaign, expected = estimate_left(arguments.campaign, shard, usd_per_hour=hourly)
    over = parse_allowance(tuple(arguments.budget)).excess(expected)
    if arguments.dry_run or over:
        value = {"cost": expected.to_json(), "over_budget": list(over)}
        lines = [cost_line(expected), *(f"over budget: {one}" for one in over)]
        output.emit(arguments, value, "\n".join(lines))
        return 1 if over else 0
    if arguments.workers is not None and arguments.workers < 1:
        raise UsageError("at least one worker is needed", code="workers", where="--workers")
    with output.progress("attacking", total=expected.trials, unit="trial") as done:
        ran = run_campaign(
            arguments.campaign,
            shard=shard,
            allowance=parse_allowance(tuple(arguments.budget)),
            workers=arguments.workers,
            slurm=_slurm(arguments),
            cluster=arguments.cluster,
            jobs=arguments.slurm_jobs or 1,
            scoring=scoring,
            usd_per_hour=hourly,
            keep=arguments.keep_weights,
            told=_live(campaign, done),
        )
    output.emit(arguments, {**_json(ran), "kept": _kept(arguments)}, _lines(ran, arguments))
    return 1 if ran.left and arguments.shard == "1/1" else 0


def _live(
    campaign: Campaign, done: Callable[[int], object]
) -> Callable[[str, Outcome | None], object]:
    """Return what moves the bar on and draws the curve of the best so far beside it."""
    bar = getattr(done, "__self__", None)
    best: dict[str, Decimal] = {}
    of: dict[str, list[str]] = {}
    for series in campaign.series:
        for trial in series.trials:
            if series.kind == "attack":
                of.setdefault(trial.id, []).append(series.id)

    def told(trial_id: str, outcome: Outcome | None) -> None:
        if outcome is not None:
            right = sum(counts.right for _, counts in outcome.select)
            asked = sum(counts.n for _, counts in outcome.select)
            for name in of.get(trial_id, []):
                best[name] = max(best.get(name, Decimal(0)), Decimal(100) * right / asked)
        if bar is not None:
            order = [series.id for series in campaign.series if series.id in best]
            bar.set_postfix_str(spark([best[name] for name in order]), refresh=False)
        done(1)

    return told


def _replay(arguments: argparse.Namespace, scoring: Scoring | None) -> int:
    found = replay(
        arguments.campaign, tuple(arguments.replay), scoring, keep=arguments.keep_weights
    )
    differ = [one for one in found if not one.same]
    value = {
        "replayed": len(found),
        "same": len(found) - len(differ),
        "trials": [_replayed(one) for one in found],
        "kept": _kept(arguments),
    }
    lines = [f"  {one.trial}  {one.before[:12]} recorded, {one.after[:12]} now" for one in differ]
    lines.append(f"{len(found) - len(differ)} of {len(found)} trials came to the same bytes")
    lines += _kept_line(arguments)
    output.emit(arguments, value, "\n".join(lines))
    return 1 if differ else 0


def _replayed(one: Replayed) -> dict[str, object]:
    return {"id": one.trial, "same": one.same, "before": one.before, "after": one.after}


def _scoring(arguments: argparse.Namespace) -> Scoring | None:
    task = task_of(arguments)
    if task is not None or arguments.judge is None:
        return task
    return JudgeSettings(
        endpoint=arguments.judge, model=arguments.judge_model or "", token=judge_token()
    )


def _slurm(arguments: argparse.Namespace) -> dict[str, object] | None:
    if arguments.slurm_jobs is None:
        return None
    if arguments.slurm_jobs < 1:
        raise UsageError("at least one job is needed", code="jobs", where="--slurm-jobs")
    settings: dict[str, object] = {"timeout_min": arguments.slurm_minutes}
    if arguments.slurm_partition:
        settings["slurm_partition"] = arguments.slurm_partition
    return settings


def _json(ran: Ran) -> dict[str, object]:
    return {
        "done": ran.done,
        "left": ran.left,
        "trials": len(ran.campaign.trials()),
        "cost": {"cpu_s": str(ran.cost.cpu_s), "wall_s": str(ran.cost.wall_s)},
        "label": ran.campaign.label,
    }


def _kept(arguments: argparse.Namespace) -> str | None:
    return str(arguments.campaign / "attacked") if arguments.keep_weights else None


def _kept_line(arguments: argparse.Namespace) -> list[str]:
    if not arguments.keep_weights:
        return []
    return [f"attacked weights are in {_kept(arguments)}: never serve or publish them"]


def _lines(ran: Ran, arguments: argparse.Namespace) -> str:
    lines = [
        f"{ran.done} trials carried out, {ran.left} left; {ran.cost.cpu_s} CPU-s in all so far"
    ]
    if ran.campaign.label:
        lines.append(f"({ran.campaign.label})")
    lines += _kept_line(arguments)
    follow = "run the other shards" if ran.left else f"openweir trial collect {arguments.campaign}"
    lines.append(f"next: {follow}")
    return "\n".join(lines)
