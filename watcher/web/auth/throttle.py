"""Slows down guessing: after a few wrong tries a source waits, twice as long each time. Others do not wait."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_TRIES = 5
MAX_WAIT = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=1)
MAX_SOURCES = 10_000


@dataclass(slots=True)
class _Tries:
    wrong: int
    last_at: datetime


class Throttle:
    """Counts wrong tries by source (see `sources.get_source`), in memory, and remembers who logged in lately."""

    def __init__(self) -> None:
        self._by_source: OrderedDict[str, _Tries] = OrderedDict()
        self._logged_in: OrderedDict[str, None] = OrderedDict()

    def get_wait(self, source: str, now: datetime) -> timedelta:
        """Return how long a source has to wait before its next try; zero where it may try now."""
        tries = self._by_source.get(source)
        if tries is None or tries.wrong < FREE_TRIES or now - tries.last_at > FORGET_AFTER:
            return timedelta()
        pause = min(MAX_WAIT, timedelta(seconds=2 ** min(20, tries.wrong - FREE_TRIES + 1)))
        return max(timedelta(), tries.last_at + pause - now)

    def get_rank(self, source: str) -> int:
        """Return the rank where tries have to queue: 0 for sources that logged in lately, 2 for those that failed."""
        return 0 if source in self._logged_in else 2 if source in self._by_source else 1

    def count_failure(self, source: str, now: datetime) -> None:
        """Count a wrong try. The source that failed longest ago is forgotten where there are too many."""
        tries = self._by_source.setdefault(source, _Tries(0, now))
        if now - tries.last_at > FORGET_AFTER:
            tries.wrong = 0
        tries.wrong += 1
        tries.last_at = now
        self._by_source.move_to_end(source)
        if len(self._by_source) > MAX_SOURCES:
            self._by_source.popitem(last=False)

    def uncount_failure(self, source: str) -> None:
        """Uncount a try that was not checked after all."""
        if (tries := self._by_source.get(source)) is not None:
            tries.wrong -= 1
            if not tries.wrong:
                del self._by_source[source]

    def count_success(self, source: str) -> None:
        """Forget the wrong tries of a source that logged in."""
        self._by_source.pop(source, None)
        self._logged_in[source] = None
        self._logged_in.move_to_end(source)
        if len(self._logged_in) > MAX_SOURCES:
            self._logged_in.popitem(last=False)
