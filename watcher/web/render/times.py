"""Moments as people read them. UTC everywhere, and said so; a browser adds its own zone on hovering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from watcher.text.timestamps import format_rfc3339

MINUTE, HOUR, DAY = 60, 3600, 86400


def iso(moment: datetime | None) -> str:
    """Write a moment for machines."""
    return "" if moment is None else format_rfc3339(moment)


def at(moment: datetime | None) -> str:
    """Write a moment in full: `4 Mar 2026, 14:05 UTC`."""
    if moment is None:
        return "never"
    said = moment.astimezone(UTC)
    return f"{said.day} {said:%b %Y, %H:%M} UTC"


def clock(moment: datetime) -> str:
    """Write the time of day."""
    return f"{moment.astimezone(UTC):%H:%M}"


def day(moment: datetime, now: datetime) -> str:
    """Name a day: Today, Yesterday, or its date."""
    today, date = now.astimezone(UTC).date(), moment.astimezone(UTC).date()
    if date == today:
        return "Today"
    if today - date == timedelta(days=1):
        return "Yesterday"
    return f"{date:%A}, {date.day} {date:%B}" + ("" if date.year == today.year else f" {date.year}")


def ago(moment: datetime | None, now: datetime) -> str:
    """Say how long ago, or in how long, in the largest unit that fits."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    said = _largest(abs(seconds))
    if said == "now":
        return "just now" if seconds >= 0 else "now"
    return f"{said} ago" if seconds > 0 else f"in {said}"


def length(span: timedelta | None) -> str:
    """Say a length of time in the largest unit that fits."""
    if span is None:
        return "unknown"
    said = _largest(span.total_seconds())
    return "under a minute" if said == "now" else said


def _largest(seconds: float) -> str:
    if seconds < 45:
        return "now"
    if seconds < 90 * MINUTE:
        return f"{max(1, round(seconds / MINUTE))} min"
    if seconds < 36 * HOUR:
        return f"{round(seconds / HOUR)} h"
    if seconds < 60 * DAY:
        return f"{round(seconds / DAY)} d"
    return f"{round(seconds / DAY / 30.4)} months"
