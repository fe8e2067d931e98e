"""The secret that all replicas of a hub derive its keys from: a file of the operator's."""

import os
from pathlib import Path

from openweir.errors import UsageError

__all__ = ["hub_secret"]

_MAX_SECRET_BYTES = 4096


def hub_secret() -> bytes | None:
    """Return what the file `OPENWEIR_HUB_KEY` holds, the space around it aside; None without.

    Raises:
        UsageError: the file cannot be read.
    """
    stated = os.environ.get("OPENWEIR_HUB_KEY")
    if not stated:
        return None
    try:
        with Path(stated).open("rb") as stream:
            return stream.read(_MAX_SECRET_BYTES).strip()
    except OSError as error:
        raise UsageError(
            f"cannot read the hub's secret: {error.strerror}", code="system", where=stated
        ) from None
