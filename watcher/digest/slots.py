"""When a digest is due, in a time zone, right across the change of clocks (cronsim), and when delivery waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim

from watcher.digest.schedule_text import IMMEDIATE, convert_to_cron
from watcher.model.subscription import QuietHours, Subscription


def validate_schedule(schedule: str, timezone: str = "UTC") -> None:
    """Raise ValueError for a schedule that cannot be read or never comes, and for an unknown time zone."""
    cron = convert_to_cron(schedule)
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


def find_next_slot(subscription: Subscription, after: datetime) -> datetime | None:
    """Return the first slot after a moment, in UTC; None for alerts, paused digests and schedules that never come."""
    return next(iter(list_next_slots(subscription, after, 1)), None)


def list_next_slots(subscription: Subscription, after: datetime, count: int = 3) -> tuple[datetime, ...]:
    """Return the next slots after a moment, in UTC; none for alerts and paused digests."""
    return () if subscription.paused else tuple(islice(_iter_slots(subscription, after), count))


def find_due_slot(subscription: Subscription, last_slot_at: datetime | None, now: datetime) -> datetime | None:
    """Return the latest slot that has come since the last one, in UTC; None where none has.

    After downtime the missed slots are one digest. A subscription without a past counts from a minute ago, so that
    setting one up sends nothing at once. Alerts are always due.
    """
    if subscription.immediate:
        return now
    since = last_slot_at if last_slot_at is not None else now - timedelta(minutes=1)
    since = max(since, now - subscription.max_age - timedelta(days=1))
    latest: datetime | None = None
    for slot in _iter_slots(subscription, since):
        if slot > now:
            break
        latest = slot
    return latest


def find_quiet_end(quiet: QuietHours | None, timezone: str, now: datetime) -> datetime | None:
    """Return the end of the quiet hours at a moment, in UTC; None outside of them."""
    if quiet is None:
        return None
    zone = ZoneInfo(timezone)
    if not _is_quiet(quiet, now.astimezone(zone).time()):
        return None
    local = now.astimezone(zone)
    over_midnight = quiet.end <= quiet.start
    day = local.date() + timedelta(days=1) if over_midnight and local.time() >= quiet.start else local.date()
    # Where clocks go back the end comes twice; where they jump over it, one reading of it lies before the jump.
    ends = (datetime.combine(day, quiet.end, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    later = (end for end in ends if end > now and not _is_quiet(quiet, end.astimezone(zone).time()))
    return min(later, default=now)


def _is_quiet(quiet: QuietHours, clock: time) -> bool:
    if quiet.end <= quiet.start:
        return clock >= quiet.start or clock < quiet.end
    return quiet.start <= clock < quiet.end


def _iter_slots(subscription: Subscription, after: datetime) -> Iterator[datetime]:
    """Return the slots after a moment, in UTC: a time of day once a day, also where clocks go back."""
    cron = convert_to_cron(subscription.schedule)
    if cron != IMMEDIATE:
        for slot in CronSim(cron, after.astimezone(ZoneInfo(subscription.timezone))):
            # Started in the hour that comes twice, cronsim returns a time of the first one, which is past.
            if (moment := slot.astimezone(UTC)) > after:
                yield moment
