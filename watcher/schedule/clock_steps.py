"""Detects a wrong wall clock: by its steps against the monotonic clock, and by the Date headers of servers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.text.http_headers import parse_http_date

STEP_TOLERANCE = timedelta(seconds=5)
"""A smaller difference between the two clocks is drift, correction by slewing, or a slow machine."""
SKEW_TOLERANCE = timedelta(minutes=2)
"""Servers' clocks, caches and transfer times differ by less than this."""
MIN_HOSTS = 3
"""So many hosts have to agree before our own clock is doubted: one server's clock may be wrong."""
MAX_HOSTS = 64
"""How many hosts' latest answers are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """A jump of the wall clock, noticed `at` (the new time); `by` is negative where it went back."""

    at: datetime
    by: timedelta


class StepDetector:
    """Compares how far the wall clock and the monotonic clock moved since the last check."""

    def __init__(self, wall: datetime, monotonic: float) -> None:
        self._wall = wall
        self._monotonic = monotonic

    def detect(self, wall: datetime, monotonic: float) -> ClockStep | None:
        """Return the step that the wall clock made since the last check; `monotonic` is in seconds."""
        elapsed = timedelta(seconds=monotonic - self._monotonic)
        by = (wall - self._wall) - elapsed
        self._wall, self._monotonic = wall, monotonic
        return ClockStep(at=wall, by=by) if abs(by) > STEP_TOLERANCE else None


@dataclass(slots=True)
class SkewEstimator:
    """Estimates by how much our clock is wrong from the Date headers (RFC 9110, 6.6.1) of many hosts' answers."""

    _offsets: dict[str, timedelta] = field(default_factory=dict)

    def observe(self, host: str, headers: Mapping[str, str], now: datetime) -> None:
        """Add one response; `headers` have lower-case names. One without a valid Date is ignored."""
        sent_at = parse_http_date(headers.get("date", ""))
        if sent_at is None:
            return
        age = headers.get("age", "")
        if age.isascii() and age.isdigit() and len(age) < 9:
            sent_at += timedelta(seconds=int(age))
        self._offsets.pop(host, None)
        self._offsets[host] = now - sent_at
        if len(self._offsets) > MAX_HOSTS:
            del self._offsets[next(iter(self._offsets))]

    def clear(self) -> None:
        """Drop all responses: after a step of the clock they were compared with another time."""
        self._offsets.clear()

    @property
    def is_confirmed(self) -> bool:
        """Return whether a server's clock agrees with ours."""
        return any(abs(offset) <= SKEW_TOLERANCE for offset in self._offsets.values()) and self.estimate() is None

    def estimate(self) -> timedelta | None:
        """Return how far our clock is ahead (negative: behind), or None where it is right or too few hosts answered.

        A cache that sends an old answer without its Age makes our clock look ahead, never behind. So it is ahead only
        where all but one say so, and behind where most do.
        """
        if len(self._offsets) < MIN_HOSTS:
            return None
        offsets = sorted(self._offsets.values())
        if offsets[1] > SKEW_TOLERANCE:
            return offsets[1]
        middle = offsets[len(offsets) // 2]
        return middle if middle < -SKEW_TOLERANCE else None


def format_step(step: ClockStep) -> str:
    """Format a step of the clock for people."""
    direction = "back" if step.by < timedelta() else "forward"
    return f"the clock was set {direction} by {format_length(abs(step.by))} at {step.at:%Y-%m-%d %H:%M} UTC"


def format_skew(skew: timedelta) -> str:
    """Format by how much our clock is wrong for people."""
    side = "ahead" if skew > timedelta() else "behind"
    return f"this machine's clock is {format_length(abs(skew))} {side} of the servers it asks"


def format_length(length: timedelta) -> str:
    """Format a length of time in its largest fitting unit: 45 s, 12 min, 2 h, 20 d."""
    seconds = round(length.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size or seconds == size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} s"
