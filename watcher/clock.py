"""What time it is. Alone reads the clock; everyone else is given what it says."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Give this moment, aware, in UTC."""
    return datetime.now(UTC)
