"""What web and worker write down: one JSON object a line, each with its time (UTC), its level and what happened.

No line repeats what somebody typed or a row holds (promise 2). Libraries don't know that: of what they have to say only the
place in their code and the kind of error is written, never their words.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import PurePath
from typing import TextIO

import structlog
from structlog.typing import EventDict


class _Bare(logging.Formatter):
    """A library's line without its words. What the operating system says by a number names nobody: that is told."""

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else record.msg if isinstance(record.msg, Exception) else None
        told = {
            "event": "library",
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "library": record.name,
            "where": f"{PurePath(record.pathname).name}:{record.lineno}",
        }
        if error is not None:
            told["error"] = type(error).__name__
        if isinstance(error, OSError) and error.strerror:
            told["says"] = error.strerror
        return json.dumps(told)


def _time_first(_logger: object, _method: str, told: EventDict) -> EventDict:
    return {name: told.pop(name) for name in ("timestamp", "level", "event")} | dict(told)


def configure(out: TextIO | None = None) -> None:
    """For a process that serves or works: to standard output, unless `out` is another. Terminals get lines to read."""
    out = out or sys.stdout
    reading = out.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.dev.ConsoleRenderer()] if reading else [_time_first, structlog.processors.JSONRenderer()]),
        ],
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(_Bare())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
