"""`openweir keys`: make and list keys, and say whom you trust."""

import argparse
from pathlib import Path

from openweir.attest import ROLES
from openweir.cli import output
from openweir.desk import keys
from openweir.desk.home import Home

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  openweir keys new alice --role developer
  openweir keys new bob --role reviewer
  openweir keys show alice > alice.pub
  openweir keys trust carol.pub --name carol --role evaluator
  openweir keys trust-log register/log.pub
  openweir keys list

A key has one role. Decisions that let weights leave ask for signatures in different
roles, so that no single person can take that step.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.epilog = _EPILOG
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    new = verbs.add_parser("new", help="make a key and trust it")
    new.add_argument("name", help="whose key it is; also the file's name")
    new.add_argument("--role", choices=ROLES, default="developer", help="(default: developer)")
    listing = verbs.add_parser("list", help="list your keys, and the keys and logs you trust")
    show = verbs.add_parser("show", help="print a public key as PEM")
    show.add_argument("name", help="a name from `keys list`, or a key file")
    trust = verbs.add_parser("trust", help="trust someone's public key in one role")
    trust.add_argument("file", type=Path, help="public key as PEM")
    trust.add_argument("--name", required=True, help="whose key it is")
    trust.add_argument("--role", required=True, choices=ROLES)
    log = verbs.add_parser("trust-log", help="trust a log by its verifier key")
    log.add_argument("key", help="`name+id+base64`, or a file that holds it, such as log.pub")
    log.add_argument("--origin", help="the log's origin, where it is not the key's name")
    for verb in (new, listing, show, trust, log):
        verb.add_argument("--home", metavar="DIR", help="(default: $OPENWEIR_HOME or ~/.openweir)")
        output.add_json(verb)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the verb."""
    home = Home.find(arguments.home)
    {
        "new": _new,
        "list": _list,
        "show": _show,
        "trust": _trust,
        "trust-log": _trust_log,
    }[arguments.verb](arguments, home)
    return 0


def _new(arguments: argparse.Namespace, home: Home) -> None:
    path, public = keys.new_key(home, arguments.name, role=arguments.role)
    value = {
        "name": arguments.name,
        "role": arguments.role,
        "key_id": public.id,
        "private_key": str(path),
        "public_key": str(path.with_suffix(".pub")),
        "next": f"openweir sign CASE --key {arguments.name}",
    }
    lines = (
        f"made key {arguments.name} ({arguments.role}), {public.id[:12]}\n"
        f"  private {path}  (readable by you only; back it up, never share it)\n"
        f"  public  {path.with_suffix('.pub')}\n"
        f"next: {value['next']}"
    )
    output.emit(arguments, value, lines)


def _list(arguments: argparse.Namespace, home: Home) -> None:
    found, logs = keys.list_keys(home)
    value = {
        "keys": [
            {"name": item.name, "role": item.role, "key_id": item.key_id, "own": item.own}
            for item in found
        ],
        "logs": [{"origin": log.origin, "key": log.verifier_key} for log in logs],
    }
    lines = [
        f"{'*' if item.own else ' '} {item.name:<20} {item.role or 'not trusted':<12}"
        f" {item.key_id[:12]}"
        for item in found
    ]
    lines += [f"  log {log.origin}  {log.verifier_key}" for log in logs]
    lines.append("(* you hold the private key)" if found else "no keys: openweir keys new NAME")
    output.emit(arguments, value, "\n".join(lines))


def _show(arguments: argparse.Namespace, home: Home) -> None:
    public = keys.public_key(home, arguments.name)
    pem = public.to_pem().decode()
    value = {"name": arguments.name, "key_id": public.id, "public_key": pem}
    output.emit(arguments, value, pem)


def _trust(arguments: argparse.Namespace, home: Home) -> None:
    public = keys.public_key_file(arguments.file)
    trusted = keys.trust_key(home, public, name=arguments.name, role=arguments.role)
    value = {"name": trusted.name, "role": trusted.role, "key_id": public.id}
    output.emit(arguments, value, f"trusted {trusted.name} as {trusted.role}, {public.id[:12]}")


def _trust_log(arguments: argparse.Namespace, home: Home) -> None:
    log = keys.trust_log(home, arguments.key, origin=arguments.origin)
    value = {"origin": log.origin, "key": log.verifier_key}
    output.emit(arguments, value, f"trusted the log {log.origin}")
