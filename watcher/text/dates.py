"""Reads the dates of feeds by rules of our own: what is not said is not guessed, what is impossible is doubted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

EARLIEST = datetime(1995, 1, 1, tzinfo=UTC)

_ZONES = {
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420,
    "mdt": -360, "pst": -480, "pdt": -420, "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180,
    "msk": 180, "bst": 60, "west": 60, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "hst": -600, "akst": -540, "akdt": -480, "sgt": 480, "hkt": 480,
}  # fmt: skip
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio januari stycznia янв января січня",
            "feb february februar février fevrier febrero febbraio februari lutego фев февраля лютого",
            "mar march märz maerz mär mars marzo maart marca мар марта березня",
            "apr april avril abril aprile kwietnia апр апреля квітня avr abr",
            "may mai mayo maggio mei maja мая травня",
            "jun june juni juin junio giugno czerwca июн июня червня",
            "jul july juli juillet julio luglio lipca июл июля липня",
            "aug august août aout agosto augustus sierpnia авг августа серпня ago",
            "sep sept september septembre septiembre settembre września сен сентября вересня set",
            "oct october oktober octobre octubre ottobre października окт октября жовтня okt",
            "nov november novembre noviembre listopada ноя ноября листопада",
            "dec december dezember décembre decembre diciembre dicembre grudnia дек декабря грудня dez dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(
    r"(\d{4})-?(\d{2})-?(\d{2})(?:[T\s]+(\d{1,2}):?(\d{2})(?::?(\d{2})(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2}|[+-]\d{2}|[A-Za-z]{2,4})?)?$",
    re.IGNORECASE,
)
_RFC822 = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?(\d{1,2})[\s.-]+([^\W\d]+)\.?[\s,.-]+(\d{2,4})(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
    r"\s*([+-]\d{1,2}:?\d{2}|[A-Za-z]{1,5}(?:[+-]\d{1,4})?)?(?:\s*\(.*\))?$"
)
_AMERICAN = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?([^\W\d]+)\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})(?:,?\s+(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?)?"
    r"\s*([+-]\d{2}:?\d{2}|[A-Za-z]{1,4})?$"
)
_CTIME = re.compile(
    r"[A-Za-z]{3}\s+([A-Za-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d{2}):(\d{2})\s+(?:([A-Za-z]{2,4})\s+)?(\d{4})$"
)


def parse_date(raw: str, now: datetime | None = None) -> tuple[datetime | None, bool]:
    """Read a date; gives (moment in UTC or None, doubtful).

    RFC 822 and 3339 with the sloppiness of real feeds. No zone and -0000 are UTC; a zone name that nobody knows makes
    the date doubtful rather than shifted by a guess. Before 1995, beyond `now` by more than a day, or an offset that no
    place has: doubtful, and None.
    """
    said = " ".join(raw.split())[:100]
    if not said:
        return None, False
    moment = _read(said)
    if moment is None or moment < EARLIEST:
        return None, True
    if now is not None and moment > now + timedelta(days=1):
        return None, True
    return moment, False


def _read(said: str) -> datetime | None:
    try:
        if found := _ISO.match(said):
            year, month, day, hour, minute, second, zone = found.groups()
            return _moment(int(year), int(month), int(day), hour, minute, second, zone)
        if found := _RFC822.match(said):
            day, name, year, hour, minute, second, zone = found.groups()
            whole = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < 70 else 1900)
            return _moment(whole, _MONTHS[name.lower()], int(day), hour, minute, second, zone)
        if found := _CTIME.match(said):
            name, day, hour, minute, second, zone, year = found.groups()
            return _moment(int(year), _MONTHS[name.lower()], int(day), hour, minute, second, zone)
        if found := _AMERICAN.match(said):
            name, day, year, hour, minute, second, zone = found.groups()
            return _moment(int(year), _MONTHS[name.lower()], int(day), hour, minute, second, zone)
    except (KeyError, ValueError, OverflowError):
        return None
    return None


def _moment(
    year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None, zone: str | None
) -> datetime:
    clock = int(hour or 0), int(minute or 0), min(int(second or 0), 59)
    midnight_after = clock[0] == 24 and clock[1:] == (0, 0)
    local = datetime(
        year, month, day, 0 if midnight_after else clock[0], clock[1], clock[2], tzinfo=timezone(_offset(zone))
    )
    return (local + timedelta(days=1) if midnight_after else local).astimezone(UTC)


def _offset(zone: str | None) -> timedelta:
    if not zone:
        return timedelta()
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0") if len(zone) <= 3 else zone[1:].replace(":", "").zfill(4)
        minutes = (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 60 + int(digits[2:]))
        if not -12 * 60 <= minutes <= 14 * 60 or int(digits[2:]) >= 60:
            raise ValueError(zone)
        return timedelta(minutes=minutes)
    name = zone.lower()
    if name.startswith(("gmt", "utc")) and len(name) > 3:
        return _offset(zone[3:])
    return timedelta(minutes=_ZONES[name])
