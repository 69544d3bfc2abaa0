"""Runs that a jump of the clock has passed over are one run, however many they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from tests.moments import NOON
from watcher.engine.apscheduler_engine import IntervalTrigger

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "jump", [timedelta(), 3 * SECOND, timedelta(days=400), NOON - datetime(1970, 1, 1, tzinfo=UTC)]
)
@pytest.mark.parametrize("interval", [SECOND, timedelta(hours=6)])
def test_a_jump_of_the_clock_is_one_run(jump: timedelta, interval: timedelta) -> None:
    job = Job(
        AsyncIOScheduler(timezone=UTC), func=print, id="tick", args=(), kwargs={}, name="tick",
        trigger=IntervalTrigger(interval), executor="default", misfire_grace_time=None, coalesce=True, max_instances=1,
        next_run_time=NOON - jump,
    )  # fmt: skip

    runs = job._get_run_times(NOON)

    assert runs == [NOON - jump]
    following = job.trigger.get_next_fire_time(runs[-1], NOON)
    assert NOON < following <= NOON + interval


def test_runs_that_are_a_little_late_keep_their_pace() -> None:
    trigger, run_at = IntervalTrigger(SECOND), NOON
    for _run in range(100):
        run_at = trigger.get_next_fire_time(run_at, run_at + SECOND / 10)

    assert run_at == NOON + 100 * SECOND
