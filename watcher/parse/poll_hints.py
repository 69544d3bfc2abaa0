"""What a document says about how often to poll it (RSS 2.0 ttl, skipHours, skipDays; the syndication module)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from watcher.model.poll import PollingHints

_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def hints_of(
    ttl: str | None, period: str | None, frequency: str | None, hours: Iterable[str], days: Iterable[str]
) -> PollingHints:
    """Make hints of raw values; nonsense is as good as nothing said. "Hourly, once" is a blog engine's default."""
    seconds = _PERIODS.get((period or "").strip().lower())
    times = int(frequency.strip()) if frequency and frequency.strip().isdigit() and len(frequency.strip()) < 6 else 1
    every = timedelta(seconds=seconds / times) if seconds and times and (seconds, times) != (3600, 1) else None
    minutes = (ttl or "").strip()
    skipped_hours = frozenset(int(h.strip()) % 24 for h in hours if h.strip().isdigit() and int(h.strip()) <= 24)
    skipped_days = frozenset(_DAYS.index(d.strip().lower()) for d in days if d.strip().lower() in _DAYS)
    return PollingHints(
        ttl=timedelta(minutes=int(minutes)) if minutes.isdigit() and 0 < len(minutes) < 7 else None,
        update_every=every,
        skip_hours=skipped_hours if len(skipped_hours) < 24 else frozenset(),
        skip_days=skipped_days if len(skipped_days) < 7 else frozenset(),
    )
