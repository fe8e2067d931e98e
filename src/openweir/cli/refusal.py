"""A hub's no: its sentence, and exit code 1."""

import argparse
import sys
from collections.abc import Callable

from openweir.cli import output
from openweir.errors import HubError

__all__ = ["or_refused"]

_NO = 1


def or_refused(arguments: argparse.Namespace, work: Callable[[], int]) -> int:
    """Run `work`; when the hub refuses, print why and return 1.

    Raises:
        HubError: anything but a refusal went wrong.
    """
    try:
        return work()
    except HubError as error:
        if error.code != "hub.refused":
            raise
        if arguments.json:
            refused = {"code": error.code, "message": error.message, "hint": error.hint}
            output.emit(arguments, {"refused": refused}, "")
        else:
            sys.stderr.write(f"openweir: refused: {error}\n")
        return _NO
