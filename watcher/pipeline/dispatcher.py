"""Sends messages as long as a process runs: every channel with messages that are due, side by side."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.channels.senders import Senders
from watcher.errors import StoreError
from watcher.pipeline.delivery import (
    MAX_MESSAGES_PER_ROUND,
    Channels,
    DeliveryRound,
    DeliverySummary,
    OnDelivery,
    read_waiting,
)
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Database

FIRST_PAUSE = timedelta(seconds=30)
MAX_PAUSE = timedelta(minutes=10)


@dataclass(slots=True)
class _Pause:
    """How often in a row a channel could not be reached, and until when it is paused."""

    times: int
    until: datetime


class Dispatcher:
    """Sends what is due on all channels, until `drain`.

    A channel that cannot be reached is paused, longer each time: its messages keep their attempts. No message is given
    up while the clock that says that its day is over is doubted.
    """

    def __init__(
        self,
        database: Database,
        senders: Senders,
        clock: Callable[[], datetime],
        *,
        owner: str,
        on_delivery: OnDelivery | None = None,
        jitter: Callable[[], float] = random.random,
        storage: StorageMonitor | None = None,
        is_clock_doubted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._senders = senders
        self._clock = clock
        self._owner = owner
        self._on_delivery = on_delivery
        self._jitter = jitter
        self._storage = storage or StorageMonitor()
        self._is_clock_doubted = is_clock_doubted
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, _Pause] = {}
        self._stopping = False

    async def tick(self, channels: Channels) -> None:
        """Begin to send on every channel on which a message is due and none is being sent; wait for none."""
        now = self._clock()
        has_abandoned, names = await asyncio.to_thread(read_waiting, self._database, now)
        # While a fault of the database lasts, and shortly after, a message that seems abandoned may have been sent by a
        # process, this one or another, that could not record it yet.
        if has_abandoned and self._storage.is_settled:
            await asyncio.to_thread(self._create_round(channels).settle_abandoned)
        for name in names:
            pause = self._pauses.get(name)
            if not self._stopping and name not in self._tasks and (pause is None or pause.until <= now):
                self._tasks[name] = asyncio.create_task(self._drain(name, channels))

    async def wait_until_idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())

    async def drain(self) -> None:
        """Begin no further message, and wait for those that are being sent."""
        self._stopping = True
        await self.wait_until_idle()

    async def _drain(self, name: str, channels: Channels) -> None:
        try:
            is_reachable = await self._create_round(channels).drain(
                name, MAX_MESSAGES_PER_ROUND, lambda: self._stopping
            )
        except StoreError as error:
            self._storage.fail("deliver", error)
            return
        finally:
            self._tasks.pop(name, None)
        self._storage.succeed("deliver")
        if is_reachable:
            self._pauses.pop(name, None)
            return
        times = self._pauses[name].times + 1 if name in self._pauses else 0
        wait = min(FIRST_PAUSE * (1 << min(times, 10)), MAX_PAUSE)
        self._pauses[name] = _Pause(times, self._clock() + wait)

    def _create_round(self, channels: Channels) -> DeliveryRound:
        return DeliveryRound(
            self._database,
            channels,
            self._senders,
            self._clock,
            self._jitter,
            DeliverySummary(),
            self._owner,
            on_delivery=self._on_delivery,
            storage=self._storage,
            is_clock_doubted=self._is_clock_doubted,
        )
