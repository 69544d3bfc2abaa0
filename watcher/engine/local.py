"""The engine of one process. Alone knows APScheduler, which is only the metronome: what is due the database says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from watcher.engine.steps import BEAT, Steps
from watcher.errors import StoreError

log = structlog.get_logger()

Step = Callable[[], Awaitable[None]]


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
            ("beat", steps.beat, BEAT, now),
            ("prune", steps.prune, timedelta(hours=6), now + timedelta(minutes=10)),
        )
        for name, step, every, first in table:
            self._scheduler.add_job(
                _patient(name, step), "interval", seconds=every.total_seconds(), id=name, next_run_time=first
            )
        self._scheduler.add_listener(_failed, EVENT_JOB_ERROR)
        self._scheduler.start()

    async def drain(self, grace: timedelta) -> None:
        """Tick no more, and let what is in flight end."""
        self._scheduler.remove_all_jobs()
        await self._steps.drain(grace)
        # It would cancel what still runs: only now does nothing.
        self._scheduler.shutdown(wait=False)

    async def _poll(self) -> None:
        self._ticked_at = self._steps.clock()
        await self._steps.poller.tick()


def _patient(name: str, step: Step) -> Step:
    """Let a database that is away for a minute be one line, not a traceback for each tick."""

    async def tick() -> None:
        try:
            await step()
        except StoreError as error:
            log.error("database", tick=name, error=str(error))

    return tick


def _failed(event: Any) -> None:
    log.error("tick failed", tick=event.job_id, exc_info=event.exception)
