"""Dates exactly as the standards have them, which is most dates of feeds, in a fifth of the time.

`watcher.text.dates` is the slow twin, which reads everything else: odd names and zones, leap seconds, other calendars.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

# No zone has less than -12:00 or more than +14:00. The few places beyond eleven hours are the slow twin's.
_HOURS = r"[+-](?:0\d|1[01])"
_ISO = re.compile(rf"\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|{_HOURS}:[0-5]\d)", re.ASCII)
_RFC822 = re.compile(
    rf"(?:[A-Z][a-z]{{2}}, )?(\d\d) ([A-Z][a-z]{{2}}) (\d{{4}}) (\d\d:\d\d:\d\d) (?:({_HOURS})([0-5]\d)|GMT)", re.ASCII
)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: f"{number:02}" for number, name in enumerate(_NAMES, start=1)}


def parse_plain_date(text: str) -> datetime | None:
    """Parse `Mon, 02 Mar 2026 06:00:00 +0100` (RFC 822) or `2026-03-02T06:00:00Z` (RFC 3339) to UTC.

    None for anything else, and for what is no date.
    """
    if (written := _RFC822.fullmatch(text)) is not None:
        day, name, year, time, hours, minutes = written.groups()
        month = _MONTHS.get(name)
        if month is None:
            return None
        text = f"{year}-{month}-{day}T{time}{hours or '+00'}:{minutes or '00'}"
    elif _ISO.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
