"""Log lines of a part of a test, whatever level a command that ran in the same process before has configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from structlog.testing import capture_logs


@contextmanager
def capture_log_lines() -> Iterator[list[Any]]:
    """Yield a list that every log line of the block is added to, each as its keys and values."""
    before = structlog.get_config()
    structlog.reset_defaults()
    try:
        with capture_logs() as lines:
            yield lines
    finally:
        structlog.configure(**before)
