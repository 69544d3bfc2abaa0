"""Logging: one event a line on stderr, readable on a terminal, JSON elsewhere.

Events of libraries have the same form, and lines that one of them repeats are throttled.
"""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import MutableMapping
from typing import Any

from watcher.text.redact import redact_text

REPEATED_AFTER = 60.0
"""Seconds after which the same line of a library is written again."""
MAX_LINES_REMEMBERED = 1_000


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove logins and tokens from the addresses in an event."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redact_text(value)
    return event


def configure_logging(*, verbose: bool, quiet: bool) -> None:
    """Write log events to stderr: info and above, all with `verbose`, warnings and errors with `quiet`."""
    # Imported where something is logged: with its tracebacks for terminals it takes as long as a command that reads.
    import structlog

    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    readable = sys.stderr.isatty()
    colors = readable and "NO_COLOR" not in os.environ
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=colors)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact_event,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up for each event: a process that runs several commands may replace stderr.
        logger_factory=lambda *_arguments: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = _StderrHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(RepetitionFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class RepetitionFilter(logging.Filter):
    """Passes the same line of a library once a minute, with the number of lines left out."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[tuple[str, str], tuple[float | None, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written; a tick that APScheduler skips never is."""
        if record.name.startswith("apscheduler") and record.levelno <= logging.WARNING:
            return False
        key, now = (record.name, str(record.msg)[:200]), time.monotonic()
        written_at, left_out = self._lines.get(key, (None, 0))
        if written_at is not None and now - written_at < REPEATED_AFTER:
            self._lines[key] = written_at, left_out + 1
            return False
        if len(self._lines) >= MAX_LINES_REMEMBERED:
            self._lines.clear()
        self._lines[key] = now, 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like this since)", ()
        return True


class _StderrHandler(logging.StreamHandler[Any]):
    """Writes to the current stderr, as the events do."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record to the current stderr."""
        # Set, not by setStream: that flushes the former one, which may be closed by now.
        self.stream = sys.stderr
        super().emit(record)
