"""Follows faults of the database: logs when one begins, less and less often while it lasts, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from watcher.errors import StorageError, StoreError

log = structlog.get_logger()

LOG_INTERVALS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""Between the log lines of one fault; the last one from then on."""
FAULT_EXPIRES_AFTER = timedelta(minutes=2)
"""A fault of something that is tried more rarely counts for so long, while others work."""
RECOVERY_PERIOD = timedelta(seconds=30)
"""So long after a fault everything that was in flight during it has been stored."""


class StorageMonitor:
    """Records every use of the database that failed or succeeded. Thread-safe. `monotonic` returns seconds.

    A fault is over once the same `source` succeeds: while a disk is full, some writes still find room.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failing: dict[str, tuple[float, str]] = {}
        self._started_at = 0.0
        self._ended_at: float | None = None
        self._logged_at = 0.0
        self._log_count = 0
        self._failures = 0

    @property
    def fault(self) -> str | None:
        """Return the fault, in words that name neither path nor server; None while there is none."""
        self._expire_faults()
        reasons = [reason for _failed_at, reason in list(self._failing.values())]
        return reasons[0] if reasons else None

    @property
    def duration(self) -> timedelta:
        """Return for how long the fault has lasted."""
        return timedelta(seconds=self._monotonic() - self._started_at) if self.fault else timedelta()

    @property
    def is_settled(self) -> bool:
        """Return whether there is no fault, nor was one just now."""
        if self.fault is not None:
            return False
        return self._ended_at is None or self._monotonic() - self._ended_at >= RECOVERY_PERIOD.total_seconds()

    def fail(self, source: str, error: StoreError) -> None:
        """Record that `source` could not use the database."""
        now = self._monotonic()
        if self.fault is None:
            self._started_at, self._log_count, self._failures = now, 0, 0
        reason = error.fault.value if isinstance(error, StorageError) else "the database refuses what it is asked for"
        self._failing[source] = now, reason
        self._failures += 1
        interval = LOG_INTERVALS[min(self._log_count, len(LOG_INTERVALS)) - 1]
        if not self._log_count or now - self._logged_at >= interval.total_seconds():
            self._logged_at, self._log_count = now, self._log_count + 1
            log.error(
                "database cannot be used",
                reason=reason,
                error=str(error),
                at=source,
                seconds=round(now - self._started_at),
                failures=self._failures,
            )

    def succeed(self, source: str) -> None:
        """Record that `source` used the database."""
        if self._failing.pop(source, None) is not None:
            self._end_if_over()

    def _expire_faults(self) -> None:
        if not self._failing:
            return
        oldest = self._monotonic() - FAULT_EXPIRES_AFTER.total_seconds()
        for source in [source for source, (failed_at, _reason) in self._failing.items() if failed_at < oldest]:
            self._failing.pop(source, None)
        self._end_if_over()

    def _end_if_over(self) -> None:
        if not self._failing:
            now = self._ended_at = self._monotonic()
            log.warning("database can be used again", seconds=round(now - self._started_at), failures=self._failures)
