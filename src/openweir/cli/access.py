"""`openweir access`: request, list, grant, revoke, reject; and let one's own devices in."""

import argparse
import sys
from pathlib import Path

from openweir.canonical import Object
from openweir.cli import output
from openweir.cli.refusal import or_refused
from openweir.desk import access, passport
from openweir.desk.access import Access
from openweir.desk.home import Home
from openweir.errors import UsageError
from openweir.instant import parse_day

__all__ = ["configure", "run"]

_YES = 0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in (
        ("request", "ask for access, saying what for"),
        ("list", "list who asked, and how they were answered"),
        ("grant", "give a user access"),
        ("revoke", "take a user's access back: new bytes stop at once"),
        ("reject", "answer a request with no"),
        ("appeal", "take a rejection to the gate's panel, once"),
        ("vote", "vote on an appeal, as a member of the gate's panel"),
        ("gate", "show a gate's rules and how it was used"),
        ("rules", "publish what a gate asks"),
        ("passport", "show the hub who vouches for you, by a login at your institution"),
        ("status", "say how well the hub knows you, and where your request stands"),
        ("login", "let a device that shows a code act as you"),
    ):
        action = actions.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:] + "."
        )
        _whom(action, name)
        action.add_argument("--hub", metavar="URL", required=True, help="the hub's address")
        _options(action, name)
        action.add_argument("--token", help="who you are (default: $HF_TOKEN, then HOME's)")
        action.add_argument("--home", metavar="DIR", help="default: $OPENWEIR_HOME or ~/.openweir")
        output.add_json(action)
    parser.epilog = (
        "  openweir access request ORG/NAME --hub URL --purpose 'replicate the evaluation'\n"
        "  openweir access list ORG/NAME --hub URL --status pending\n"
        "  openweir access grant ORG/NAME USER --hub URL --expires 2027-05-01\n"
        "  openweir access revoke ORG/NAME USER --hub URL\n"
        "  openweir access vote ORG/NAME USER --hub URL --accept\n"
        "  openweir access passport --hub URL --issuer https://login.uni.example\n"
        "  openweir access status ORG/NAME --hub URL\n"
        "  openweir access login BCDF-GHJK --hub URL\n"
        "Copies already handed over stay where they are; a revocation stops new ones."
    )
    parser.set_defaults(run=run)


def _whom(action: argparse.ArgumentParser, name: str) -> None:
    """Add what an action is about."""
    if name == "login":
        action.add_argument("code", metavar="CODE", help="what the device shows")
        action.add_argument("--deny", action="store_true", help="refuse it")
    elif name == "status":
        action.add_argument("name", metavar="ORG/NAME", nargs="?", default="", help="a release")
    elif name == "passport":
        action.add_argument("--issuer", metavar="URL", help="the provider (default: the only)")
        action.add_argument("--no-browser", action="store_true", help="only say where to log in")
        action.add_argument(
            "--paste",
            action="store_true",
            help="the browser is elsewhere: paste the address it ends at",
        )
    else:
        action.add_argument("name", metavar="ORG/NAME", help="the release")
    if name in ("grant", "revoke", "reject", "vote"):
        action.add_argument("user", metavar="USER", help="whose access")
    if name == "rules":
        action.add_argument("rules", metavar="RULES", help="JSON: level, purposes, ...")


def _options(action: argparse.ArgumentParser, name: str) -> None:
    """Add what only some actions take."""
    if name == "request":
        action.add_argument("--purpose", metavar="TEXT", required=True, help="what for")
        action.add_argument(
            "--term",
            metavar="TERM",
            action="append",
            default=[],
            help="a purpose declared or a condition accepted, as `openweir access gate` shows",
        )
        action.add_argument(
            "--field",
            metavar="NAME=VALUE",
            action="append",
            default=[],
            help="an answer of the gate's form; `true` for a box to check",
        )
    if name == "list":
        states = ("pending", "accepted", "rejected")
        action.add_argument("--status", choices=states, help="only these")
    if name == "grant":
        action.add_argument("--expires", metavar="DATE", help="last day (default: revocation)")
        action.add_argument("--cohort", metavar="STAGE", default="", help="with a stage plan")
    if name in ("revoke", "reject", "appeal"):
        action.add_argument("--reason", metavar="TEXT", default="", help="shown to the user")
    if name in ("revoke", "reject"):
        action.add_argument(
            "--class",
            dest="reason_class",
            metavar="CLASS",
            default="",
            help="of the reason, for the gate's numbers: identity, purpose, conditions, "
            "incomplete, security or other",
        )
    if name == "vote":
        action.add_argument("--reason", metavar="TEXT", default="", help="kept with the vote")
        answer = action.add_mutually_exclusive_group(required=True)
        answer.add_argument("--accept", action="store_true", help="let them in")
        answer.add_argument("--uphold", action="store_true", help="the rejection stays")


def run(arguments: argparse.Namespace) -> int:
    """Carry out one action; 0 when done, 1 when the hub refuses."""
    return or_refused(arguments, lambda: _act(arguments))


def _act(arguments: argparse.Namespace) -> int:
    asked = Access(
        name=getattr(arguments, "name", ""),
        hub=arguments.hub,
        token=arguments.token,
        home=Home.find(arguments.home),
    )
    if arguments.action == "login":
        agreed = not arguments.deny
        access.answer_login(asked, arguments.code, agreed=agreed)
        text = "the device is let in: go back to it" if agreed else "the device is refused"
        output.emit(arguments, {"agreed": agreed}, text)
        return _YES
    if arguments.action == "passport":
        output.emit(arguments, (shown := _log_in(arguments, asked)).value, _known(shown))
        return _YES
    if arguments.action == "status":
        standing = passport.status(asked)
        output.emit(arguments, standing.value, _known(standing))
        return _YES
    if arguments.action == "list":
        found = access.list_requests(asked, status=arguments.status)
        value = {"name": asked.name, "requests": [item.to_json() for item in found]}
        output.emit(arguments, value, _listed(asked, found))
        return _YES
    if arguments.action == "gate":
        gate = access.gate(asked)
        output.emit(arguments, gate.value, _gate(asked, gate))
        return _YES
    if arguments.action == "rules":
        rules = access.set_rules(asked, Path(arguments.rules))
        lines = f"next: openweir access gate {asked.name} --hub {asked.address}"
        output.emit(arguments, rules.value, f"the gate of {asked.name} asks this now\n{lines}")
        return _YES
    if arguments.action in ("appeal", "vote"):
        return _before_the_panel(arguments, asked)
    if arguments.action == "request":
        done = access.request(
            asked,
            purpose=arguments.purpose,
            terms=tuple(arguments.term),
            fields=tuple(_field(stated) for stated in arguments.field),
        )
        lines = _asked(asked, done)
    elif arguments.action == "grant":
        day = arguments.expires
        expires = None if day is None else parse_day(day, where="--expires")
        done = access.grant(asked, user=arguments.user, expires=expires, cohort=arguments.cohort)
        lines = (
            f"{done.user} may download {done.name} until {done.expires or 'revoked'}\n"
            f"they run: HF_ENDPOINT={asked.address} hf download {done.name}"
        )
    else:
        done = access.revoke(
            asked,
            user=arguments.user,
            reason=arguments.reason,
            reason_class=arguments.reason_class,
        )
        lines = f"{done.user} is refused {done.name} from now on"
    output.emit(arguments, done.to_json(), lines)
    return _YES


def _field(stated: str) -> tuple[str, str]:
    name, equals, value = stated.rpartition("=")
    if not equals:
        raise UsageError("a field is NAME=VALUE", code="field", where=stated[:100])
    return name, value


def _log_in(arguments: argparse.Namespace, asked: Access) -> Object:
    def shown(url: str) -> None:
        # Not to standard output, which may be read by a program.
        sys.stderr.write(f"log in at:\n{url}\n")
        if not (arguments.no_browser or arguments.paste):
            passport.in_browser(url)
        if arguments.paste:
            sys.stderr.write("then paste the address that the browser ends at:\n")

    pasted = sys.stdin.readline if arguments.paste else None
    return passport.passport(asked, arguments.issuer, shown=shown, pasted=pasted)


def _known(found: Object) -> str:
    until = found.optional_text("until")
    lines = [f"{found.text('user')}: level {found.integer('level')}"]
    if until is not None:
        lines[0] += f" until {until}"
    for visa in found.objects("visas"):
        value = f" {visa.text('value')}" if visa.text("value") else ""
        lines.append(f"  {visa.text('type')}{value}  until {visa.text('until')}")
    lines += [f"  not counted: {why}" for why in found.texts("refused")]
    mine = found.optional_object("access")
    if mine is None:
        return "\n".join(
            [*lines, "next: openweir access request ORG/NAME --hub URL --purpose TEXT"]
        )
    name, status = mine.text("name"), mine.optional_text("status")
    ends = [text for key in ("expires", "until") if (text := mine.optional_text(key))]
    stands = f"{name}: {status or 'not asked for'}"
    if status == "accepted":
        stands += f" until {min(ends) if ends else 'revoked'}"
    lines.append(stands)
    if (lacking := mine.optional_text("lacking")) is not None:
        lines.append(f"  stopped: {lacking}")
    lines.append(f"next: openweir access gate {name} --hub URL")
    return "\n".join(lines)


def _before_the_panel(arguments: argparse.Namespace, asked: Access) -> int:
    """Take a rejection to the panel, or vote on one."""
    if arguments.action == "appeal":
        access.appeal(asked, reason=arguments.reason)
        told = {"name": asked.name, "appealed": True}
        output.emit(arguments, told, f"your appeal for {asked.name} is before the panel")
        return _YES
    counted = access.vote(
        asked, user=arguments.user, accept=arguments.accept, reason=arguments.reason
    )
    output.emit(arguments, counted.value, _counted(asked, counted))
    return _YES


def _counted(asked: Access, counted: Object) -> str:
    yes, no = counted.integer("yes"), counted.integer("no")
    user, stands = counted.text("user"), counted.text("status")
    return (
        f"{yes} to let {user} into {asked.name}, {no} against: their request is {stands}\n"
        f"next: openweir access gate {asked.name} --hub {asked.address}"
    )


def _asked(asked: Access, done: access.Request) -> str:
    if done.status == "accepted":
        return (
            f"you have access to {done.name} until {done.expires or 'revoked'}\n"
            f"next: HF_ENDPOINT={asked.address} hf download {done.name}"
        )
    return (
        f"your request for {done.name} as {done.user} is {done.status}\n"
        f"its publisher answers with: openweir access grant {done.name} {done.user} "
        f"--hub {asked.address}"
    )


def _gate(asked: Access, gate: Object) -> str:
    rules, used = gate.object("rules"), gate.object("statistics")
    lines = [f"{asked.name}: {rules.text('mode')}, level {rules.integer('level')}"]
    if rules.text("criteria"):
        lines.append(rules.text("criteria"))
    lines += [
        f"{term.text('group'):<9}  {term.text('short'):<9}  {term.text('meaning')}"
        for term in gate.objects("terms")
    ]
    for field in rules.objects("fields"):
        options = "|".join(field.texts("options")) if "options" in field.value else ""
        lines.append(f"field      {field.text('type')}  {field.text('name')}  {options}".rstrip())
    rate = used.optional_text("acceptance_rate")
    lines.append(
        f"{used.integer('asked')} asked, {used.integer('accepted')} accepted, "
        f"{used.integer('rejected')} rejected" + (f", rate {rate}" if rate else "")
    )
    lines.append(f"next: openweir access request {asked.name} --hub {asked.address} --purpose TEXT")
    return "\n".join(lines)


def _listed(asked: Access, found: tuple[access.Request, ...]) -> str:
    if not found:
        return f"nobody asked for {asked.name} yet"
    lines = []
    for item in found:
        until = f" until {item.expires}" if item.expires else ""
        purpose = " ".join(item.purpose.split()) or "(granted without a request)"
        lines.append(f"{item.status:<9}{until}  {item.user}  {item.asked_at}  {purpose}")
    if any(item.status == "pending" for item in found):
        lines.append(f"next: openweir access grant {asked.name} USER --hub {asked.address}")
    return "\n".join(lines)
