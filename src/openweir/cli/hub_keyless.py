"""`openweir hub keyless`: say which jobs of which OpenID provider act for which account."""

import argparse
from pathlib import Path

from openweir.cli import output
from openweir.desk import hub_keyless
from openweir.desk.home import Home
from openweir.errors import UsageError
from openweir.hub.access.keyless import KeylessProvider

__all__ = ["configure", "run"]

_YES = 0
_EPILOG = (
    "  openweir hub keyless https://token.actions.githubusercontent.com \\\n"
    "    --audience https://hub.example --subject 'repo:acme/models:ref:refs/heads/main' "
    "--account acme\n"
    "  openweir hub keyless https://token.actions.githubusercontent.com --drop"
)


def configure(things: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `keyless` below `openweir hub`."""
    parser = things.add_parser(
        "keyless",
        help="let jobs of an OpenID provider in without a secret",
        description="Say which jobs of which OpenID provider act for which account: each gets a "
        "token for one repository and one hour.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("url", metavar="URL", help="the provider's issuer identifier")
    parser.add_argument("--audience", metavar="URL", default="", help="the hub's own address")
    parser.add_argument("--subject", metavar="PATTERN", help="whose jobs; `*` is any text")
    parser.add_argument("--account", metavar="NAME", help="whom they act for")
    parser.add_argument("--drop", action="store_true", help="name it no more; its tokens end")
    parser.add_argument("--data", metavar="DIR", help="the hub's data (default: HOME/hub)")
    parser.add_argument("--database", metavar="URL", help="postgresql://..., with replicas")
    parser.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
    output.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Name the provider, or name it no more."""
    home = Home.find(arguments.home)
    data = home.hub if arguments.data is None else Path(arguments.data)
    if arguments.drop:
        kept, ended = hub_keyless.shut_out(data, arguments.url, database=arguments.database)
        text = f"{arguments.url} lets nobody in any more; {ended} token(s) ended"
        output.emit(arguments, {"providers": _told(kept), "revoked": ended}, text)
        return _YES
    if not arguments.subject or not arguments.account:
        raise UsageError(
            "say whose jobs act for whom",
            code="no-rule",
            hint="--subject 'repo:acme/*' --account acme, or --drop",
        )
    kept = hub_keyless.let_in(
        data,
        arguments.url,
        audience=arguments.audience,
        subject=arguments.subject,
        account=arguments.account,
        database=arguments.database,
    )
    text = (
        f"{arguments.subject} of {arguments.url} acts for {arguments.account}\n"
        "next: in the job, set HF_ENDPOINT and HF_OIDC_RESOURCE=ORG/NAME"
    )
    output.emit(arguments, {"providers": _told(kept), "revoked": 0}, text)
    return _YES


def _told(providers: tuple[KeylessProvider, ...]) -> list[dict[str, object]]:
    return [
        {
            "url": each.url,
            "audience": each.audience,
            "rules": [{"subject": rule.subject, "account": rule.account} for rule in each.rules],
        }
        for each in providers
    ]
