"""Generate docs/reference/commands.md from the parsers themselves.

`python tools/pages.py` writes the page, `--check` fails if it is not current. The page
is laid out here rather than taken from `--help`, whose layout differs between versions
of Python.
"""

# ruff: noqa: SLF001 - argparse has no other way to walk a parser

import argparse
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from openweir.cli.main import COMMANDS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "commands.md"
HEAD = """\
<!-- Made by tools/pages.py from the parsers; `make docs` writes it again. -->

# Commands

Every command answers `--help`.
Exit codes: 0 yes, 1 no, 2 error; see [words](words.md#exit-codes).
An option in brackets may be left out; `...` may be repeated.
"""


def page() -> str:
    """Return the whole page."""
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
    """Write the page, or compare it under `--check`."""
    made = page()
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == made:
            return 0
        print(f"{PAGE.name} is not current: run `make docs`")
        return 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
