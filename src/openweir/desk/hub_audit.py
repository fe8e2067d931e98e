"""`openweir hub audit`: take the audit chain out of a hub, and check it anywhere."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openweir.desk.clock import now
from openweir.desk.hub_secret import hub_secret
from openweir.errors import UsageError
from openweir.hub.audit import Recorder, Report, verify_export
from openweir.hub.audit.verify import export
from openweir.hub.own_keys import own_keys
from openweir.hub.store import Store
from openweir.register import VerifierKey

__all__ = ["Exported", "export_chain", "verify_chain", "verify_file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an export holds.

    Attributes:
        path: of the file.
        events: how many.
        checkpoint: the newest one, to be kept somewhere else; empty while there is none.
        key: under which checkpoints verify.
    """

    path: Path
    events: int
    checkpoint: str
    key: str


def export_chain(data: Path, out: Path, *, database: str | None) -> Exported:
    """Write the whole chain to a file, ending in a checkpoint of its head.

    Args:
        data: the hub's data directory.
        out: JSON Lines; replaced if it is there.
        database: of a hub with replicas.

    Raises:
        UsageError: there is no hub, or the file cannot be written.
    """
    with _recorder(data, database) as recorder:
        recorder.checkpoint()
        partial = out.with_name(f".{out.name}.partial")
        try:
            # It names people and what they read: for the operator's eyes.
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as stream:
                stream.writelines(export(recorder.chain))
            partial.replace(out)
        except OSError as error:
            raise UsageError(
                f"cannot write the export: {error.strerror}", code="system", where=str(out)
            ) from None
        notes = recorder.chain.checkpoints()
        return Exported(
            path=out,
            events=recorder.chain.head()[0],
            checkpoint=notes[-1] if notes else "",
            key=str(recorder.verifier),
        )


def verify_chain(data: Path, *, database: str | None, earlier: Path | None) -> Report:
    """Check the chain of a hub under its own key.

    Raises:
        UsageError: there is no hub, or the earlier checkpoint cannot be read.
    """
    with _recorder(data, database) as recorder:
        recorder.flush()
        key = recorder.verifier
        return verify_export(export(recorder.chain), key=key, earlier=_read(earlier))


def verify_file(path: Path, *, key: str | None, earlier: Path | None) -> Report:
    """Check an export without the hub it came from.

    Args:
        path: of the export.
        key: the verifier key that checkpoints must be signed by; None checks the chain only.
        earlier: a checkpoint kept from before, as a file.

    Raises:
        UsageError: a file cannot be read.
        RegisterError: the key is none.
    """
    try:
        with path.open("rb") as stream:
            return verify_export(
                stream,
                key=None if key is None else VerifierKey.parse(key, where="--key"),
                earlier=_read(earlier),
            )
    except OSError as error:
        raise UsageError(
            f"cannot read the export: {error.strerror}", code="system", where=str(path)
        ) from None


def _read(path: Path | None) -> bytes | None:
    try:
        return None if path is None else path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read the checkpoint: {error.strerror}", code="system", where=str(path)
        ) from None


@contextmanager
def _recorder(data: Path, database: str | None) -> Iterator[Recorder]:
    if database is None and not (data / "hub.sqlite").is_file():
        raise UsageError(
            f"there is no hub in `{data}`",
            code="no-hub",
            hint=f"start one first: openweir serve --data {data}",
        )
    store = Store.embedded(data) if database is None else Store(database)
    try:
        _, key = own_keys(data, store, shared=database is not None, secret=hub_secret())
        yield Recorder(store, data / "journal", key=key, clock=now)
    finally:
        store.close()
