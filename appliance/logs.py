"""Log lines as JSON on standard error.

A line carries a fixed message and the named fields given as `extra={"fields": {...}}`: ids, codes,
counts and times. Text that people wrote, tokens and query strings never go in.
"""

from __future__ import annotations

import logging
import sys
import traceback
from datetime import UTC, datetime

import orjson


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            # Where, not what: the message of an exception can quote its input.
            frames = traceback.extract_tb(record.exc_info[2])[-8:]
            line["trace"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        return orjson.dumps(line, default=str).decode()


def configure(level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("appliance").setLevel(level.upper())
    # Sanic writes whole URLs, and with them tokens.
    for name in ("sanic.access", "sanic.websockets", "sanic.root", "sanic.server", "sanic.error"):
        noisy = logging.getLogger(name)
        # Not by level: Sanic sets its own when it is imported.
        noisy.handlers, noisy.propagate = [logging.NullHandler()], False
    logging.captureWarnings(True)
