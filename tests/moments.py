"""The moment at which most tests play. One place, so that days and weekdays mean the same in all of them."""

from __future__ import annotations

from datetime import UTC, datetime

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday, no clock change near it in any zone."""
