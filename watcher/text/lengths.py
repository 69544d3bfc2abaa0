"""Lengths of time in words, for sentences."""

from __future__ import annotations


def format_wait(seconds: float) -> str:
    """Return about how long something takes: "1 minute", "6 minutes", "3 hours", "2 days"."""
    minutes = max(1, round(seconds / 60))
    if minutes < 90:
        return _count(minutes, "minute")
    hours = round(seconds / 3_600)
    return _count(hours, "hour") if hours < 48 else _count(round(seconds / 86_400), "day")


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number:,} {unit}s"
