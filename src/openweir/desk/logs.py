"""How a serving hub logs: as text for people, or as a line of JSON each for machines.

Lines go to standard error from a thread of their own, so that no request waits for whoever
reads them. What looks like a token is struck out, wherever it came from.
"""

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from typing import IO, Any

from openweir.hub.api.metered import CUT
from openweir.hub.api.observed import Request

__all__ = ["FORMS", "log_request", "logging_as"]

FORMS = ("text", "json")
_requests = logging.getLogger("openweir.requests")
_SECRET = re.compile(r"hf_[A-Za-z0-9]{20,}|(?i:bearer|basic) +[A-Za-z0-9._~+/=-]{8,}")
# uvicorn's word for a stream that ends before its length, as one does whose right has ended.
_INCOMPLETE = "ASGI callable returned without completing response."


@contextmanager
def logging_as(form: str, *, requests: bool, stream: IO[str] | None = None) -> Iterator[None]:
    """Send what this process logs to a stream for the length of a `with` block.

    Args:
        form: `text` or `json`.
        requests: whether each request is a line; else only what is wrong is.
        stream: standard error by default.
    """
    target = logging.StreamHandler(stream or sys.stderr)
    target.setFormatter(_Json() if form == "json" else _Text())
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    listener = QueueListener(queue, target)
    root, server = logging.getLogger(), logging.getLogger("uvicorn.error")
    before = tuple(root.handlers), root.level, _requests.level
    root.handlers[:] = [_Handler(queue)]
    root.setLevel(logging.WARNING)
    _requests.setLevel(logging.INFO if requests else logging.WARNING)
    server.addFilter(_expected)
    listener.start()
    try:
        yield
    finally:
        listener.stop()
        server.removeFilter(_expected)
        root.handlers[:] = before[0]
        root.setLevel(before[1])
        _requests.setLevel(before[2])


def log_request(request: Request) -> None:
    """Log one request."""
    _requests.info("request", extra={"request": request})


def _expected(record: logging.LogRecord) -> bool:
    """Pass over the server's complaint about a stream that this very request cut."""
    return not (record.msg == _INCOMPLETE and CUT.get())


class _Handler(QueueHandler):
    """Hands records over as they are: they stay in this process."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        record.message = record.getMessage()
        return record


class _Json(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        value: dict[str, Any] = {
            "at": _instant(record),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        request: Request | None = getattr(record, "request", None)
        if request is None:
            value |= {"event": "message", "message": record.getMessage()}
        else:
            value |= {
                "event": "request",
                "request_id": request.request_id,
                "method": request.method,
                "route": request.route,
                "path": request.path,
                "status": request.status,
                "code": request.code,
                "seconds": round(request.seconds, 6),
                "sent_bytes": request.sent_bytes,
                "received_bytes": request.received_bytes,
                "cut": request.cut,
            }
        if record.exc_info:
            value["traceback"] = self.formatException(record.exc_info)
        return _SECRET.sub("[struck out]", json.dumps(value, ensure_ascii=True))


class _Text(logging.Formatter):
    """One line for people, tracebacks below it."""

    def format(self, record: logging.LogRecord) -> str:
        request: Request | None = getattr(record, "request", None)
        if request is None:
            line = f"{_instant(record)} {record.levelname.lower()}: {record.getMessage()}"
            if record.exc_info:
                line += "\n" + self.formatException(record.exc_info)
        else:
            why = f" {request.code}" if request.code else ""
            line = (
                f"{_instant(record)} {request.status}{why} {request.method} {request.path} "
                f"{request.sent_bytes} bytes {request.seconds * 1000:.1f} ms "
                f"{'cut ' if request.cut else ''}{request.request_id}"
            )
        return _SECRET.sub("[struck out]", line)


def _instant(record: logging.LogRecord) -> str:
    at = datetime.fromtimestamp(record.created, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{int(record.msecs):03d}Z"
