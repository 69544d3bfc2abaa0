"""Keeps a host from being asked too much at once: so many at a time, and some time between two beginnings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta


class HostGate:
    """One gate for all hosts; a host that nobody waits for is forgotten."""

    def __init__(self, at_once: int, spacing: timedelta) -> None:
        self._at_once = at_once
        self._spacing = spacing.total_seconds()
        self._doors: dict[str, _Door] = {}

    @asynccontextmanager
    async def entered(self, host: str) -> AsyncIterator[None]:
        """Wait for this host's turn."""
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
                yield
        finally:
            door.waiting -= 1

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        self._doors = {host: door for host, door in self._doors.items() if door.waiting or door.next_at > now}


class _Door:
    def __init__(self, at_once: int) -> None:
        self.places = asyncio.Semaphore(at_once)
        self.next_at = 0.0
        self.waiting = 0
