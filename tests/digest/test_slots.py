"""When digests are due: words and cron, a year of clock changes in seven zones, downtime, and quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watcher.digest.schedule_text import convert_to_cron
from watcher.digest.slots import find_due_slot, find_next_slot, find_quiet_end, validate_schedule
from watcher.model.digest import QuietHours, Subscription

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # three and a half hours behind
    "America/Santiago",  # southern, its clocks change at midnight
    "Asia/Kolkata",  # half an hour, no changes
    "Australia/Lord_Howe",  # southern, and its clocks change by half an hour
    "Pacific/Chatham",  # southern, three quarters of an hour
)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def digest(schedule: str, zone: str = "UTC", **how: object) -> Subscription:
    return Subscription(name="daily", schedule=schedule, channels=("files",), timezone=zone, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("schedule", "cron"),
    [
        ("weekdays at 7", "0 7 * * 1-5"),
        ("daily at 07:30", "30 7 * * *"),
        ("hourly", "0 * * * *"),
        ("every 15 minutes", "*/15 * * * *"),
        ("every 2 hours", "0 */2 * * *"),
        ("Monday at 9am", "0 9 * * 1"),
        ("mondays and thursdays at 18.30", "30 18 * * 1,4"),
        ("tue, thu, and sat at noon", "0 12 * * 2,4,6"),
        ("every wednesday at 12 am", "0 0 * * 3"),
        ("weekends at 10 pm", "0 22 * * 0,6"),
        ("daily at 7 and 18", "0 7,18 * * *"),
        ("at 7", "0 7 * * *"),
        ("07:30", "30 7 * * *"),
        ("weekly", "0 8 * * 1"),
        ("30 6 * * 1-5", "30 6 * * 1-5"),
        ("immediate", "immediate"),
    ],
)
def test_schedules_are_understood_as_people_say_them(schedule: str, cron: str) -> None:
    assert convert_to_cron(schedule) == cron


@pytest.mark.parametrize(
    "schedule",
    ["", "at", "7", "soon", "monster at 9", "daily at 25", "daily at 13pm", "daily at 7:15 and 18:30",
     "every 7 minutes", "every 0 hours", "* * *", "0 0 7 * * *", "61 * * * *", "@daily"],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(schedule: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        convert_to_cron(schedule)


@pytest.mark.parametrize(("schedule", "zone"), [("daily", "Mars/Olympus"), ("0 0 31 2 *", "UTC"), ("daily", "/etc")])
def test_a_zone_that_is_none_and_a_day_that_never_comes_are_refused(schedule: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        validate_schedule(schedule, zone)


def told_over_a_year(subscription: Subscription, step: timedelta) -> list[datetime]:
    """Ask again and again for a year, as the daemon does, and remember what was due."""
    slots: list[datetime] = []
    last, now = NEW_YEAR, NEW_YEAR
    while now < NEW_YEAR + 365 * DAY:
        now += step
        slot = find_due_slot(subscription, last, now)
        if slot is not None:
            assert last < slot <= now
            slots.append(slot)
            last = slot
    return slots


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("clock", ["0:00", "0:30", "1:45", "2:00", "2:15", "2:30", "3:00", "7:00", "23:30"])
def test_every_days_digest_comes_exactly_once_in_a_year_of_clock_changes(zone: str, clock: str) -> None:
    hour, minute = map(int, clock.split(":"))
    local_zone = ZoneInfo(zone)

    moments = told_over_a_year(digest(f"daily at {clock}", zone), timedelta(hours=7, minutes=3))

    locally = [slot.astimezone(local_zone) for slot in moments]
    days = [moment.date() for moment in locally]
    assert days == [days[0] + n * DAY for n in range(len(days))]
    assert len(days) in {364, 365, 366}
    for moment in locally:
        wanted = datetime.combine(moment.date(), time(hour, minute), local_zone)
        if wanted.astimezone(UTC).astimezone(local_zone).time() == wanted.time():
            assert moment.time() == time(hour, minute)
        else:
            # Clocks jumped over it: as soon as they had.
            assert timedelta(0) < moment.astimezone(UTC) - (wanted - HOUR).astimezone(UTC) <= HOUR
            assert (moment - timedelta(seconds=1)).astimezone(UTC).astimezone(
                local_zone
            ).utcoffset() == moment.utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_a_digest_every_half_hour_comes_every_half_hour_whatever_clocks_do(zone: str) -> None:
    local_zone = ZoneInfo(zone)
    days = [NEW_YEAR + n * DAY for n in range(365)]
    changes = [
        day for day in days if day.astimezone(local_zone).utcoffset() != (day + DAY).astimezone(local_zone).utcoffset()
    ]
    subscription = digest("every 30 minutes", zone)

    for begin in changes or days[:1]:
        moment = find_next_slot(subscription, begin - HOUR)
        while moment is not None and moment < begin + DAY + HOUR:
            following = find_next_slot(subscription, moment)
            assert following == moment + HOUR / 2
            moment = following


@given(
    st.sampled_from(ZONES),
    st.integers(0, 365 * 24 * 60).map(lambda minutes: NEW_YEAR + minutes * MINUTE),
    st.sampled_from(["hourly", "daily at 2:30", "every 20 minutes", "15 1-3 * * *", "weekdays at 7", "0 0 1 * *"]),
)
def test_the_next_slot_is_always_ahead(zone: str, now: datetime, schedule: str) -> None:
    following = find_next_slot(digest(schedule, zone), now)

    assert following is not None
    assert following > now


def test_slots_missed_are_one_and_a_long_sleep_costs_no_more() -> None:
    hourly = digest("hourly", max_age=2 * DAY)

    assert find_due_slot(hourly, NEW_YEAR, NEW_YEAR + 5 * HOUR + HOUR / 2) == NEW_YEAR + 5 * HOUR
    assert find_due_slot(hourly, NEW_YEAR - 3000 * DAY, NEW_YEAR) == NEW_YEAR
    assert find_due_slot(hourly, NEW_YEAR, NEW_YEAR + HOUR / 2) is None


def test_a_digest_just_set_up_sends_nothing_at_once() -> None:
    assert find_due_slot(digest("daily at 7"), None, NEW_YEAR + 12 * HOUR) is None


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("quiet", [(time(22), time(6, 30)), (time(2, 10), time(2, 40)), (time(0), time(2, 30))])
def test_quiet_hours_end_when_the_clock_says_so_all_year(zone: str, quiet: tuple[time, time]) -> None:
    hours = QuietHours(start=quiet[0], end=quiet[1])
    now = NEW_YEAR

    while now < NEW_YEAR + 365 * DAY:
        end = find_quiet_end(hours, zone, now)
        if end is not None:
            assert now < end <= now + 10 * HOUR
            assert find_quiet_end(hours, zone, end) is None
        now += 97 * MINUTE if end is None else 31 * MINUTE
