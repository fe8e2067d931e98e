"""`openweir publish`: take a signed case to a hub."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.cli.refusal import or_refused
from openweir.desk.home import Home
from openweir.desk.publish import Published, publish, total_bytes
from openweir.tier import Tier

__all__ = ["configure", "run"]

_YES = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("case", metavar="CASE", help="a case that is decided, signed and logged")
    parser.add_argument("--hub", metavar="URL", required=True, help="the hub's address")
    parser.add_argument(
        "--token", help="who you are (default: $HF_TOKEN, then the one kept in HOME)"
    )
    parser.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
    output.add_json(parser)
    parser.epilog = (
        "The hub checks signatures, approvals, log and every digest again, and takes only\n"
        "files that the decision lets leave. All of it becomes the release, or nothing:\n"
        "  openweir publish case --hub http://127.0.0.1:8080\n"
        "Exit codes: 0 released, 1 refused (with the reason), 2 error."
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Publish; 0 when released, 1 when refused."""
    return or_refused(arguments, lambda: _publish(arguments))


def _publish(arguments: argparse.Namespace) -> int:
    root = Path(arguments.case)
    with output.progress("publish", total=total_bytes(root)) as sent:
        done = publish(
            root,
            hub=arguments.hub,
            token=arguments.token,
            home=Home.find(arguments.home),
            progress=sent,
        )
    value = {
        "name": done.name,
        "url": done.url,
        "commit": done.commit,
        "tier": done.tier.word,
        "draft": done.draft,
        "sent": done.sent,
    }
    output.emit(arguments, value, _lines(done))
    return _YES


def _lines(done: Published) -> str:
    hub = done.url.removesuffix(f"/{done.name}")
    if done.tier is Tier.SEALED:
        after = "the hub shows and serves nothing of it: it is sealed"
    elif not done.tier.weights_leave:
        after = "its page is public; no file of it is served at this tier"
    elif done.tier is Tier.GATED_WEIGHTS:
        after = f"next: openweir access list {done.name} --hub {hub}"
    else:
        after = f"next: HF_ENDPOINT={hub} hf download {done.name}"
    draft = "" if done.draft is None else f"  draft   {done.draft}\n"
    return (
        f"{done.name} is in force on the hub: {done.tier.word}\n"
        f"  page    {done.url}\n"
        f"  commit  {done.commit}\n"
        f"{draft}"
        f"{after}"
    )
