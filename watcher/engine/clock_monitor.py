"""Watches the wall clock of one process: detects its steps, reschedules what they put off, and reports its skew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from watcher.schedule.clock_steps import ClockStep, SkewEstimator, StepDetector, format_skew
from watcher.store.database import Database
from watcher.store.system.clock_faults import CLOCK_TOLERANCE, record_clock_skew, record_clock_step, reschedule_all

log = structlog.get_logger()

CHECK_INTERVAL = timedelta(seconds=2)
RESCHEDULE_INTERVAL = timedelta(minutes=10)
"""How often stored times are checked without a step of our own: another machine's clock may have written them."""
MAX_TRUSTED_STEP = CLOCK_TOLERANCE
"""After a jump forward of more than this nothing is pruned until a server's clock confirms ours, at the next poll."""
MAX_DOUBT = timedelta(hours=1)
"""A clock that no server confirms or contradicts for so long is believed in what a person can take back."""


class ClockMonitor:
    """Compares the wall clock with the monotonic one and with servers' clocks; `monotonic` returns seconds."""

    def __init__(self, database: Database, wall: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._database = database
        self._wall = wall
        self._monotonic = monotonic
        self._detector = StepDetector(wall(), monotonic())
        self._skew = SkewEstimator()
        self._recorded_skew: timedelta | None = None
        self._rescheduled_at = monotonic()
        self._is_trusted = False
        self._untrusted_at = monotonic()

    def observe(self, host: str, headers: Mapping[str, str]) -> None:
        """Compare our clock with a server's, as its answer just now shows it."""
        self._skew.observe(host, headers, self._wall())

    @property
    def may_prune(self) -> bool:
        """Return whether the clock is trusted enough to delete what looks old.

        A server has to confirm it first: under a clock that is a year ahead, a process that starts sees an archive that
        is all past its time, and nothing that contradicts it before several servers have answered.
        """
        if self._skew.is_confirmed:
            self._is_trusted = True
        return self._is_trusted and self._skew.estimate() is None

    @property
    def is_doubted(self) -> bool:
        """Return whether the clock may be far ahead: servers say so, or it jumped, or began, and none confirmed it yet.

        Unlike `may_prune` this ends by itself: where no server sends its time, messages are given up all the same.
        """
        if self.may_prune:
            return False
        is_new = self._monotonic() - self._untrusted_at < MAX_DOUBT.total_seconds()
        return self._skew.estimate() is not None or is_new

    async def check_step(self) -> ClockStep | None:
        """Return a step of the clock since the last check, once what it put off is due and the step is stored."""
        step = self._detector.detect(self._wall(), self._monotonic())
        if step is not None:
            log.warning("clock stepped", seconds=round(step.by.total_seconds()))
            self._skew.clear()
            if step.by > MAX_TRUSTED_STEP:
                self._is_trusted = False
                self._untrusted_at = self._monotonic()
        elif self._monotonic() - self._rescheduled_at < RESCHEDULE_INTERVAL.total_seconds():
            return None
        self._rescheduled_at = self._monotonic()
        await asyncio.to_thread(self._reschedule, step)
        return step

    async def record_skew(self) -> None:
        """Log and store a skew against servers' clocks when it begins, changes much or ends, and while it lasts."""
        skew, before = self._skew.estimate(), self._recorded_skew
        if skew is None and before is None:
            return
        if skew is not None and (before is None or abs(skew - before) > CLOCK_TOLERANCE):
            log.warning("clock is wrong", seconds=round(skew.total_seconds()), reason=format_skew(skew))
        if skew is None:
            log.info("clock is right again")
        self._recorded_skew = skew
        await asyncio.to_thread(self._store_skew, skew)

    def _reschedule(self, step: ClockStep | None) -> None:
        with self._database.write() as db:
            rescheduled = reschedule_all(db, self._wall())
            if step is not None:
                record_clock_step(db, step)
        if rescheduled.count:
            log.warning(
                "stored times in the future ignored",
                feeds=rescheduled.feeds,
                deliveries=rescheduled.deliveries,
                digests=rescheduled.digests,
            )

    def _store_skew(self, skew: timedelta | None) -> None:
        with self._database.write() as db:
            record_clock_skew(db, skew, self._wall())
