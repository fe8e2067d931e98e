"""`openweir trial plan`: every trial by name, and what it will cost, before the first one runs."""

import argparse
from decimal import Decimal, InvalidOperation
from pathlib import Path

from openweir.cli import output
from openweir.desk.clock import today
from openweir.desk.trial.plan import Planned, control_steps, plan_campaign
from openweir.errors import UsageError
from openweir.trial.cost import Estimate, parse_allowance
from openweir.trial.design import ATTACKS, PRESETS, Design, parse_attack
from openweir.trial.inspect_task import InspectTask, parse_task
from openweir.trial.judge import judge_id
from openweir.trial.stack import Stack

__all__ = ["configure", "cost_line", "numbers", "price", "run", "task_of"]


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="the model folder")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the campaign")
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="the examples; an organism brings its own"
    )
    parser.add_argument(
        "--attack",
        action="append",
        default=[],
        metavar="NAME[:K,K]",
        help="repeatable: " + "; ".join(f"{name}: {what}" for name, what in ATTACKS.items()),
    )
    parser.add_argument(
        "--preset", default="quick", choices=sorted(PRESETS), help="attacks without --attack"
    )
    parser.add_argument(
        "--learning-rates",
        default="0.0001,0.0003,0.001",
        metavar="R,R",
        help="tried with every attack",
    )
    parser.add_argument("--steps", default="20,100", metavar="N,N", help="default: 20,100")
    parser.add_argument("--long-steps", default="120", metavar="N,N", help="of `amplify`: over 100")
    parser.add_argument("--seeds", default="0", metavar="N,N", help="default: 0")
    parser.add_argument("--batch", type=int, default=16, help="rows per step (default: 16)")
    parser.add_argument("--rank", type=int, default=8, help="of adapters (default: 8)")
    parser.add_argument("--targets", default="q_proj+v_proj", help="layers adapters go on")
    parser.add_argument(
        "--merge-with", type=Path, action="append", default=[], metavar="DIR", help="for `merge`"
    )
    parser.add_argument(
        "--controls", type=Path, metavar="DIR", help="share controls with other campaigns there"
    )
    parser.add_argument("--case", type=Path, metavar="CASE", help="register the answers there")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps (default: cpu)")
    parser.add_argument("--dtype", default="float32", help="float32 or bfloat16")
    parser.add_argument("--adapter", default="own", help="own, or peft for LoRA by that library")
    parser.add_argument("--four-bit", action="store_true", help="QLoRA; with --adapter peft")
    parser.add_argument("--judge-model", metavar="NAME", help="score by this judge, not exactly")
    parser.add_argument(
        "--inspect-task",
        metavar="FILE.py@TASK",
        help="score by this task of Inspect; its code is run, so name only your own",
    )
    parser.add_argument(
        "--budget", action="append", default=[], metavar="NAME=N", help="seconds, flop, usd, ..."
    )
    parser.add_argument("--usd-per-hour", metavar="N", help="price of one worker")
    parser.add_argument("--dry-run", action="store_true", help="say what it takes, write nothing")
    parser.add_argument("--as-of", metavar="DATE", help="day of registration (default: today)")
    output.add_json(parser)
    parser.epilog = (
        "examples:\n"
        "  openweir trial plan organism --out campaign\n"
        "  openweir trial plan organism --out campaign --case case --preset standard\n"
        "  openweir trial plan organism --out campaign --controls controls\n"
        "  openweir trial plan model --data questions.json --out campaign \\\n"
        "      --attack sft:10,100 --attack lora:100 --learning-rates 1e-5,1e-4,1e-3 --dry-run\n\n"
        "A positive control, a negative one, and one for each class of attack are planned with\n"
        "every campaign; a batch whose controls fail shows nothing. Exit code 1: over --budget."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Plan and print; 0 when planned, 1 when it would be over its budget."""
    words = arguments.attack or PRESETS[arguments.preset]
    wanted = Design(
        attacks=tuple(map(parse_attack, words)),
        learning_rates=numbers(arguments.learning_rates, "--learning-rates"),
        steps=_whole(arguments.steps, "--steps"),
        long_steps=_whole(arguments.long_steps, "--long-steps"),
        seeds=_whole(arguments.seeds, "--seeds"),
        batch=arguments.batch,
        rank=arguments.rank,
        targets=arguments.targets,
    )
    stack = Stack(
        device=arguments.device,
        dtype=arguments.dtype,
        adapter=arguments.adapter,
        four_bit=arguments.four_bit,
        **_scorer(arguments),
    )
    allowance = parse_allowance(tuple(arguments.budget))

    def plan(*, dry: bool) -> Planned:
        steps = control_steps(wanted.attacks)
        with output.progress("raising controls", total=steps, unit="step") as done:
            return plan_campaign(
                arguments.model,
                arguments.out,
                wanted,
                stack=stack,
                data=arguments.data,
                controls=arguments.controls,
                merge_with=tuple(arguments.merge_with),
                task=task_of(arguments),
                case=arguments.case,
                on=today(arguments.as_of),
                usd_per_hour=price(arguments.usd_per_hour),
                dry_run=dry,
                progress=done,
            )

    planned = plan(dry=True)
    over = allowance.excess(planned.expected)
    if not over and not arguments.dry_run:
        planned = plan(dry=False)
    output.emit(arguments, _json(planned, over), _lines(planned, arguments, over))
    return 1 if over else 0


def task_of(arguments: argparse.Namespace) -> InspectTask | None:
    """Return the task of Inspect that was named; None for none.

    Raises:
        UsageError: a judge is named as well.
        TrialError: there is no such task.
    """
    if arguments.inspect_task is None:
        return None
    if arguments.judge_model:
        raise UsageError(
            "one scorer at a time: a judge or an Inspect task",
            code="scorer",
            where="--inspect-task",
            hint="drop --judge-model; a task names its own judge",
        )
    return parse_task(arguments.inspect_task)


def _scorer(arguments: argparse.Namespace) -> dict[str, str]:
    task = task_of(arguments)
    if task is not None:
        return {"scorer": task.id}
    return {"scorer": judge_id(arguments.judge_model)} if arguments.judge_model else {}


def numbers(words: str, option: str) -> tuple[Decimal, ...]:
    """Read numbers with commas between.

    Raises:
        UsageError: one is none.
    """
    try:
        return tuple(Decimal(word) for word in words.split(","))
    except InvalidOperation:
        raise UsageError(
            f"`{words[:60]}` is no list of numbers", code="numbers", where=option, hint="1e-4,1e-3"
        ) from None


def price(word: str | None) -> Decimal | None:
    """Read a price; None for none.

    Raises:
        UsageError: it is no number of 0 or more.
    """
    if word is None:
        return None
    found = numbers(word, "--usd-per-hour")
    if len(found) != 1 or not found[0].is_finite() or found[0] < 0:
        raise UsageError(f"`{word[:40]}` is no price", code="price", where="--usd-per-hour")
    return found[0]


def cost_line(expected: Estimate) -> str:
    """Return an estimate as one line."""
    money = "" if expected.usd is None else f", {expected.usd} USD"
    return (
        f"about {expected.seconds} s of one worker for {expected.trials} trials:"
        f" {expected.steps} steps, {expected.flop:.1E} FLOP, {expected.memory_gib} GiB{money}"
    )


def _named_again(arguments: argparse.Namespace) -> str:
    if arguments.inspect_task is not None:
        return f" --inspect-task {arguments.inspect_task}"
    if arguments.judge_model:
        return f" --judge URL --judge-model {arguments.judge_model}"
    return ""


def _whole(words: str, option: str) -> tuple[int, ...]:
    found = numbers(words, option)
    if not all(n.is_finite() and n == n.to_integral_value() and abs(n) < 10**12 for n in found):
        raise UsageError(f"`{words[:60]}` are no whole numbers", code="numbers", where=option)
    return tuple(int(number) for number in found)


def _json(planned: Planned, over: tuple[str, ...]) -> dict[str, object]:
    campaign = planned.campaign
    return {
        "campaign": None if planned.folder is None else str(planned.folder),
        "campaign_sha256": None if planned.folder is None else campaign.sha256,
        "model_sha256": campaign.model_sha256,
        "label": campaign.label,
        "scorer": campaign.stack.scorer,
        "trials": len(campaign.trials()),
        "series": [
            {
                "id": series.id,
                "kind": series.kind,
                "evaluation": series.evaluation,
                "rung": series.rung.name,
                "trials": [trial.id for trial in series.trials],
                "answers": [answer.id for answer in series.answers],
            }
            for series in campaign.series
        ],
        "cost": planned.expected.to_json(),
        "over_budget": list(over),
        "registered": list(planned.registered),
        "unproven_controls": list(planned.unproven),
    }


def _lines(planned: Planned, arguments: argparse.Namespace, over: tuple[str, ...]) -> str:
    campaign = planned.campaign
    width = max(len(series.id) for series in campaign.series)
    lines = [
        f"  {s.id:<{width}}  {len(s.trials):>3} trials  {s.evaluation} at {s.rung.name}"
        + (f"  control, must {'break' if s.kind == 'positive' else 'hold'}" * (s.kind != "attack"))
        for s in campaign.series
    ]
    lines.append(cost_line(planned.expected))
    lines += [f"over budget: {one}" for one in over]
    if planned.unproven:
        lines.append(
            f"note: as {' and '.join(planned.unproven)} control lies another organism than the one"
            " the limits were set with; where it does not break, the batch is invalid"
        )
    if planned.registered:
        lines.append(f"{len(planned.registered)} trials registered in {arguments.case}")
    if campaign.label:
        lines.append(f"({campaign.label})")
    if planned.folder is None:
        lines.append("nothing was written")
    else:
        lines.append(f"next: openweir trial run {planned.folder}{_named_again(arguments)}")
    return "\n".join(lines)
