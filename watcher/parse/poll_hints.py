"""What a document says about how often to poll it (RSS 2.0 ttl, skipHours, skipDays; the syndication module)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from watcher.model.poll import PollingHints

_PERIODS = {"hourly": 3600, "daily": 86400, "weekly": 604800, "monthly": 2592000, "yearly": 31536000}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_poll_hints(
    ttl: str | None, period: str | None, frequency: str | None, hours: Iterable[str], days: Iterable[str]
) -> PollingHints:
    """Parse how often a feed wants to be polled from the texts of its elements; what makes no sense counts as absent.

    `ttl` is minutes; `frequency` is how many times in a `period`; `hours` (0 to 24, GMT) and `days` (English names) are
    when nothing new is to be expected.
    """
    minutes = (ttl or "").strip()
    skipped_hours = frozenset(int(hour) % 24 for hour in map(str.strip, hours) if hour.isdigit() and int(hour) <= 24)
    skipped_days = frozenset(_DAYS.index(day) for day in (day.strip().lower() for day in days) if day in _DAYS)
    return PollingHints(
        ttl=timedelta(minutes=int(minutes)) if minutes.isdigit() and 0 < len(minutes) < 7 else None,
        update_every=_parse_update_interval(period, frequency),
        # Who skips every hour or every day has misunderstood the element.
        skip_hours=skipped_hours if len(skipped_hours) < 24 else frozenset(),
        skip_days=skipped_days if len(skipped_days) < 7 else frozenset(),
    )


def _parse_update_interval(period: str | None, frequency: str | None) -> timedelta | None:
    seconds = _PERIODS.get((period or "").strip().lower())
    digits = (frequency or "").strip()
    times = int(digits) if digits.isdigit() and len(digits) < 6 else 1
    # "Hourly, once" is the default of WordPress: nobody chose it.
    return timedelta(seconds=seconds / times) if seconds and times and (seconds, times) != (3600, 1) else None
