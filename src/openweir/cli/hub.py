"""`openweir hub`: accounts, organisations, tokens and logins of a hub, beside its data."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from openweir.cli import (
    hub_audit,
    hub_backup,
    hub_fsck,
    hub_gc,
    hub_keyless,
    hub_migrate,
    hub_passport,
    hub_restore,
    output,
)
from openweir.desk import hub
from openweir.desk.home import Home

__all__ = ["configure", "run"]

_Act = Callable[[Path | str, argparse.Namespace], tuple[dict[str, object], str]]
_Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse has no public name for it

_YES = 0
_EPILOG = (
    "  openweir hub user add ann             an account that may ask for access\n"
    "  openweir hub user add acme            an account that may publish acme/...\n"
    "  openweir hub org add lab              a namespace that several users share\n"
    "  openweir hub org member lab ann --role write\n"
    "  openweir hub token new ann            one more token, shown once\n"
    "  openweir hub token new ann --role read --days 30 --label ci\n"
    "  openweir hub token revoke ann         all tokens of ann stop at once\n"
    "  openweir hub login BCDF-GHJK --user ann   let in a device that shows this code\n"
    "  openweir hub backup --to DIR          a copy, while the hub serves\n"
    "  openweir hub restore DIR --data NEW   a hub from it\n"
    "  openweir hub fsck                     is everything there that the hub names?\n"
    "  openweir hub gc --dry-run             what could be let go\n"
    "  openweir hub migrate --dry-run        what a new version has to change first"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the things and their actions."""
    things = parser.add_subparsers(dest="thing", metavar="THING", required=True)
    user = _thing(things, "user", "accounts")
    _action(user, "add", "make an account", _add_user, "user").add_argument(
        "--publisher", action="store_true", help="may publish under every name"
    )
    _action(user, "list", "list the accounts", _list_users)
    org = _thing(things, "org", "organisations")
    add = _action(org, "add", "make a namespace that users share", _add_org, "organisation")
    add.add_argument("--full-name", metavar="TEXT", default="", help="how people call it")
    add.add_argument("--private", action="store_true", help="its repositories start private")
    member = _action(
        org, "member", "give a user a role, or take it away", _member, "organisation", "user"
    )
    role = member.add_mutually_exclusive_group(required=True)
    role.add_argument("--role", choices=("read", "write", "admin"), help="what the user may do")
    role.add_argument("--remove", action="store_true", help="no role any more")
    _action(org, "list", "list organisations and members", _list_orgs)
    token = _thing(things, "token", "tokens")
    new = _action(token, "new", "make one more token of a user", _new_token, "user")
    new.add_argument("--role", choices=("read", "write"), default="write", help="default: write")
    new.add_argument("--label", metavar="TEXT", default="", help="what the user calls it")
    new.add_argument("--days", metavar="N", type=int, help="how long it holds (default: always)")
    _action(token, "revoke", "revoke all tokens of a user", _revoke, "user")
    login = things.add_parser(
        "login",
        help="let in a device that shows a code",
        description="Agree to the login of a device without a browser, or refuse it.",
    )
    login.add_argument("code", metavar="CODE", help="what the device shows")
    login.add_argument("--user", metavar="NAME", required=True, help="whose device it is")
    login.add_argument("--deny", action="store_true", help="refuse it")
    _common(login, _login)
    hub_audit.configure(things)
    hub_passport.configure(things)
    for verb in (hub_keyless, hub_backup, hub_restore, hub_fsck, hub_gc, hub_migrate):
        verb.configure(things)
    parser.epilog = _EPILOG


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action on the hub's data directory."""
    home = Home.find(arguments.home)
    data: Path | str = home.hub if arguments.data is None else Path(arguments.data)
    if arguments.database is not None:
        data = str(arguments.database)
    act = arguments.act
    value, text = act(data, arguments)
    output.emit(arguments, value, text)
    return _YES


def _add_user(data: Path | str, arguments: argparse.Namespace) -> tuple[dict[str, object], str]:
    token = hub.add_user(data, arguments.user, publisher=arguments.publisher)
    told = {"user": arguments.user, "token": token, "publisher": arguments.publisher}
    return told, f"account {arguments.user} made\n{_shown(token)}"


def _list_users(data: Path | str, _: argparse.Namespace) -> tuple[dict[str, object], str]:
    users = hub.list_users(data)
    value = [
        {"name": user.name, "publisher": user.publisher, "tokens": user.tokens} for user in users
    ]
    lines = [
        f"{user.name}  {user.tokens} token{'' if user.tokens == 1 else 's'}"
        + ("  publisher" if user.publisher else "")
        for user in users
    ]
    return {"users": value}, "\n".join(lines) or "no accounts yet"


def _add_org(data: Path | str, arguments: argparse.Namespace) -> tuple[dict[str, object], str]:
    name = arguments.organisation
    hub.add_organisation(data, name, full_name=arguments.full_name, private=arguments.private)
    next_step = f"next: openweir hub org member {name} USER --role admin"
    return {"organisation": name, "private": arguments.private}, (
        f"organisation {name} made\n{next_step}"
    )


def _member(data: Path | str, arguments: argparse.Namespace) -> tuple[dict[str, object], str]:
    role = None if arguments.remove else arguments.role
    hub.set_member(data, arguments.organisation, arguments.user, role)
    told = {"organisation": arguments.organisation, "user": arguments.user, "role": role}
    what = "has no role any more" if role is None else f"may {role}"
    return told, f"{arguments.user} {what} in {arguments.organisation}"


def _list_orgs(data: Path | str, _: argparse.Namespace) -> tuple[dict[str, object], str]:
    found = hub.list_organisations(data)
    value = [
        {
            "name": item.name,
            "full_name": item.full_name,
            "private": item.private,
            "members": [{"user": user, "role": role} for user, role in item.members],
        }
        for item in found
    ]
    lines = [
        f"{item.name}  " + (", ".join(f"{user} ({role})" for user, role in item.members) or "empty")
        for item in found
    ]
    return {"organisations": value}, "\n".join(lines) or "no organisations yet"


def _new_token(data: Path | str, arguments: argparse.Namespace) -> tuple[dict[str, object], str]:
    token = hub.new_token(
        data, arguments.user, role=arguments.role, label=arguments.label, days=arguments.days
    )
    told = {"user": arguments.user, "token": token, "role": arguments.role}
    return told, _shown(token)


def _revoke(data: Path | str, arguments: argparse.Namespace) -> tuple[dict[str, object], str]:
    count = hub.revoke_tokens(data, arguments.user)
    told: dict[str, object] = {"user": arguments.user, "revoked": count}
    return told, f"{count} token(s) of {arguments.user} revoked"


def _login(data: Path | str, arguments: argparse.Namespace) -> tuple[dict[str, object], str]:
    agreed = not arguments.deny
    hub.answer_login(data, arguments.code, arguments.user, agreed=agreed)
    told = {"user": arguments.user, "agreed": agreed}
    return told, f"the device is {'let in as ' + arguments.user if agreed else 'refused'}"


def _shown(token: str) -> str:
    return f"token, shown once: {token}\nnext: hf auth login --token TOKEN"


def _thing(things: _Parsers, name: str, what: str) -> _Parsers:
    child = things.add_parser(name, help=what, description=f"Administer {what}.")
    return child.add_subparsers(dest="action", metavar="ACTION", required=True)


def _action(
    verbs: _Parsers, name: str, what: str, act: _Act, *positional: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=what, description=f"{what.capitalize()}.")
    for each in positional:
        metavar = "NAME" if len(positional) == 1 else each.upper()
        verb.add_argument(each, metavar=metavar, help=f"the {each}")
    return _common(verb, act)


def _common(verb: argparse.ArgumentParser, act: _Act) -> argparse.ArgumentParser:
    verb.add_argument("--data", metavar="DIR", help="the hub's data (default: HOME/hub)")
    verb.add_argument("--database", metavar="URL", help="postgresql://..., of a hub with replicas")
    verb.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
    output.add_json(verb)
    verb.set_defaults(run=run, act=act)
    return verb
