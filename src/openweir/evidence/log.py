"""Recognise an eval log by its content, whatever its name, and read it."""

from typing import BinaryIO

from openweir.errors import CanonicalError, EvidenceError
from openweir.evidence.from_inspect import (
    is_inspect_header,
    read_inspect_archive,
    read_inspect_json,
)
from openweir.evidence.from_lm_eval import SamplesOf, is_lm_eval, read_lm_eval
from openweir.evidence.reading import Reading, log_json

__all__ = ["read_log"]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_MOST_JSON_BYTES = 256 * 1024 * 1024
_SUPPORTED = "supported: Inspect logs (.eval or .json) and lm-eval results_*.json"


def read_log(
    stream: BinaryIO,
    *,
    where: str,
    task: str | None = None,
    metric: str | None = None,
    samples_of: SamplesOf | None = None,
) -> tuple[Reading, ...]:
    """Read an eval log: one reading per task.

    Args:
        stream: the log, seekable.
        where: its name, for errors.
        task: read only this task.
        metric: the score to count; needed where a log has several.
        samples_of: finds the samples that belong to lm-eval results.

    Raises:
        EvidenceError: not a log that is supported, or one that is refused, with the reason.
    """
    try:
        readings = _read(stream, where, task, metric, samples_of)
    except CanonicalError as error:
        raise EvidenceError(error.message, code="log-shape", where=error.where) from None
    if task is not None and all(reading.task != task for reading in readings):
        raise EvidenceError(
            f"no task `{task[:80]}` in the log",
            code="no-task",
            where=where,
            hint="tasks: " + ", ".join(reading.task for reading in readings),
        )
    return readings


def _read(
    stream: BinaryIO, where: str, task: str | None, metric: str | None, samples_of: SamplesOf | None
) -> tuple[Reading, ...]:
    start = stream.read(4)
    stream.seek(0)
    if start in _ZIP:
        return (read_inspect_archive(stream, where=where, metric=metric),)
    if not start.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"{"):
        raise EvidenceError("not an eval log", code="unknown-log", where=where, hint=_SUPPORTED)
    data = stream.read(_MOST_JSON_BYTES + 1)
    if len(data) > _MOST_JSON_BYTES:
        raise EvidenceError(
            f"a JSON log of over {_MOST_JSON_BYTES // 1024**2} MiB",
            code="too-long",
            where=where,
            hint="give the `.eval` file, which is read sample by sample",
        )
    value = log_json(data, where)
    if is_inspect_header(value):
        return (read_inspect_json(value, where=where, metric=metric),)
    if is_lm_eval(value):
        return read_lm_eval(value, where=where, task=task, metric=metric, samples_of=samples_of)
    raise EvidenceError(
        "JSON, but not an eval log that is known", code="unknown-log", where=where, hint=_SUPPORTED
    )
