"""`openweir verify`: check what you downloaded, or are about to."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from openweir.cli import output
from openweir.desk import clock
from openweir.desk.fetch import environment_token
from openweir.desk.home import Home
from openweir.desk.keys import read_trust
from openweir.desk.pack import accepted_policies
from openweir.desk.register_place import policy_at
from openweir.desk.tokens import address_of
from openweir.desk.verify import Verified, verify
from openweir.desk.verify_signature import Claimant, verify_signature
from openweir.hub import Check

__all__ = ["configure", "run"]

_EPILOG = """\
examples:
  openweir verify ./model                      a folder fetched with `hf download --local-dir`
  openweir verify ~/.cache/huggingface/hub/models--ORG--NAME/snapshots/REVISION
  openweir verify http://127.0.0.1:8080/ORG/NAME --token hf_...
  openweir verify ORG/NAME --hub http://127.0.0.1:8080
  openweir verify case                         your own case, before you publish
  openweir verify ./model --register http://127.0.0.1:8080/register --as-of 2026-11-20
  openweir verify ./model --log-policy witnesses.txt --require-head
  openweir verify ./model --model-signature model.sig --key ada.pub
  openweir verify ./model --model-signature model.sig --authority root.pem
  openweir verify ./model --model-signature model.sig --identity ada@example.org \\
      --issuer https://accounts.google.com

With --model-signature only the files and their signature are checked: any model signed with the
OpenSSF tools. Otherwise the decision, its log and its terms are checked as well.
Exit code 0: every check holds. 1: at least one does not, and its line says which.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.epilog = _EPILOG
    parser.add_argument("what", metavar="PATH|URL/ORG/NAME")
    parser.add_argument("--trust", type=Path, metavar="FILE", help="trust file to use")
    parser.add_argument("--hub", metavar="URL", help="PATH is ORG/NAME on this hub")
    parser.add_argument("--register", metavar="DIR|URL", help="the log to audit as a whole")
    parser.add_argument("--as-of", metavar="DATE", help="verify for that day (default: today)")
    parser.add_argument(
        "--require-head",
        action="store_true",
        help="fail where no fresh head says that nothing later was decided",
    )
    parser.add_argument(
        "--log-policy",
        type=Path,
        metavar="FILE",
        help="witnesses that must have cosigned the log, in C2SP tlog-policy form",
    )
    parser.add_argument(
        "--token", help="for the hub (default: $HF_TOKEN, on this machine and for $HF_ENDPOINT)"
    )
    alone = parser.add_argument_group("only the signature of the files")
    alone.add_argument("--model-signature", type=Path, metavar="FILE", help="a Sigstore bundle")
    alone.add_argument("--key", type=Path, metavar="PEM", help="by this key (default: any trusted)")
    alone.add_argument("--authority", type=Path, metavar="PEM", help="by a certificate under it")
    alone.add_argument("--identity", help="by this account, through Sigstore")
    alone.add_argument("--issuer", help="who vouches for the account")
    alone.add_argument("--roots", type=Path, metavar="FILE", help="trusted_root.json of Sigstore")
    alone.add_argument(
        "--legacy", action="store_true", help="also read what model_signing 0.2 wrote"
    )
    parser.add_argument(
        "--policy",
        action="append",
        default=[],
        metavar="DIR",
        help="also accept decisions made under this pack; shipped packs are always accepted",
    )
    parser.add_argument("--home", metavar="DIR", help="(default: $OPENWEIR_HOME or ~/.openweir)")
    output.add_json(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Verify and tell."""
    home = Home.find(arguments.home)
    if arguments.hub is not None:
        arguments.what = f"{address_of(arguments.hub)}/{arguments.what.strip('/')}"
    if arguments.model_signature is not None:
        return _run_alone(arguments, home)
    at = clock.now()
    if arguments.as_of is not None:
        at = datetime.combine(clock.today(arguments.as_of), datetime.min.time(), tzinfo=UTC)
    with output.progress("hashing") as progress:
        found = verify(
            arguments.what,
            trust=read_trust(arguments.trust or home.trust, required=arguments.trust is not None),
            at=at,
            register=arguments.register,
            own_register=home.register,
            token=arguments.token or environment_token(arguments.what),
            policies=accepted_policies(arguments.policy),
            require_head=arguments.require_head,
            log_policy=(
                None if arguments.log_policy is None else policy_at(arguments.log_policy, home)
            ),
            progress=progress,
        )
    output.emit(arguments, _value(found), _lines(arguments.what, found))
    return 0 if found.ok else 1


def _run_alone(arguments: argparse.Namespace, home: Home) -> int:
    with output.progress("hashing") as progress:
        found = verify_signature(
            Path(arguments.what),
            arguments.model_signature,
            Claimant(
                key=arguments.key,
                authority=arguments.authority,
                identity=arguments.identity,
                issuer=arguments.issuer,
                roots=arguments.roots,
                legacy=arguments.legacy,
            ),
            trust=read_trust(arguments.trust or home.trust, required=arguments.trust is not None),
            progress=progress,
        )
    value = {"ok": found.ok, "signer": found.signer, "checks": _checks(found.checks)}
    end = "verified: the files are those that were signed; no decision was looked at"
    lines = [*_check_lines(found.checks), end if found.ok else "not verified"]
    output.emit(arguments, value, "\n".join(lines))
    return 0 if found.ok else 1


def _checks(found: tuple[Check, ...]) -> list[dict[str, object]]:
    return [{"name": item.name, "ok": item.ok, "detail": item.detail} for item in found]


def _check_lines(found: tuple[Check, ...]) -> list[str]:
    return [f"  {'ok' if item.ok else 'NO'}  {item.name:<16} {item.detail}" for item in found]


def _value(found: Verified) -> dict[str, object]:
    decision = found.decision
    return {
        "ok": found.ok,
        "name": None if decision is None else decision.name,
        "tier": None if decision is None else decision.effective_tier.word,
        "valid_until": None if decision is None else decision.valid_until.isoformat(),
        "way": found.way.value,
        "signers": [
            {"name": item.name, "role": item.role, "key_id": item.key.id} for item in found.signers
        ],
        "checks": _checks(found.checks),
    }


def _lines(what: str, found: Verified) -> str:
    lines = []
    if found.decision is not None:
        decision = found.decision
        lines.append(
            f"{decision.name}: {decision.effective_tier.word}, "
            f"decided {decision.as_of.isoformat()}, holds until {decision.valid_until.isoformat()}"
        )
    lines += _check_lines(found.checks)
    failed = [item for item in found.checks if not item.ok]
    if failed:
        count = f"{len(failed)} check{'' if len(failed) == 1 else 's'}"
        lines.append(f"not verified: {count} failed; do not rely on {what}")
    else:
        lines.append("verified: every check holds")
    return "\n".join(lines)
