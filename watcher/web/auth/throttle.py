"""Slows down guessing: after a few wrong tries a source waits, twice as long each time. Nobody waits for others."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_TRIES = 5
LONGEST = timedelta(minutes=15)
FORGET = timedelta(hours=1)
MOST_SOURCES = 10_000


@dataclass(slots=True)
class _Tries:
    wrong: int
    last_at: datetime


class Throttle:
    """Counts wrong tries by source (see `sources.source_of`), in memory, and remembers who got in lately."""

    def __init__(self) -> None:
        self._by_source: OrderedDict[str, _Tries] = OrderedDict()
        self._let_in: OrderedDict[str, None] = OrderedDict()

    def wait(self, source: str, now: datetime) -> timedelta:
        """Return how long a source has to wait before its next try; zero where it may try now."""
        tries = self._by_source.get(source)
        if tries is None or tries.wrong < FREE_TRIES or now - tries.last_at > FORGET:
            return timedelta()
        pause = min(LONGEST, timedelta(seconds=2 ** min(20, tries.wrong - FREE_TRIES + 1)))
        return max(timedelta(), tries.last_at + pause - now)

    def rank(self, source: str) -> int:
        """Return who is first where tries have to queue: 0 for those that got in lately, 2 for those that failed."""
        return 0 if source in self._let_in else 2 if source in self._by_source else 1

    def failed(self, source: str, now: datetime) -> None:
        """Count a wrong try. The source that failed longest ago is forgotten where there are too many."""
        tries = self._by_source.setdefault(source, _Tries(0, now))
        if now - tries.last_at > FORGET:
            tries.wrong = 0
        tries.wrong += 1
        tries.last_at = now
        self._by_source.move_to_end(source)
        if len(self._by_source) > MOST_SOURCES:
            self._by_source.popitem(last=False)

    def take_back(self, source: str) -> None:
        """Take back a try that was counted and then not looked at."""
        if (tries := self._by_source.get(source)) is not None:
            tries.wrong -= 1
            if not tries.wrong:
                del self._by_source[source]

    def passed(self, source: str) -> None:
        """Forget the wrong tries of a source that got it right."""
        self._by_source.pop(source, None)
        self._let_in[source] = None
        self._let_in.move_to_end(source)
        if len(self._let_in) > MOST_SOURCES:
            self._let_in.popitem(last=False)
