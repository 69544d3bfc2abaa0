"""Schedules as people write them: "weekdays at 7:30", "every 2 hours", "mondays and thursdays at 9am", or cron."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

IMMEDIATE = "immediate"
DEFAULT_TIME = "8:00"
"""The time of day of a schedule that names days alone."""
_DAY_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAY_GROUPS = {"daily": "*", "every day": "*", "weekdays": "1-5", "weekends": "0,6", "weekly": "1"}
_TIME = re.compile(r"(?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>am|pm)?")
_NAMED_TIMES = {"noon": (12, 0), "midnight": (0, 0)}
_SEPARATOR = re.compile(r"\s*(?:,\s*and\b|,|\band\b|&)\s*")
_INTERVAL = re.compile(r"every (?P<number>\d{1,2}) ?(?P<unit>minutes|minute|min|m|hours|hour|h)")


def convert_to_cron(schedule: str) -> str:
    """Return the five-field cron of a schedule in cron or in words; IMMEDIATE stays as it is.

    Raises ValueError for what is neither. Weekdays count from Sunday = 0, as in cron.
    """
    text = " ".join(schedule.strip().lower().split())
    if text == IMMEDIATE:
        return IMMEDIATE
    if text in {"hourly", "every hour"}:
        return "0 * * * *"
    if (interval := _INTERVAL.fullmatch(text)) is not None:
        return _convert_interval(int(interval["number"]), interval["unit"], schedule)
    # "at 7:30" alone, or days before it: "mondays at 7:30".
    when, at, times = text.rpartition("at ") if text.startswith("at ") else text.partition(" at ")
    if not at:
        # "mondays" alone, or "07:30" alone; a bare number would be read as an hour, and is a cron with fields missing.
        is_days = _parse_days(text) is not None or text.isdigit()
        when, times = (text, DEFAULT_TIME) if is_days else ("daily", text)
    days = _parse_days(when or "daily")
    if days is not None and (hours_and_minute := _parse_times(times, schedule)) is not None:
        return f"{hours_and_minute} * * {days}"
    return _validate_cron(text, schedule)


def format_schedule(schedule: str) -> str:
    """Return a schedule in words for a person: `Weekdays at 07:00`; a cron that has none stays as it is."""
    try:
        cron = convert_to_cron(schedule)
    except ValueError:
        return schedule
    if cron == IMMEDIATE:
        return "When a story begins"
    minute, hour, day, month, weekday = cron.split()
    # Only days of the week with full times have short words; every other cron stays as it was written.
    if (day, month) != ("*", "*") or not minute.isdigit():
        return _capitalize(schedule)
    days = _format_days(weekday)
    if hour == "*":
        return f"Every hour at minute {minute}" if days == "Every day" else _capitalize(schedule)
    hours = hour.split(",")
    if days is None or not all(written_hour.isdigit() for written_hour in hours):
        return _capitalize(schedule)
    times = [f"{int(written_hour):02}:{int(minute):02}" for written_hour in hours]
    return f"{days} at {', '.join(times[:-1])}{' and ' if len(times) > 1 else ''}{times[-1]}"


def _format_days(weekday: str) -> str | None:
    """Return the days of cron's last field in words; None for what has none."""
    groups = {"*": "Every day", "1-5": "Weekdays", "0,6": "Weekends", "6,0": "Weekends"}
    if weekday in groups:
        return groups[weekday]
    numbers = weekday.split(",")
    if not all(number.isdigit() and int(number) <= 7 for number in numbers):
        return None
    names = [_DAY_NAMES[int(number) % 7].capitalize() + "s" for number in numbers]
    return f"{', '.join(names[:-1])}{' and ' if len(names) > 1 else ''}{names[-1]}"


def _capitalize(text: str) -> str:
    return text[:1].upper() + text[1:]


def _convert_interval(number: int, unit: str, schedule: str) -> str:
    if unit.startswith("m") and number and 60 % number == 0:
        return f"*/{number} * * * *" if number < 60 else "0 * * * *"
    if unit.startswith("h") and number and 24 % number == 0:
        return f"0 */{number} * * *" if 1 < number < 24 else "0 0 * * *" if number == 24 else "0 * * * *"
    raise ValueError(f"{schedule!r}: only what divides an hour or a day evenly")


def _parse_days(text: str) -> str | None:
    """Return cron's days of a group such as `weekdays`, or of names in full or short; None for any other text."""
    if text in _DAY_GROUPS:
        return _DAY_GROUPS[text]
    days = set()
    for word in _SEPARATOR.split(text.removeprefix("every ")):
        prefix = word.removesuffix("s")
        day = next((n for n, name in enumerate(_DAY_NAMES) if len(prefix) >= 3 and name.startswith(prefix)), None)
        if day is None:
            return None
        days.add(day)
    return ",".join(str(day) for day in sorted(days))


def _parse_times(text: str, schedule: str) -> str | None:
    """Return cron's minute and hours of some times of day; None where the text is none. Raises ValueError."""
    times: list[tuple[int, int]] = []
    for word in _SEPARATOR.split(text):
        if word in _NAMED_TIMES:
            times.append(_NAMED_TIMES[word])
        elif (match := _TIME.fullmatch(word)) is not None:
            times.append(_read_time(match, schedule))
        else:
            return None
    minutes = {minute for _hour, minute in times}
    if len(minutes) > 1:
        raise ValueError(f"{schedule!r}: several times have to be at the same minute; else write two digests")
    return f"{minutes.pop()} {','.join(str(hour) for hour in sorted({hour for hour, _minute in times}))}"


def _read_time(match: re.Match[str], schedule: str) -> tuple[int, int]:
    """Return hour and minute of a time such as `7`, `7:30` or `7pm`. Raises ValueError."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            raise ValueError(f"{schedule!r} names no time of day")
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    if hour > 23 or minute > 59:
        raise ValueError(f"{schedule!r} names no time of day")
    return hour, minute


def _validate_cron(text: str, schedule: str) -> str:
    try:
        CronSim(text, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(
            f"{schedule!r} is no schedule: write cron (0 7 * * 1-5), words (weekdays at 7:00) or immediate"
        ) from error
    if len(text.split()) != 5:
        raise ValueError(f"{schedule!r}: cron has five fields")
    return text
