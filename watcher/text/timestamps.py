"""Moments as machines exchange them (RFC 3339), always in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def format_rfc3339(moment: datetime) -> str:
    """Format an aware moment in UTC, to the second: `2026-11-27T18:05:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_optional_rfc3339(moment: datetime | None) -> str | None:
    """Format an aware moment as `format_rfc3339` does; None stays None."""
    return None if moment is None else format_rfc3339(moment)
