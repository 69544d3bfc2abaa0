"""The engine of one process. Alone knows APScheduler, which is only the metronome: what is due the database says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.engine.steps import Step, Steps, patient

log = structlog.get_logger()


class Local:
    """Ticks within this process."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps
        self._ticked_at = steps.clock()
        # Defaults that bite: a tick that came late by a second would be dropped, and three could run at once.
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )

    @property
    def alive(self) -> bool:
        """Tell whether the ticks still come."""
        return self._steps.clock() - self._ticked_at < timedelta(seconds=60)

    async def start(self) -> None:
        """Tick from now on."""
        steps, now = self._steps, self._steps.clock()
        table: tuple[tuple[str, Step, timedelta, datetime], ...] = (
            ("poll", self._poll, timedelta(seconds=1), now),
            ("send", steps.send, timedelta(seconds=2), now),
            ("beat", self._beat, steps.pace.beat, now),
            ("subscribe", steps.subscribe, timedelta(minutes=1), now + timedelta(seconds=5)),
            ("prune", steps.prune, timedelta(hours=6), now + timedelta(minutes=10)),
        )
        for name, step, every, first in table:
            self._scheduler.add_job(
                patient(name, step), "interval", seconds=every.total_seconds(), id=name, next_run_time=first
            )
        self._scheduler.add_listener(_failed, EVENT_JOB_ERROR)
        self._scheduler.start()

    async def drain(self, grace: timedelta) -> None:
        """Tick no more, and let what is in flight end."""
        self._scheduler.remove_all_jobs()
        await self._steps.drain(grace)
        # It would cancel what still runs: only now does nothing.
        self._scheduler.shutdown(wait=False)
        await patient("leave", self._steps.leave)()

    async def _poll(self) -> None:
        self._ticked_at = self._steps.clock()
        # Nearly to the next tick: one that still runs would have that one dropped.
        await self._steps.poller.keep_up(timedelta(seconds=0.8))

    async def _beat(self) -> None:
        await self._steps.beat()
        await self._steps.take_over_silent()


def _failed(event: Any) -> None:
    log.error("tick failed", tick=event.job_id, exc_info=event.exception)
