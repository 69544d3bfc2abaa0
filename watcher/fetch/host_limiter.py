"""Keeps a host from being asked too much: so many at a time, some time between two beginnings, and peace when asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind
from watcher.text.urls import waiting_host


class HostGate:
    """One gate for all hosts; a host that nobody waits for is forgotten.

    `monotonic` gives the seconds that a host's wish to be left alone is measured in.
    """

    def __init__(self, at_once: int, spacing: timedelta, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._spacing = spacing.total_seconds()
        self._doors: dict[str, _Door] = {}
        self._resting: dict[str, float] = {}
        self._monotonic = monotonic

    @asynccontextmanager
    async def entered(self, host: str) -> AsyncIterator[None]:
        """Wait for this host's turn; raises FetchError (`rate-limited`) while it rests."""
        self._respect(host)
        door = self._doors.get(host)
        if door is None:
            if len(self._doors) > 10_000:
                self._forget()
            door = self._doors[host] = _Door(self._at_once)
        door.waiting += 1
        try:
            async with door.places:
                loop = asyncio.get_running_loop()
                wait = door.next_at - loop.time()
                door.next_at = max(loop.time(), door.next_at) + self._spacing
                if wait > 0:
                    await asyncio.sleep(wait)
                self._respect(host)
                yield
        finally:
            door.waiting -= 1

    def rest(self, host: str, wait: timedelta) -> None:
        """Ask a host nothing for a while, nor its neighbours under one roof: it has said that it is asked too much."""
        shared = waiting_host(host)
        if shared is not None:
            until = self._monotonic() + wait.total_seconds()
            self._resting[shared] = max(until, self._resting.get(shared, 0.0))

    def _respect(self, host: str) -> None:
        if not self._resting:
            return
        shared = waiting_host(host)
        until = self._resting.get(shared or "")
        if until is None:
            return
        left = until - self._monotonic()
        if left <= 0:
            del self._resting[shared or ""]
            return
        raise FetchError(
            FailureKind.RATE_LIMITED, f"{shared} has asked to wait; not asked", retry_after=timedelta(seconds=left)
        )

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        self._doors = {host: door for host, door in self._doors.items() if door.waiting or door.next_at > now}


class _Door:
    def __init__(self, at_once: int) -> None:
        self.places = asyncio.Semaphore(at_once)
        self.next_at = 0.0
        self.waiting = 0
