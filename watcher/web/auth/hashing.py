"""Runs password hashing a few at a time: a flood of guesses must not take all cores, or 64 MiB each."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from watcher.errors import BusyError

T = TypeVar("T")
MAX_CONCURRENT_HASHES = 2
MAX_WAITING_HASHES = 16
RETRY_AFTER_SECONDS = 2


class HashingQueue:
    """Bounds how many hashes run at once and how many wait; a lower rank goes first."""

    def __init__(self, at_once: int = MAX_CONCURRENT_HASHES, max_waiting: int = MAX_WAITING_HASHES) -> None:
        self._free = at_once
        self._max_waiting = max_waiting
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    async def run(self, work: Callable[[], T], rank: int) -> T:
        """Run the work in a thread when its turn comes; raises BusyError where too many go first."""
        await self._acquire(rank)
        try:
            return await run_in_threadpool(work)
        finally:
            self._release()

    async def _acquire(self, rank: int) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        if len(self._waiting) > self._max_waiting:
            last = max(self._waiting)
            self._waiting.remove(last)
            heapq.heapify(self._waiting)
            last[2].set_exception(
                BusyError("Many people are logging in. Try again in a few seconds.", RETRY_AFTER_SECONDS)
            )
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._release()
            raise

    def _release(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
