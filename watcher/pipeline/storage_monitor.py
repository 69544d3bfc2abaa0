"""Follows faults of the database while they last: says so when one begins, less and less often, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import structlog

from watcher.errors import StorageError, StoreError

log = structlog.get_logger()

REPEATED_AFTER = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
"""From line to line; the last one from then on."""
FORGOTTEN_AFTER = timedelta(minutes=2)
"""A fault of something that is tried more rarely counts for so long, while others work."""
SETTLED_AFTER = timedelta(seconds=30)
"""So long after a fault what was at hand then has been stored."""


class StorageMonitor:
    """Hears of everything that tried to use the database; safe in threads. `monotonic` gives seconds.

    What failed is over once the same `source` works again: while a disk is full some things still find room.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._failing: dict[str, tuple[float, str]] = {}
        self._began_at = 0.0
        self._ended_at: float | None = None
        self._written_at = 0.0
        self._lines = 0
        self._failures = 0

    @property
    def fault(self) -> str | None:
        """Return what is the matter, in words that name neither path nor server; None while all is well."""
        self._forget()
        reasons = [reason for _failed_at, reason in list(self._failing.values())]
        return reasons[0] if reasons else None

    @property
    def lasts(self) -> timedelta:
        """Return for how long the fault has been there."""
        return timedelta(seconds=self._monotonic() - self._began_at) if self.fault else timedelta()

    @property
    def is_settled(self) -> bool:
        """Return whether there is no fault, nor was one just now."""
        if self.fault is not None:
            return False
        return self._ended_at is None or self._monotonic() - self._ended_at >= SETTLED_AFTER.total_seconds()

    def fail(self, source: str, error: StoreError) -> None:
        """Note that something could not use the database."""
        now = self._monotonic()
        if self.fault is None:
            self._began_at, self._lines, self._failures = now, 0, 0
        reason = error.fault.value if isinstance(error, StorageError) else "the database refuses what it is asked for"
        self._failing[source] = now, reason
        self._failures += 1
        wait = REPEATED_AFTER[min(self._lines, len(REPEATED_AFTER)) - 1]
        if not self._lines or now - self._written_at >= wait.total_seconds():
            self._written_at, self._lines = now, self._lines + 1
            log.error(
                "database cannot be used",
                reason=reason,
                error=str(error),
                at=source,
                seconds=round(now - self._began_at),
                failures=self._failures,
            )

    def succeed(self, source: str) -> None:
        """Note that something used the database."""
        if self._failing.pop(source, None) is not None:
            self._end_if_over()

    def _forget(self) -> None:
        if not self._failing:
            return
        oldest = self._monotonic() - FORGOTTEN_AFTER.total_seconds()
        for source in [source for source, (failed_at, _reason) in self._failing.items() if failed_at < oldest]:
            self._failing.pop(source, None)
        self._end_if_over()

    def _end_if_over(self) -> None:
        if not self._failing:
            now = self._ended_at = self._monotonic()
            log.warning("database can be used again", seconds=round(now - self._began_at), failures=self._failures)
