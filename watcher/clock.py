"""The clocks. Only this module reads them; everything else is passed what it needs."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return the seconds of a clock that is never set; only differences are meaningful."""
    return time.monotonic()
