"""Dates of feeds, parsed by rules of our own: what is missing is not guessed, what is impossible is doubtful."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from watcher.text.free_dates import parse_free_date
from watcher.text.plain_dates import parse_plain_date
from watcher.text.timezones import combine_utc

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)
MAX_DATE_LENGTH = 100
LATEST_EPOCH = 2_000_000_000
"""Bare numbers beyond (May 2033) are no seconds since 1970: 2024020514 is a day and an hour."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
         "sep september sept", "oct october", "nov november", "dec december"),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:[Tt\s]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?)?\s*"
    r"(Z|z|[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Za-z]{2,4})?$",
    re.ASCII,
)
_RFC822 = re.compile(
    r"(?:[A-Za-z]+\.?,?\s+)?(\d{1,2})[\s-]+([A-Za-z]+)\.?[\s,-]+(\d{4}|\d{2})(?:,?\s+(\d{1,2}):?(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*([+-]\d{2}:?\d{2}|[A-Za-z]{1,5})?$",
    re.ASCII,
)
_EPOCH = re.compile(r"(\d{9,10}|\d{12,13}|\d{15,16})(?:\.\d+)?", re.ASCII)
_BASIC = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?", re.ASCII)


class FirstDate(NamedTuple):
    """The first of several dates that can be read: `raw` is how it is written, the first one's where none can."""

    moment: datetime | None
    doubtful: bool
    raw: str


def parse_date(raw: str, now: datetime | None = None, language: str | None = None) -> tuple[datetime | None, bool]:
    """Parse a date; returns (moment in UTC or None, whether what is written there is doubtful).

    RFC 822 and 3339 with the sloppiness of real feeds, and what people and programs write in some 60 languages. No zone
    and -0000 are UTC; an unknown zone makes the date doubtful rather than shifted by a guess. Before 1995, beyond `now`
    by more than a day, or an offset that no place has: doubtful, and None. So is what can be read two ways, such as
    05/02/2024, unless the weekday or the feed's `language` decides.
    """
    text = " ".join(raw.split())[:MAX_DATE_LENGTH]
    if not text:
        return None, False
    moment = parse_plain_date(text) or _parse_usual(text) or _parse_number(text) or parse_free_date(text, language)
    if moment is None or moment < EARLIEST:
        return None, True
    if now is not None and moment > now + timedelta(days=1):
        return None, True
    return moment, False


def parse_first_date(
    texts: Iterable[str | None], now: datetime | None = None, language: str | None = None
) -> FirstDate:
    """Parse the first of several dates of one item that can be read: a broken one hides no good one after it."""
    written = [text for text in texts if text and not text.isspace()]
    for text in written:
        moment, _doubtful = parse_date(text, now, language)
        if moment is not None:
            return FirstDate(moment, False, text)
    return FirstDate(None, bool(written), written[0] if written else "")


def _parse_usual(text: str) -> datetime | None:
    """Parse the forms that nearly all feeds use, with English names; None for all others."""
    try:
        return _parse_iso(text) or _parse_rfc822(text)
    except (ValueError, OverflowError):
        return None


def _parse_iso(text: str) -> datetime | None:
    match = _ISO.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, zone = match.groups("")
    return combine_utc(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), zone)


def _parse_rfc822(text: str) -> datetime | None:
    match = _RFC822.match(text)
    if match is None:
        return None
    day, name, written_year, hour, minute, second, zone = match.groups("")
    month = _MONTHS.get(name.lower())
    if month is None:
        return None
    year = int(written_year)
    if len(written_year) == 2:
        # RFC 822 has years of two digits; RFC 2822, 4.3 reads 50 to 99 as 1900s: no feed is from before 1970.
        year += 2000 if year < 70 else 1900
    return combine_utc(year, month, int(day), int(hour or 0), int(minute or 0), int(second or 0), zone)


def _parse_number(text: str) -> datetime | None:
    """Parse a bare number: seconds, milliseconds or microseconds since 1970, or the digits of a date and a time."""
    if (basic := _BASIC.fullmatch(text)) is not None:
        try:
            year, month, day, hour, minute, second = (int(part or 0) for part in basic.groups())
            moment = combine_utc(year, month, day, hour, minute, second, None)
        except (ValueError, OverflowError):
            moment = None
        if moment is not None and moment.year < 2100:
            return moment
    if (epoch := _EPOCH.fullmatch(text)) is None:
        return None
    seconds = int(epoch[1]) // {9: 1, 10: 1, 12: 1000, 13: 1000, 15: 10**6, 16: 10**6}[len(epoch[1])]
    return datetime.fromtimestamp(seconds, UTC) if seconds < LATEST_EPOCH else None
