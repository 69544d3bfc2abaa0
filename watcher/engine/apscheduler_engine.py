"""The engine of one process. Alone knows APScheduler, which is only the metronome: what is due the database says."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.engine.clock_monitor import LOOK_EVERY
from watcher.engine.jobs import Jobs, Step, patient

log = structlog.get_logger()

ALIVE_FOR = timedelta(minutes=1)
"""So long after the last tick that succeeded a process counts as alive."""


class ApschedulerEngine:
    """Ticks within this process."""

    def __init__(self, steps: Jobs) -> None:
        self._steps = steps
        self._succeeded_at = steps.monotonic()
        self._watching: asyncio.Task[None] | None = None
        # Defaults that bite: a tick that came late by a second would be dropped, and three could run at once.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    @property
    def alive(self) -> bool:
        """Return whether a tick has succeeded within the last minute."""
        return self._steps.monotonic() - self._succeeded_at < ALIVE_FOR.total_seconds()

    async def start(self) -> None:
        """Tick from now on."""
        steps, now = self._steps, self._steps.clock()
        table: tuple[tuple[str, Step, timedelta, datetime], ...] = (
            ("poll", self._poll, timedelta(seconds=1), now),
            ("send", steps.send, timedelta(seconds=2), now),
            ("beat", self._beat, steps.pace.beat, now),
            ("clock", steps.clock_monitor.note_skew, timedelta(minutes=1), now + timedelta(minutes=1)),
            ("subscribe", steps.subscribe, timedelta(minutes=1), now + timedelta(seconds=5)),
            ("prune", steps.prune, timedelta(hours=6), now + timedelta(minutes=10)),
        )
        for name, step, every, first in table:
            self._scheduler.add_job(
                patient(name, step, steps.storage),
                "interval",
                seconds=every.total_seconds(),
                id=name,
                next_run_time=first,
            )
        self._scheduler.add_listener(_failed, EVENT_JOB_ERROR)
        self._scheduler.start()
        self._watching = asyncio.create_task(self._watch_clock())

    async def drain(self, grace: timedelta) -> None:
        """Tick no more, and let what is in flight end."""
        if self._watching is not None:
            self._watching.cancel()
        self._scheduler.remove_all_jobs()
        await self._steps.drain(grace)
        # It would cancel what still runs: only now does nothing.
        self._scheduler.shutdown(wait=False)
        await patient("leave", self._steps.leave, self._steps.storage)()

    async def _poll(self) -> None:
        # Nearly to the next tick: one that still runs would have that one dropped.
        await self._steps.poller.keep_up(timedelta(seconds=0.8))
        if not self._steps.poller.is_stalled:
            self._succeeded_at = self._steps.monotonic()

    async def _watch_clock(self) -> None:
        """Look for steps of the wall clock on the event loop's own, monotonic time, and put the ticks right after one.

        APScheduler keeps the time of a job's next run on the wall clock: set back by hours, no tick would come for
        hours.
        """
        while True:
            await asyncio.sleep(LOOK_EVERY.total_seconds())
            await patient("follow clock", self._follow_clock, self._steps.storage)()

    async def _follow_clock(self) -> None:
        care = self._steps.clock_monitor
        before = self._steps.clock()
        for job in self._scheduler.get_jobs():
            latest = before + job.trigger.interval
            if job.next_run_time is not None and job.next_run_time > latest:
                job.modify(next_run_time=latest)
        await care.look()

    async def _beat(self) -> None:
        await self._steps.beat()
        await self._steps.recover_silent_leases()


def _failed(event: Any) -> None:
    log.error("tick failed", tick=event.job_id, exc_info=event.exception)
