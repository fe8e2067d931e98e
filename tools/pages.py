"""Generate the reference pages that follow from the code: commands, packs, evidence records.

docs/reference/commands.md comes from the parsers; policy-pack.md, evidence.md and their
schemas from the tables the readers themselves use.

`python tools/pages.py` writes them, `--check` fails if one is not current. The commands
are laid out here rather than taken from `--help`, whose layout differs between versions
of Python.
"""

# ruff: noqa: SLF001 - argparse has no other way to walk a parser

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from openweir.artifact.rules import rules_page
from openweir.attest.predicate import json_schema as statement_schema
from openweir.attest.predicate import statements_page
from openweir.canonical import text
from openweir.cli.main import COMMANDS
from openweir.decision import VOCABULARY
from openweir.evidence.schema import json_schema as evidence_schema
from openweir.evidence.schema import reference_page as evidence_page
from openweir.hub.api.routes import described
from openweir.policy.schema import json_schema, reference_page

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
PACK_HEAD = """\
<!-- Made by tools/pages.py from src/openweir/policy/form.py; `make docs` writes it again. -->

# Policy packs

A pack is a folder with four things in it, and a note where a version loosens anything:

| path | what it holds |
|---|---|
| `policy.toml` | rules |
| `ladders.csv` | numbers by tier: what policymakers edit |
| `sources/` | the documents that rules quote |
| `tests/` | cases with their expected tiers |
| `loosenings.toml` | what this version asks less of than the one it supersedes |
| `loosenings.dsse.json` | signatures under that note |

A pack's digest is the dirHash of the folder; every decision names it.
`openweir decide --policy` takes the name of a shipped pack or the path of a folder.
`openweir policy check` names the file, line and key of a fault and what to write instead.
An editor can check `policy.toml` while you type with [its JSON Schema](policy-pack.schema.json).

A tier holds when every requirement asked at it *or below* is demonstrated; `sealed` asks nothing.
Numbers are read as exact decimals: `1e23` is the integer, not the nearest float.

## `ladders.csv`

Columns `row`, `parameter`, `unit`, then one per tier above `sealed`.
An atom writes `{ ladder = "PE2.uplift" }` to take its number from row `PE2`,
parameter `uplift`, at the tier in question.
A requirement is asked once for each tier in which all its cells are filled;
an empty cell means not asked.
A row that no rule uses does not load: it would look like a rule and be none.

## `tests/*.toml`

```toml
as-of = 2026-06-01

[base.small]
components = ["Model parameters (Final)"]
[base.small.facts]
contact = "safety@example.org"

[[case]]
name = "without a contact nothing leaves"
start = "small"
drop = ["contact"]
tier = "sealed"
failing = ["DOS1@trusted-hosted"]
```

A case starts from a base and changes it: `set` and `drop` facts, `change` evidence,
`leave-out` answers that were planned, `unplan` trials, go `without` components, `grant` exceptions.
It names the tier and every requirement that is not demonstrated.
`openweir policy test` runs them, and lists rules that fail in no case.

"""
EVIDENCE_HEAD = """\
<!-- Made by tools/pages.py from src/openweir/evidence; `make docs` writes it again. -->

# Evidence records

A case keeps one file per answered trial, `evidence/<trial>.json`; its SHA-256 is the evidence
digest.
`openweir evidence add` writes it from a log, and `--details FILE` adds what the log does not say.
An editor can check such a file with [its JSON Schema](evidence.schema.json);
`openweir evidence check FILE` also recomputes its interval and grades it.

Always there are `schema`, `trial`, `claim`, `evaluation`, `subject`, `attack`, `result`, `conduct`,
`method` and `produced_on`. All that follows may be absent, and what is absent never helps:
from rung A2 on, a claim can only be shown by a record that states a sweep of two or more
configurations, chosen on other samples than were scored, and a positive control that broke
in at least 80 of 100 samples.

| grade | meaning |
|---|---|
| `sound` | it can show that something is safe |
| `uncontrolled` | no positive control is stated |
| `unswept` | fewer than two configurations are known, or what they were chosen on is not |
| `invalid` | the record itself shows that the trial could not have found harm |

An `invalid` record answers no planned trial.
Whatever its grade, a break that it found still counts.

"""
STATEMENTS_HEAD = """\
<!-- Made by tools/pages.py from src/openweir/attest/predicate.py; `make docs` writes it again. -->

# Statements

A statement says something of bytes:
in-toto Statement v1 in a DSSE envelope, signed by one person or several.
Its first subject is the release (`dirHash`, names and contents together);
a file that it is about is the second.
`openweir attest` makes and checks them;
[a JSON Schema](statements.schema.json) describes them all.

Made elsewhere: the decision by `openweir sign`, overrides and orders by `openweir override`,
the hand-over of a key by `openweir keys rotate`,
the head of a log by `openweir head` (TUF metadata).

A public statement about a grant names nobody:
the recipient stands in it as the SHA-256 of a salt, a colon and the name,
and the salt is given to the recipient, who can show whose grant it is.

"""
SCAN_HEAD = """\
<!-- Made by tools/pages.py from src/openweir/artifact/rules.py; `make docs` writes it again. -->

# Rules of the gate

`openweir scan` gives each file one verdict and the rules that fired.
*Refused* means that the file should not come in:
opening it as its loader does could run something, lead out of the folder, or be read in two ways.
*Flagged* means that a person should look.
A file is what its bytes say it is; its name can only add to the rules that fire.

A dossier (`openweir inspect`) uses the same rules,
and leaves `pickle`, `executable` and `polyglot` flagged, since a policy may weigh them:
it describes, the gate decides.


"""
ENDPOINTS_HEAD = """\
<!-- Made by tools/pages.py from the hub's table of routes; `make docs` writes it again. -->

# Endpoints of the hub

`KIND` is `models` or `datasets`. `GET` answers `HEAD` too.
`...` is a path, or a revision quoted as one part (`refs%2Fpr%2F1`) and a path.
Members of a namespace see its drafts at these addresses, everybody else what was decided.
Every refusal is a sentence in `X-Error-Message` and in `error`, a word in `X-Error-Code` and an
id in `X-Request-Id`, which the hub's log has too. Stock clients choose their exception by four
words: `RepoNotFound`, `RevisionNotFound`, `EntryNotFound`, `GatedRepo`; a halted release is told by
the sentence `Access to this resource is disabled.`
Lists come by pages, the next one in `Link: <...>; rel="next"`.
Warnings for users come as `X-HF-Warning: topic; message`, which clients print once per topic.

| status | when |
|---|---|
| 206 | one range of a file; several at a time get the whole file |
| 304 | `If-None-Match` names the version that is there |
| 307 | a repository by its old name, for those who may see it |
| 401 | a token is needed, or the one sent is unknown, ended or revoked |
| 403 | the account may not, or has no grant |
| 404 | there is nothing of the kind for whoever asks |
| 409 | it exists already, or was released and stays |
| 412 | the branch moved past the stated parent, or the file past the version in `If-Match` |
| 416 | none of the bytes asked for is in the file |
| 422 | a path, a size or a digest is not what it has to be |
| 429 | too much at a time; `Retry-After` says how long to wait |
| 405 | the address does not take this method |
| 501 | not spoken here: discussions, buckets, webhooks, collections, spaces, jobs, papers, `git` |
| 503 | the database does not answer; `Retry-After` says how long to wait |
| 507 | the disk is full |

A 501 says what serves instead. What clients ask first and do without is 404: chunks known to
others (`/v1/chunks`), direct grants (`/v1/xorb-grants`) and `/v2/shards` of a Xet store.
`POST /oauth/token` takes three grants: `urn:ietf:params:oauth:grant-type:device_code`,
`refresh_token`, and `urn:ietf:params:oauth:grant-type:token-exchange` with an ID token; its
refusals are OAuth's words in `error`.

| methods | path | what it does |
|---|---|---|
"""
HEAD = """\
<!-- Made by tools/pages.py from the parsers; `make docs` writes it again. -->

# Commands

Every command answers `--help`.
Exit codes: 0 yes, 1 no, 2 error; see [words](words.md#exit-codes).
An option in brackets may be left out; `...` may be repeated.
"""


def pages() -> dict[str, str]:
    """Return every generated page by the name of its file."""
    schema = text(json_schema(VOCABULARY)).decode()
    return {
        "commands.md": commands_page(),
        "hub-endpoints.md": endpoints_page(),
        "policy-pack.md": PACK_HEAD + reference_page(VOCABULARY),
        "policy-pack.schema.json": schema,
        "evidence.md": EVIDENCE_HEAD + evidence_page(),
        "evidence.schema.json": text(evidence_schema()).decode(),
        "scan-rules.md": SCAN_HEAD + rules_page(),
        "statements.md": STATEMENTS_HEAD + statements_page(),
        "statements.schema.json": text(statement_schema()).decode(),
    }


def commands_page() -> str:
    """Return the page of commands."""
    parts = [HEAD, "| command | what it does |\n|---|---|"]
    parts += [
        f"| [`openweir {name}`](#openweir-{name}) | {summary} |"
        for name, (_, summary) in COMMANDS.items()
    ]
    parts.append("")
    for name, (module, summary) in COMMANDS.items():
        parser = argparse.ArgumentParser(prog=f"openweir {name}", description=summary)
        importlib.import_module(f"openweir.cli.{module}").configure(parser)
        parts += section(parser, f"{summary[0].upper()}{summary[1:]}.", level=2)
    return "\n".join(parts).rstrip("\n") + "\n"


def endpoints_page() -> str:
    """Return the page of the hub's endpoints."""
    rows = [
        f"| {methods} | `{path.replace('{kind}', 'KIND')}` | {sentence} |"
        for methods, path, sentence in described()
    ]
    return ENDPOINTS_HEAD + "\n".join(rows) + "\n"


def section(parser: argparse.ArgumentParser, summary: str, *, level: int) -> Iterator[str]:
    """Yield the lines of one command and of the commands below it."""
    getattr(parser, "configure_now", lambda: None)()
    yield f"{'#' * level} {parser.prog}\n"
    yield f"{summary}\n"
    nested = None
    lines = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            nested = action
        elif not isinstance(action, argparse._HelpAction):
            lines.append(f"| `{spelling(action)}` | {help_of(action, parser)} |")
    if lines:
        yield "| argument | meaning |\n|---|---|"
        yield from lines
        yield ""
    if parser.epilog:
        yield f"```text\n{parser.epilog.strip()}\n```\n"
    if nested is not None:
        summaries = {choice.dest: choice.help for choice in nested._choices_actions}
        for name, child in nested.choices.items():
            child.prog = f"{parser.prog} {name}"
            stated = summaries.get(name) or child.description or ""
            yield from section(child, f"{stated[:1].upper()}{stated[1:]}.", level=level + 1)


def spelling(action: argparse.Action) -> str:
    """Return how an argument is written: `CASE`, `[--as-of DATE]`, `--add ID ...`."""
    word = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    takes = "" if action.nargs == 0 else f" {word}"
    written = ", ".join(action.option_strings) + takes if action.option_strings else str(word)
    if action.nargs in ("*", "+") or isinstance(action, argparse._AppendAction):
        written += " ..."
    optional = (action.option_strings and not action.required) or action.nargs in ("?", "*")
    return (f"[{written}]" if optional else written).replace("|", "\\|")


def help_of(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    """Return an argument's help with its placeholders filled in."""
    values = dict(vars(action), prog=parser.prog)
    return " ".join((action.help or "").split()) % values if action.help else ""


def main() -> int:
    """Write the pages, or compare them under `--check`."""
    stale = []
    for name, made in pages().items():
        path = REFERENCE / name
        if not path.exists() or path.read_text(encoding="utf-8") != made:
            stale.append(name)
            if "--check" not in sys.argv[1:]:
                path.write_text(made, encoding="utf-8")
    if "--check" in sys.argv[1:] and stale:
        print(f"{', '.join(stale)}: not current, run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
