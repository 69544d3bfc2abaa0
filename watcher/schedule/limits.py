"""What the operator allows polling, and what goes into the time of one poll."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watcher.model.feed_config import Budget

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollLimits:
    """The limits of the configuration: intervals between polls, the longest back-off, what a feed may store in a day.

    `default` is the interval of a feed whose publications have no dates. `backoff` is the longest wait after failures.
    `pushed` is the interval of a feed whose hub pushes its news: polling is the safety net. `budget` applies to each
    feed that has none of its own.
    """

    minimum: timedelta = timedelta(minutes=5)
    maximum: timedelta = timedelta(hours=6)
    default: timedelta = timedelta(minutes=15)
    backoff: timedelta = DAY
    pushed: timedelta = 6 * HOUR
    budget: Budget = field(default_factory=Budget)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollTerms:
    """What one poll is scheduled by: its moment (aware UTC), the limits, and `jitter` in [0, 1).

    Jitter stretches a wait by up to a tenth, so that feeds that were once polled together spread out.
    """

    now: datetime
    limits: PollLimits
    jitter: float

    def after(self, wait: timedelta) -> datetime:
        """Return the moment after a wait, stretched by the jitter."""
        return self.now + wait * (1 + self.jitter / 10)
