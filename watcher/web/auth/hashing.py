"""Runs what is slow by design, a few at a time: a flood of guesses must take neither all cores nor 64 MiB each."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import TypeVar

from fastapi.concurrency import run_in_threadpool

from watcher.errors import BusyError

T = TypeVar("T")
AT_ONCE = 2
MOST_WAITING = 16
RETRY_AFTER = 2


class HashingQueue:
    """Bounds how many hashes are made at once and how many wait; who comes with a lower rank goes first."""

    def __init__(self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING) -> None:
        self._free = at_once
        self._most_waiting = most_waiting
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    async def run(self, work: Callable[[], T], rank: int) -> T:
        """Do the work in a thread when its turn comes; raises BusyError where too many wait that go first."""
        await self._take(rank)
        try:
            return await run_in_threadpool(work)
        finally:
            self._pass_on()

    async def _take(self, rank: int) -> None:
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (rank, next(self._numbers), turn))
        if len(self._waiting) > self._most_waiting:
            last = max(self._waiting)
            self._waiting.remove(last)
            heapq.heapify(self._waiting)
            last[2].set_exception(BusyError("many people are logging in: try again in a few seconds", RETRY_AFTER))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
