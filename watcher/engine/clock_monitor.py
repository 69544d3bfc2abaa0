"""One process's care for the wall clock: notices its steps, makes due what they put off, and says when it is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from watcher.schedule.clock_steps import ClockStep, SkewEstimator, StepDetector, format_skew
from watcher.store.database import Database
from watcher.store.system.clock_faults import CLOCK_TOLERANCE, record_clock_skew, record_clock_step, reschedule_all

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=2)
REARM_EVERY = timedelta(minutes=10)
"""How often stored times are looked at without a step of our own: another machine's clock may have written them."""
LONG_JUMP = timedelta(days=1)
"""After a jump forward of more than this nothing is pruned until a server's clock confirms ours."""


class ClockMonitor:
    """Compares the wall clock with the monotonic one and with servers' clocks; `monotonic` gives seconds."""

    def __init__(self, database: Database, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._database = database
        self._wall = wall
        self._monotonic = monotonic
        self._detector = StepDetector(wall(), monotonic())
        self._skew = SkewEstimator()
        self._noted_skew: timedelta | None = None
        self._rearmed_at = monotonic()
        self._is_trusted = False

    def observe(self, host: str, headers: Mapping[str, str]) -> None:
        """Compare our clock with a server's, as its answer just now shows it."""
        self._skew.observe(host, headers, self._wall())

    @property
    def may_prune(self) -> bool:
        """Return whether the clock is trusted so far that what looks old may be deleted.

        A server has to confirm it first: whoever begins under a clock that is a year ahead sees an archive that is all
        past its time, and nothing that contradicts it before several servers have answered.
        """
        if self._skew.is_confirmed:
            self._is_trusted = True
        return self._is_trusted and self._skew.estimate() is None

    async def look(self) -> ClockStep | None:
        """Return a step of the clock since the last look, once what it put off is due and the step is noted."""
        step = self._detector.look(self._wall(), self._monotonic())
        if step is not None:
            log.warning("clock stepped", seconds=round(step.by.total_seconds()))
            self._skew.clear()
            self._is_trusted = self._is_trusted and step.by <= LONG_JUMP
        elif self._monotonic() - self._rearmed_at < REARM_EVERY.total_seconds():
            return None
        self._rearmed_at = self._monotonic()
        await asyncio.to_thread(self._rearm, step)
        return step

    async def note_skew(self) -> None:
        """Log and store a skew against servers' clocks when it begins, changes much or ends, and while it lasts."""
        skew, before = self._skew.estimate(), self._noted_skew
        if skew is None and before is None:
            return
        if skew is not None and (before is None or abs(skew - before) > CLOCK_TOLERANCE):
            log.warning("clock is wrong", seconds=round(skew.total_seconds()), reason=format_skew(skew))
        if skew is None:
            log.info("clock is right again")
        self._noted_skew = skew
        await asyncio.to_thread(self._store_skew, skew)

    def _rearm(self, step: ClockStep | None) -> None:
        with self._database.write() as db:
            rearmed = reschedule_all(db, self._wall())
            if step is not None:
                record_clock_step(db, step)
        if rearmed.count:
            log.warning(
                "stored times in the future ignored",
                feeds=rearmed.feeds,
                deliveries=rearmed.deliveries,
                digests=rearmed.digests,
            )

    def _store_skew(self, skew: timedelta | None) -> None:
        with self._database.write() as db:
            record_clock_skew(db, skew, self._wall())
