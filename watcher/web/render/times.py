"""Times as people read them, in UTC; a browser adds its own zone on hovering."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from watcher.text.timestamps import format_rfc3339

MINUTE, HOUR, DAY = 60, 3600, 86400
"""Seconds."""


def format_iso(moment: datetime | None) -> str:
    """Return a moment as RFC 3339, for machines; empty for None."""
    return "" if moment is None else format_rfc3339(moment)


def format_full(moment: datetime | None) -> str:
    """Return a moment in full: `4 Mar 2026, 14:05 UTC`."""
    if moment is None:
        return "never"
    utc = moment.astimezone(UTC)
    return f"{utc.day} {utc:%b %Y, %H:%M} UTC"


def format_in_zone(moment: datetime, zone: str) -> str:
    """Return a moment in a time zone, with its day: `Mon 30 Nov 07:00`; in UTC where the zone is unknown."""
    try:
        local = moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = moment.astimezone(UTC)
    return f"{local:%a} {local.day} {local:%b %H:%M}"


def format_clock(moment: datetime) -> str:
    """Return the time of day: `14:05`."""
    return f"{moment.astimezone(UTC):%H:%M}"


def format_day(moment: datetime, now: datetime) -> str:
    """Return the name of a day: Today, Yesterday, or its date."""
    today, day = now.astimezone(UTC).date(), moment.astimezone(UTC).date()
    if day == today:
        return "Today"
    if today - day == timedelta(days=1):
        return "Yesterday"
    return f"{day:%A}, {day.day} {day:%B}" + ("" if day.year == today.year else f" {day.year}")


def format_next_day(day: str) -> str:
    """Return the day after a day, both as YYYY-MM-DD."""
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def format_ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago a moment is, or how far ahead, in the largest unit that fits: `4 min ago`, `in 2 h`."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    length = _format_largest_unit(abs(seconds))
    if length == "now":
        return "just now" if seconds >= 0 else "now"
    return f"{length} ago" if seconds > 0 else f"in {length}"


def format_length(span: timedelta | None) -> str:
    """Return a length of time in the largest unit that fits."""
    if span is None:
        return "unknown"
    length = _format_largest_unit(span.total_seconds())
    return "under a minute" if length == "now" else length


def _format_largest_unit(seconds: float) -> str:
    if seconds < 45:
        return "now"
    if seconds < 90 * MINUTE:
        return f"{max(1, round(seconds / MINUTE))} min"
    if seconds < 36 * HOUR:
        return f"{round(seconds / HOUR)} h"
    if seconds < 60 * DAY:
        return f"{round(seconds / DAY)} d"
    return f"{round(seconds / DAY / 30.4)} months"
