"""Schedules as people say them: "weekdays at 7:30", "every 2 hours", "mondays and thursdays at 9am", or cron."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

IMMEDIATE = "immediate"
_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAYS = {"daily": "*", "every day": "*", "weekdays": "1-5", "weekends": "0,6", "weekly": "1"}
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>am|pm)?")
_SPOKEN = {"noon": (12, 0), "midnight": (0, 0)}
_AND = re.compile(r"\s*(?:,\s*and\b|,|\band\b|&)\s*")
_EVERY = re.compile(r"every (?P<number>\d{1,2}) ?(?P<unit>minutes|minute|min|m|hours|hour|h)")


def convert_to_cron(schedule: str) -> str:
    """Give the five-field cron of a schedule in cron or in words.

    Raises ValueError for what is neither. Weekdays count from Sunday = 0, as cron does.
    """
    said = " ".join(schedule.strip().lower().split())
    if said == IMMEDIATE:
        return IMMEDIATE
    if said in {"hourly", "every hour"}:
        return "0 * * * *"
    if (found := _EVERY.fullmatch(said)) is not None:
        return _every(int(found["number"]), found["unit"], schedule)
    when, at, times = said.rpartition("at ") if said.startswith("at ") else said.partition(" at ")
    if not at:
        # "mondays" alone, or "07:30" alone.
        when, times = ("daily", said) if _days(said) is None and not said.isdigit() else (said, "8:00")
    days = _days(when or "daily")
    if days is not None and (clock := _times(times, schedule)) is not None:
        return f"{clock} * * {days}"
    return _cron(said, schedule)


def _every(number: int, unit: str, schedule: str) -> str:
    if unit.startswith("m") and number and 60 % number == 0:
        return f"*/{number} * * * *" if number < 60 else "0 * * * *"
    if unit.startswith("h") and number and 24 % number == 0:
        return f"0 */{number} * * *" if 1 < number < 24 else "0 0 * * *" if number == 24 else "0 * * * *"
    raise ValueError(f"{schedule!r}: only what divides an hour or a day evenly")


def _days(said: str) -> str | None:
    """Read days: all, some kind, or names in full or short; None where these are none."""
    if said in _DAYS:
        return _DAYS[said]
    found = []
    for word in _AND.split(said.removeprefix("every ")):
        short = word.removesuffix("s")
        day = next((n for n, name in enumerate(_NAMES) if len(short) >= 3 and name.startswith(short)), None)
        if day is None:
            return None
        found.append(day)
    return ",".join(str(day) for day in sorted(set(found)))


def _times(said: str, schedule: str) -> str | None:
    """Read times of day as cron's minute and hour; None where these are none."""
    clocks = []
    for word in _AND.split(said):
        found = _TIME.fullmatch(word)
        if word not in _SPOKEN and found is None:
            return None
        hour, minute = _SPOKEN[word] if found is None else (int(found["hour"]), int(found["minute"] or 0))
        if found is not None and found["half"]:
            if not 1 <= hour <= 12:
                raise ValueError(f"{schedule!r} names no time of day")
            hour = hour % 12 + (12 if found["half"] == "pm" else 0)
        if hour > 23 or minute > 59:
            raise ValueError(f"{schedule!r} names no time of day")
        clocks.append((hour, minute))
    minutes = {minute for _hour, minute in clocks}
    if len(minutes) > 1:
        raise ValueError(f"{schedule!r}: several times have to be at the same minute; else write two digests")
    return f"{minutes.pop()} {','.join(str(hour) for hour in sorted({hour for hour, _minute in clocks}))}"


def _cron(said: str, schedule: str) -> str:
    try:
        CronSim(said, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(
            f"{schedule!r} is no schedule: write cron (0 7 * * 1-5), words (weekdays at 7:00) or immediate"
        ) from error
    if len(said.split()) != 5:
        raise ValueError(f"{schedule!r}: cron has five fields")
    return said
