"""What time it is. Alone reads the clocks; everyone else is given what they say."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give this moment, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return the seconds of a clock that no one sets: only differences of it mean something."""
    return time.monotonic()
