"""`openweir release`: plan, advance, halt, resume and look at a release on a hub."""

import argparse
from pathlib import Path

from openweir.canonical import Object
from openweir.cli import output
from openweir.cli.refusal import or_refused
from openweir.desk import release
from openweir.desk.access import Access
from openweir.desk.home import Home

__all__ = ["configure", "run"]

_YES = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in (
        ("status", "say where it stands: halts, stage, what the next one asks"),
        ("plan", "give it a plan of stages, before its first step"),
        ("advance", "sign the next step of its plan and take it"),
        ("measure", "report signed measurements; some stop it at once"),
        ("halt", "stop it: no new byte goes out"),
        ("resume", "end its halts"),
    ):
        action = actions.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:] + "."
        )
        action.add_argument("name", metavar="ORG/NAME", help="the release")
        if name == "plan":
            action.add_argument("plan", metavar="PLAN", help="JSON, schema openweir/stages/1")
        if name in ("advance", "measure"):
            action.add_argument(
                "--key", metavar="KEY", action="append", default=[], help="who signs; repeatable"
            )
            action.add_argument(
                "--measures",
                metavar="FILE",
                required=name == "measure",
                help="what was measured, as JSON: name to value and at",
            )
        if name == "advance":
            action.add_argument(
                "--statement", metavar="FILE", help="the step, made or signed further here"
            )
            action.add_argument("--sign-only", action="store_true", help="do not send it yet")
        if name == "halt":
            action.add_argument("--trigger", metavar="WORD", default="other", help="why, in a word")
        if name in ("halt", "resume"):
            action.add_argument("--reason", metavar="TEXT", required=True, help="shown to users")
        action.add_argument("--hub", metavar="URL", required=True, help="the hub's address")
        action.add_argument("--token", help="who you are (default: $HF_TOKEN, then HOME's)")
        action.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
        output.add_json(action)
    parser.epilog = (
        "  openweir release status ORG/NAME --hub URL\n"
        "  openweir release halt ORG/NAME --hub URL --trigger weights-leak --reason TEXT\n"
        "  openweir release resume ORG/NAME --hub URL --reason TEXT\n"
        "  openweir release plan ORG/NAME plan.json --hub URL\n"
        "  openweir release advance ORG/NAME --hub URL --key ada --key ben --measures m.json\n"
        "  openweir release measure ORG/NAME --hub URL --key eva --measures m.json\n"
        "A plan that the decision is to name lies in the case as stages.json before `decide`.\n"
        "A halt stops new bytes. Copies already handed over stay where they are."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action; 0 when done, 1 when the hub refuses."""
    return or_refused(arguments, lambda: _act(arguments))


def _act(arguments: argparse.Namespace) -> int:
    asked = Access(
        name=arguments.name,
        hub=arguments.hub,
        token=arguments.token,
        home=Home.find(arguments.home),
    )
    asked.path("")
    again = f"next: openweir release status {asked.name} --hub {asked.address}"
    if arguments.action == "status":
        found = release.status(asked)
        output.emit(arguments, found.value, _told(found))
        return _YES
    value: dict[str, object] = {"name": asked.name}
    if arguments.action == "plan":
        release.set_plan(asked, Path(arguments.plan))
        lines = f"{asked.name} opens by this plan; nothing is open yet\n{again}"
    elif arguments.action == "measure":
        found = release.measure(asked, keys=arguments.key, measures=Path(arguments.measures))
        value = dict(found.value)
        pulled = found.texts("halted")
        lines = (
            f"{asked.name} is halted by {', '.join(pulled)}: no new byte goes out"
            if pulled
            else f"{len(found.texts('measures'))} measurement(s) of {asked.name} are taken"
        ) + f"\n{again}"
    elif arguments.action == "halt":
        release.halt(asked, trigger=arguments.trigger, reason=arguments.reason)
        value |= {"release_state": "halted", "trigger": arguments.trigger}
        lines = (
            f"{asked.name} is halted: no new byte goes out\n"
            f"next: openweir release resume {asked.name} --hub {asked.address} --reason TEXT"
        )
    elif arguments.action == "resume":
        ended = release.resume(asked, reason=arguments.reason)
        value["ended"] = ended
        lines = f"{ended} halt{'' if ended == 1 else 's'} of {asked.name} ended\n{again}"
    else:
        done = release.advance(
            asked,
            keys=arguments.key,
            measures=None if arguments.measures is None else Path(arguments.measures),
            statement=None if arguments.statement is None else Path(arguments.statement),
            send=not arguments.sign_only,
        )
        value |= {"to": done.to, "signatures": done.signatures, "sent": done.sent}
        lines = (
            f"{asked.name} is at the stage {done.to}\n{again}"
            if done.sent
            else f"the step to {done.to} has {done.signatures} signature(s) in {done.statement}\n"
            "next: the others add theirs with the same --statement, the last without --sign-only"
        )
    output.emit(arguments, value, lines)
    return _YES


def _told(found: Object) -> str:
    lines = [f"{found.text('name')}: {found.text('tier')}, {found.text('release_state')}"]
    lines += [
        f"{item.text('kind')} {item.text('topic')}: {item.text('text')}"
        for item in found.objects("notices")
    ]
    stages = found.optional_object("stages")
    if stages is None:
        return "\n".join([*lines, "no stage plan"])
    now, following = stages.optional_text("stage"), stages.optional_text("next")
    lapsed = " (lapsed: nothing goes out)" if stages.flag("lapsed") else ""
    if stages.flag("fallen_back"):
        lapsed = " (lapsed: only what the stages before it opened goes out)"
    if not stages.flag("bound"):
        lines.append("the plan is the hub's own: the signed decision names none")
    lines.append(f"stage {now or 'none yet'}{lapsed}")
    for stage in stages.objects("stages"):
        if stage.text("id") == now and following is not None:
            lines.append(f"to reach {following}: {stage.integer('min_days')} days, and")
            lines += [f"  {condition}" for condition in stage.texts("advance")]
    lines += [f"halted by {item}" for item in stages.texts("pulled")]
    if following is not None:
        lines.append(f"next: openweir release advance {found.text('name')} --key NAME ...")
    return "\n".join(lines)
