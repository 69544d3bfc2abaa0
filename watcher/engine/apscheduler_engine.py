"""The engine of one process. APScheduler, which only this module knows, is its timer; the database says what is due."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from watcher.engine.clock_monitor import CHECK_INTERVAL
from watcher.engine.jobs import SCHEDULE, Job, Jobs, Schedule, tolerate_storage_errors

log = structlog.get_logger()

ALIVE_PERIOD = timedelta(minutes=1)
"""So long after the last successful run of `poll` a process counts as alive."""
POLL_PERIOD = timedelta(seconds=0.8)
"""How long one run of `poll` starts polls: nearly to the next run, for one that overlaps would be dropped."""


class IntervalTrigger(BaseTrigger):  # type: ignore[misc]
    """Runs a job at an interval; runs that were missed count as one.

    APScheduler's own would list every run that a clock which is set forward has passed over: after 1970, to which a
    board without a battery begins, that is two thousand million for a job that runs each second.
    """

    def __init__(self, interval: timedelta) -> None:
        self.interval = interval

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Return the time of the next run, later than now."""
        following = now if previous_fire_time is None else previous_fire_time + self.interval
        return following if following > now else now + self.interval


class ApschedulerEngine:
    """Runs the jobs of the schedule within this process."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._succeeded_at = jobs.monotonic()
        self._clock_task: asyncio.Task[None] | None = None
        # The defaults would drop a run that comes a second late, and run a job three times at once.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    @property
    def is_alive(self) -> bool:
        """Return whether polling has succeeded within the last minute."""
        return self._jobs.monotonic() - self._succeeded_at < ALIVE_PERIOD.total_seconds()

    async def start(self) -> None:
        """Run the jobs from now on, in the background."""
        jobs = self._jobs
        if jobs.has_shards:
            # Before the first poll: without its share a process could ask hosts that another asks.
            await tolerate_storage_errors("shards", jobs.update_shards, jobs.storage)()
            self._add_job("shards", jobs.update_shards, SCHEDULE["shards"])
        self._add_job("poll", self._poll, SCHEDULE["poll"])
        self._add_job("send", jobs.send, SCHEDULE["send"])
        self._add_job("embed", jobs.embed, SCHEDULE["embed"])
        self._add_job("beat", jobs.keep_alive, Schedule(interval=jobs.heartbeat.interval))
        self._add_job("clock", jobs.clock_monitor.record_skew, SCHEDULE["clock"])
        self._add_job("subscribe", jobs.subscribe, SCHEDULE["subscribe"])
        self._add_job("prune", jobs.prune, SCHEDULE["prune"])
        self._scheduler.add_listener(_log_failure, EVENT_JOB_ERROR)
        self._scheduler.start()
        self._clock_task = asyncio.create_task(self._follow_clock())

    async def drain(self, grace: timedelta) -> None:
        """Run no further job, and wait up to `grace` for what is in flight."""
        if self._clock_task is not None:
            self._clock_task.cancel()
        self._scheduler.remove_all_jobs()
        await self._jobs.drain(grace)
        # A shutdown cancels jobs that are running: it may come only when none is.
        self._scheduler.shutdown(wait=False)
        await tolerate_storage_errors("leave", self._jobs.sign_off, self._jobs.storage)()

    def _add_job(self, name: str, job: Job, schedule: Schedule) -> None:
        self._scheduler.add_job(
            tolerate_storage_errors(name, job, self._jobs.storage),
            IntervalTrigger(schedule.interval),
            id=name,
            next_run_time=self._jobs.clock() + schedule.first_delay,
        )

    async def _poll(self) -> None:
        await self._jobs.poller.poll_for(POLL_PERIOD)
        if not self._jobs.poller.is_stalled:
            self._succeeded_at = self._jobs.monotonic()

    async def _follow_clock(self) -> None:
        """Check for steps of the wall clock, timed by the event loop, which is monotonic.

        APScheduler keeps the next run of a job in wall-clock time: after a step back by hours no job would run for
        hours.
        """
        while True:
            await asyncio.sleep(CHECK_INTERVAL.total_seconds())
            await tolerate_storage_errors("follow clock", self._check_clock, self._jobs.storage)()

    async def _check_clock(self) -> None:
        before = self._jobs.clock()
        for job in self._scheduler.get_jobs():
            latest = before + job.trigger.interval
            if job.next_run_time is not None and job.next_run_time > latest:
                job.modify(next_run_time=latest)
        await self._jobs.clock_monitor.check_step()


def _log_failure(event: Any) -> None:
    log.error("tick failed", tick=event.job_id, exc_info=event.exception)
