"""When a digest is due: cron or simple words, in a time zone, right across the change of clocks (cronsim)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from watcher.model.digest import QuietHours, Subscription

IMMEDIATE = "immediate"
_DAYS = {day: n for n, day in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_WHEN = re.compile(
    r"(?P<days>daily|every day|weekdays|weekends|(?:every )?(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*s?"
    r"(?:(?:,| and|, and) ?(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*s?)*)"
    r"(?: at (?P<hour>\d{1,2})(?:[:.](?P<minute>\d{2}))? ?(?P<half>am|pm)?)?"
)
_EVERY = re.compile(r"(?:every|hourly|every hour)(?: (?P<number>\d{1,2}))? ?(?P<unit>minutes?|hours?|min|h)?")


def to_cron(schedule: str) -> str:
    """Give the five-field cron of a schedule in cron or words ("weekdays at 7:30", "every 2 hours", "monday at 9").

    Raises ValueError for what is neither. Weekdays count from Sunday = 0, as cron does.
    """
    said = " ".join(schedule.strip().lower().split())
    if said == IMMEDIATE:
        return IMMEDIATE
    if (found := _WHEN.fullmatch(said)) is not None:
        hour, minute = int(found["hour"] or 8), int(found["minute"] or 0)
        if found["half"]:
            hour = hour % 12 + (12 if found["half"] == "pm" else 0)
        if hour > 23 or minute > 59:
            raise ValueError(f"{schedule!r} names no time of day")
        return f"{minute} {hour} * * {_weekdays(found['days'])}"
    if said in {"hourly", "every hour"}:
        return "0 * * * *"
    if (found := _EVERY.fullmatch(said)) is not None and found["number"] and found["unit"]:
        number = int(found["number"])
        if found["unit"].startswith("m") and number and 60 % number == 0:
            return f"*/{number} * * * *" if number < 60 else "0 * * * *"
        if found["unit"].startswith("h") and number and 24 % number == 0:
            return f"0 */{number} * * *" if number < 24 else "0 0 * * *"
        raise ValueError(f"{schedule!r}: only what divides an hour or a day evenly")
    try:
        CronSim(said, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(
            f"{schedule!r} is no schedule: write cron (0 7 * * 1-5), words (weekdays at 7:00) or immediate"
        ) from error
    if len(said.split()) != 5:
        raise ValueError(f"{schedule!r}: cron has five fields")
    return said


def parse_schedule(schedule: str, timezone: str = "UTC") -> None:
    """Check a schedule; raises ValueError for one that cannot be read or never comes."""
    cron = to_cron(schedule)
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"no time zone {timezone!r}") from error
    if cron == IMMEDIATE:
        return
    try:
        next(CronSim(cron, datetime(2026, 1, 1, tzinfo=zone)))
    except StopIteration as error:
        raise ValueError(f"{schedule!r} never comes") from error


def next_slot(subscription: Subscription, after: datetime) -> datetime | None:
    """Give the first slot after a moment, in UTC; None for alerts and for schedules that never come."""
    return next(_slots(subscription, after), None)


def due_slot(subscription: Subscription, last_slot_at: datetime | None, now: datetime) -> datetime | None:
    """Give the latest slot that has come since the last one, in UTC; None where none has.

    After downtime the missed slots are one: their digest is merged. A subscription without a past counts from a
    minute ago, so that setting one up sends nothing at once. Alerts are due whenever they are asked about.
    """
    if subscription.immediate:
        return now
    since = last_slot_at if last_slot_at is not None else now - timedelta(minutes=1)
    since = max(since, now - subscription.max_age - timedelta(days=1))
    found: datetime | None = None
    for slot in _slots(subscription, since):
        if slot > now:
            break
        found = slot
    return found


def quiet_until(quiet: QuietHours | None, timezone: str, now: datetime) -> datetime | None:
    """Give the end of the quiet hours that are on at a moment, in UTC; None while there are none."""
    if quiet is None:
        return None
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    over_midnight = quiet.end <= quiet.start
    clock = local.time().replace(tzinfo=None)
    inside = (clock >= quiet.start or clock < quiet.end) if over_midnight else quiet.start <= clock < quiet.end
    if not inside:
        return None
    day = local.date() + timedelta(days=1) if over_midnight and clock >= quiet.start else local.date()
    end = datetime.combine(day, quiet.end, zone).astimezone(UTC)
    return end if end > now else end + timedelta(hours=1)


def _slots(subscription: Subscription, after: datetime) -> Iterator[datetime]:
    """Give the slots after a moment, in UTC, each once: where clocks go back, cronsim repeats none."""
    cron = to_cron(subscription.schedule)
    if cron != IMMEDIATE:
        for slot in CronSim(cron, after.astimezone(ZoneInfo(subscription.timezone))):
            yield slot.astimezone(UTC)


def _weekdays(said: str) -> str:
    if said in {"daily", "every day"}:
        return "*"
    if said == "weekdays":
        return "1-5"
    if said == "weekends":
        return "0,6"
    return ",".join(str(_DAYS[found]) for found in re.findall(r"mon|tue|wed|thu|fri|sat|sun", said))
