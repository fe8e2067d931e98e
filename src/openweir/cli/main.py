"""Find the command, import only that, run it, and turn errors into exit codes."""

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Sequence

from openweir import __version__
from openweir.canonical import text
from openweir.cli.parser import Parser
from openweir.errors import OpenweirError, UsageError

__all__ = ["COMMANDS", "main"]

# Name -> (module under openweir.cli, summary). In the order of the flow.
COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "start a case: a plain folder beside your model"),
    "scan": ("scan", "say of each file whether it may come in, executing nothing"),
    "inspect": ("inspect", "read the model folder into the case's dossier, executing nothing"),
    "compute": ("compute", "training compute by every method, and what each regime counts"),
    "lint": ("lint", "what a dossier lacks, and why it matters for which tier"),
    "plan": ("plan", "name trials before they run"),
    "evidence": ("evidence", "import eval logs as evidence with exact bounds"),
    "trial": ("trial", "attack a model's weights before someone else does"),
    "power": ("power", "say how many samples a trial needs before it runs"),
    "benefits": ("benefits", "keep the ledger of benefits, and what withholding costs"),
    "decide": ("decide", "compute the most open tier that the evidence supports"),
    "explain": ("explain", "print why: the proof tree with rules and evidence digests"),
    "whynot": ("whynot", "list all smallest sets of what a higher tier lacks, with numbers"),
    "next-test": ("next_test", "order untested claims by cost and chance to fail"),
    "schedule": ("schedule", "list the days on which the tier will change, and why"),
    "override": ("override", "lift by one tier with two people, lower with one, or order"),
    "exception": ("exception", "grant an exception that the policy has, or list them"),
    "verify-decision": ("verify_decision", "re-check a decision with an independent checker"),
    "policy": ("policy", "check, test, compare, prove and read policies"),
    "licence": ("licence", "say which licence a text is word for word, and what it asks"),
    "openness": ("openness", "class how open a release is, by every rule set, side by side"),
    "keys": ("keys", "make, rotate and revoke signing keys and say whom you trust"),
    "sign": ("sign", "sign the decision and the model files"),
    "attest": ("attest", "say something about a release and sign it, or check what was said"),
    "register": ("register", "keep, prove, verify, mirror, monitor and witness the public log"),
    "head": ("head", "say freshly which decision of each release is the latest"),
    "serve": ("serve", "run the hub: serve only what was decided"),
    "publish": ("publish", "upload a signed case to a hub"),
    "access": ("access", "request, list, grant and revoke access to gated releases"),
    "release": ("release", "open a release by stages, halt it, resume it"),
    "hub": ("hub", "administer a hub: users, tokens, audit, upkeep"),
    "verify": ("verify", "check what you downloaded: files, decision, log, expiry"),
    "watch": ("watch", "what is due or was advised since the decision"),
    "lineage": ("lineage", "test whether one model's weights derive from another's"),
    "document": ("document", "fill in a document from a case"),
    "export": ("export", "write a case's dossier as CycloneDX, SPDX, MOT, OSAI or a model card"),
    "import": ("import_", "take facts over from MOT, OSAI, a model card or Epoch AI's table"),
    "demo": ("demo", "take a small real model through the whole flow"),
}

# Library -> extra of pyproject.toml, where it is not `hub`.
_EXTRAS = {
    "numpy": "weights",
    "torch": "trial",
    "transformers": "trial",
    "safetensors": "trial",
    "peft": "trial-gpu",
    "submitit": "slurm",
    "z3": "prove",
    "cvc5": "prove",
    "boto3": "s3",
    "botocore": "s3",
    "picklescan": "scan",
    "fickling": "scan",
    "sigstore": "keyless",
}

_YES, _ERROR, _INTERRUPTED = 0, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: words after the program's name; the process's own by default.

    Returns:
        0 for yes, 1 for no, 2 for a usage or other error.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    name = next((word for word in words if not word.startswith("-")), None)
    try:
        parser = _parser(name)
        arguments = parser.parse_args(words)
        if arguments.command is None:
            parser.print_help()
            return _YES
        gc.enable()  # off until here, where a process starts
        return int(arguments.run(arguments))
    except (OpenweirError, ModuleNotFoundError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader went away (`openweir ... | head`): not an error of ours.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return _YES
        _report(_told(error), as_json="--json" in words)
        return _ERROR
    except KeyboardInterrupt:
        sys.stderr.write("openweir: interrupted\n")
        return _INTERRUPTED


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    parser = Parser(
        prog="openweir",
        description="Decide how openly an AI model may be released, prove why, and enforce it.",
        epilog="Start with `openweir demo`, or `openweir init MODEL_DIR --case DIR`. "
        "`openweir COMMAND --help` teaches one command. Exit codes: 0 yes, 1 no, 2 error.",
    )
    parser.add_argument("--version", action="version", version=f"openweir {__version__}")
    # With `prog` given, argparse need not lay out a usage line to find it.
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog="openweir")
    # Where the command is known, the others are only names in a message that nobody will see.
    shown = {chosen: COMMANDS[chosen]} if chosen in COMMANDS else COMMANDS
    for name, (module, summary) in shown.items():
        child = commands.add_parser(
            name,
            help=summary,
            description=summary[0].upper() + summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == chosen:
            importlib.import_module(f"openweir.cli.{module}").configure(child)
    return parser


def _told(error: OpenweirError | ModuleNotFoundError | OSError) -> OpenweirError:
    """Return what went wrong in the words of an `OpenweirError`."""
    if isinstance(error, OpenweirError):
        return error
    if isinstance(error, ModuleNotFoundError):
        library = (error.name or "").split(".")[0]
        if library in ("", "openweir"):
            raise error
        return UsageError(
            f"this command needs the library `{library}`",
            code="missing-extra",
            hint=f"pip install 'openweir[{_EXTRAS.get(library, 'hub')}]'",
        )
    return UsageError(error.strerror or str(error), code="system", where=str(error.filename or ""))


def _report(error: OpenweirError, *, as_json: bool) -> None:
    sys.stderr.write(f"openweir: {error}\n")
    if as_json:
        parts = {
            "code": error.code,
            "message": error.message,
            "where": error.where,
            "hint": error.hint,
        }
        sys.stdout.buffer.write(text({"error": parts}))
