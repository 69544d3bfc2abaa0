"""Time zones as feeds write them: offsets, the abbreviations in use, and names of the tz database."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_MINUTES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "zulu": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "cest": 120, "mez": 60,
    "mesz": 120, "met": 60, "mest": 120, "eet": 120, "eest": 180, "oez": 120, "oesz": 180, "trt": 180, "msk": 180,
    "msd": 240, "samt": 240, "yekt": 300, "idt": 180, "irst": 210, "est": -300, "edt": -240, "cst": -360, "cdt": -300,
    "mst": -420, "mdt": -360, "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "hdt": -540,
    "nst": -210, "ndt": -150, "adt": -180, "hne": -300, "hae": -240, "brt": -180, "brst": -120, "art": -180,
    "clt": -240, "clst": -180, "cot": -300, "pet": -300, "uyt": -180, "pyt": -180, "vet": -240, "wat": 60, "cat": 120,
    "sast": 120, "eat": 180, "gst": 240, "pkt": 300, "uzt": 300, "npt": 345, "ict": 420, "wib": 420, "wita": 480,
    "wit": 540, "sgt": 480, "hkt": 480, "pht": 480, "myt": 480, "awst": 480, "jst": 540, "kst": 540, "acst": 570,
    "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip
# Names without a word on summer time: what they mean depends on the day.
_PLACES = {
    "et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles",
    "akt": "America/Anchorage", "nzt": "Pacific/Auckland", "aet": "Australia/Sydney",
}  # fmt: skip
# India, Israel or Ireland: only the feed's language distinguishes them.
_BY_LANGUAGE = {
    "ist": {
        "he": 120, "ga": 60, "en-IE": 60, "en-IN": 330, "hi": 330, "bn": 330, "ta": 330, "te": 330, "mr": 330,
        "gu": 330, "kn": 330, "ml": 330, "pa": 330,
    },
}  # fmt: skip
_OFFSET = re.compile(r"(?:gmt|utc|ut|z)?\s*([+\-\u2212])\s*(\d{1,2})(?::?(\d{2}))?(?::?\d{2})?", re.IGNORECASE)
NAMES = frozenset({*_MINUTES, *_PLACES, *_BY_LANGUAGE})
_WIDEST = range(-12 * 60, 14 * 60 + 1)


@lru_cache(512)
def find_timezone(zone: str, language: str | None = None) -> tzinfo:
    """Return the zone that an offset, an abbreviation or a name of the tz database stands for; UTC for an empty text.

    Raises ValueError for an offset that no place has and for a name that is unknown, or ambiguous without a `language`.
    """
    if not zone:
        return UTC
    if (offset := _OFFSET.fullmatch(zone)) is not None:
        return timezone(_parse_offset(offset))
    name = zone.lower()
    # "Europe/Paris"; `ZoneInfo` raises a ValueError for what is none.
    place = zone if "/" in zone else _PLACES.get(name)
    if place is not None:
        return ZoneInfo(place)
    minutes = _MINUTES.get(name)
    if minutes is None:
        minutes = _find_minutes_by_language(name, language or "")
    if minutes is None:
        raise ValueError(zone)
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def _parse_offset(offset: re.Match[str]) -> timedelta:
    sign, hours, written_minutes = offset.groups("0")
    minutes = int(hours) * 60 + int(written_minutes)
    minutes = minutes if sign == "+" else -minutes
    # -12:00 (Baker Island) to +14:00 (Kiritimati); beyond is a slip or a joke.
    if minutes not in _WIDEST or int(written_minutes) >= 60:
        raise ValueError(offset[0])
    return timedelta(minutes=minutes)


def _find_minutes_by_language(name: str, language: str) -> int | None:
    """Return the offset that an ambiguous name has where a language is written, None where that is not known."""
    offsets = _BY_LANGUAGE.get(name, {})
    return offsets.get(language, offsets.get(language.partition("-")[0]))


def combine_utc(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone: str | None, language: str | None = None
) -> datetime:
    """Return a moment in UTC from its parts in `zone`; raises ValueError where it is none.

    24:00 is the midnight after (ISO 8601); a leap second is the second before it.
    """
    tz = find_timezone(zone or "", language)
    midnight_after = hour == 24 and minute == second == 0
    local = datetime(year, month, day, 0 if midnight_after else hour, minute, min(second, 59), tzinfo=tz)
    if midnight_after:
        local += timedelta(days=1)
    return local if tz is UTC else local.astimezone(UTC)
