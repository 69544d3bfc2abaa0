"""Politeness per host: a limit on concurrent requests, a minimum spacing, and back-off when the server asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from watcher.fetch.errors import FetchError
from watcher.model.poll import FailureKind
from watcher.text.urls import waiting_host


class HostLimiter:
    """Limits requests per host: `at_once` at a time, with `spacing` between two starts.

    What is known of a host that nobody waits for is dropped. `monotonic` returns the seconds that back-offs count in.
    """

    def __init__(self, at_once: int, spacing: timedelta, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._spacing = spacing.total_seconds()
        self._hosts: dict[str, _Host] = {}
        self._paused_until: dict[str, float] = {}
        self._monotonic = monotonic

    def entered(self, host: str) -> AbstractAsyncContextManager[None]:
        """Wait for this host's turn; raises FetchError (`rate-limited`) while it is paused."""
        return _Turn(self, host)

    async def enter(self, host: str) -> _Host:
        """Wait for this host's turn, which lasts until `leave`; raises FetchError while it is paused."""
        self._raise_paused(host)
        limit = self._hosts.get(host)
        if limit is None:
            if len(self._hosts) > 10_000:
                self._drop_unused()
            limit = self._hosts[host] = _Host(self._at_once)
        limit.waiting += 1
        try:
            await limit.slots.acquire()
        except BaseException:
            limit.waiting -= 1
            raise
        try:
            loop = asyncio.get_running_loop()
            # From one start to the next, and not from when it was to be: a busy loop wakes who waits too late.
            while (wait := limit.next_at - loop.time()) > 0:
                await asyncio.sleep(wait)
            limit.next_at = loop.time() + self._spacing
            self._raise_paused(host)
        except BaseException:
            limit.leave()
            raise
        return limit

    def pause(self, host: str, wait: timedelta) -> None:
        """Back off a host, and those that share its limit (`waiting_host`), for a while."""
        shared = waiting_host(host)
        if shared is not None:
            until = self._monotonic() + wait.total_seconds()
            self._paused_until[shared] = max(until, self._paused_until.get(shared, 0.0))

    def _raise_paused(self, host: str) -> None:
        if not self._paused_until:
            return
        shared = waiting_host(host)
        until = self._paused_until.get(shared or "")
        if until is None:
            return
        left = until - self._monotonic()
        if left <= 0:
            del self._paused_until[shared or ""]
            return
        raise FetchError(
            FailureKind.RATE_LIMITED, f"{shared} has asked to wait; not asked", retry_after=timedelta(seconds=left)
        )

    def _drop_unused(self) -> None:
        now = asyncio.get_running_loop().time()
        self._hosts = {host: limit for host, limit in self._hosts.items() if limit.waiting or limit.next_at > now}


class _Host:
    """The requests to one host: how many run, when the next may start, and how many wait."""

    def __init__(self, at_once: int) -> None:
        self.slots = asyncio.Semaphore(at_once)
        self.next_at = 0.0
        self.waiting = 0

    def leave(self) -> None:
        """End a turn."""
        self.slots.release()
        self.waiting -= 1


class _Turn:
    """A request's turn at a host. A class: a generator with `asynccontextmanager` takes three times as long."""

    __slots__ = ("_host", "_limiter", "_name")

    def __init__(self, limiter: HostLimiter, name: str) -> None:
        self._limiter = limiter
        self._name = name
        self._host: _Host | None = None

    async def __aenter__(self) -> None:
        self._host = await self._limiter.enter(self._name)

    async def __aexit__(self, *_error: object) -> None:
        if self._host is not None:
            self._host.leave()
