"""What every command shares: where results go and how long work shows itself."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openweir.canonical import text

__all__ = ["add_json", "emit", "progress"]


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json` to a command."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def emit(arguments: argparse.Namespace, value: object, lines: str) -> None:
    """Print the result: `value` as canonical JSON under `--json`, else `lines`."""
    if arguments.json:
        sys.stdout.buffer.write(text(value))
    else:
        sys.stdout.write(lines.rstrip("\n") + "\n")
    sys.stdout.flush()


@contextmanager
def progress(
    label: str, *, total: int | None = None, unit: str = "B"
) -> Iterator[Callable[[int], object]]:
    """Show a bar on standard error while work runs; silent where that is no terminal.

    Yields:
        A function to call with the amount just done.
    """
    from tqdm import tqdm  # noqa: PLC0415 - only commands with long work pay for the import

    with tqdm(
        total=total,
        desc=label,
        unit=unit,
        unit_scale=True,
        leave=False,
        disable=None,
        file=sys.stderr,
    ) as bar:
        yield bar.update
