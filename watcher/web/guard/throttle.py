"""Slows down guessing: after a few wrong tries an address waits, twice as long each time; a flood slows everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_TRIES = 5
LONGEST = timedelta(minutes=15)
FORGET = timedelta(hours=1)
MOST_ADDRESSES = 10_000
FLOOD = 100
"""Wrong tries of all addresses together within FORGET, after which each further one makes everybody wait a second."""


@dataclass(slots=True)
class _Tries:
    wrong: int
    last_at: datetime


class Throttle:
    """Counts wrong tries by address, in memory."""

    def __init__(self) -> None:
        self._by_address: dict[str, _Tries] = {}

    def wait(self, address: str, now: datetime) -> timedelta:
        """Say how long an address has to wait before its next try; zero where it may try now."""
        self._forget(now)
        tries = self._by_address.get(address)
        least = timedelta()
        if sum(each.wrong for each in self._by_address.values()) >= FLOOD:
            newest = max(each.last_at for each in self._by_address.values())
            least = max(timedelta(), newest + timedelta(seconds=1) - now)
        if tries is None or tries.wrong < FREE_TRIES:
            return least
        pause = min(LONGEST, timedelta(seconds=2 ** min(20, tries.wrong - FREE_TRIES + 1)))
        return max(least, tries.last_at + pause - now)

    def failed(self, address: str, now: datetime) -> None:
        """Note a wrong try."""
        tries = self._by_address.setdefault(address, _Tries(0, now))
        tries.wrong += 1
        tries.last_at = now
        if len(self._by_address) > MOST_ADDRESSES:
            del self._by_address[min(self._by_address, key=lambda each: self._by_address[each].last_at)]

    def passed(self, address: str) -> None:
        """Forget the wrong tries of an address that got it right."""
        self._by_address.pop(address, None)

    def _forget(self, now: datetime) -> None:
        for address in [each for each, tries in self._by_address.items() if now - tries.last_at > FORGET]:
            del self._by_address[address]
