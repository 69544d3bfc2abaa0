"""Logging: one event a line on stderr, readable on a terminal, JSON where a machine reads along."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from watcher.text.redact import redact_text


def redact_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take logins and tokens out of the addresses in an event, whoever wrote them into its text."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = redact_text(value)
    return event


def set_up(*, verbose: bool, quiet: bool) -> None:
    """Send what happened to stderr: info and above, all of it with `verbose`, warnings and faults with `quiet`."""
    level = logging.DEBUG if verbose else logging.WARNING if quiet else logging.INFO
    readable = sys.stderr.isatty()
    colors = readable and "NO_COLOR" not in os.environ
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact_event,
            structlog.dev.ConsoleRenderer(colors=colors)
            if readable
            else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # Looked up with each event: whoever runs several commands in one process may put another stderr in place.
        logger_factory=lambda *_arguments: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s", force=True)
