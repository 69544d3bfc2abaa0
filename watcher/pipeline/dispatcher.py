"""The post room of a process: every channel at its own pace, so that a slow one keeps no other waiting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from watcher.errors import StoreError
from watcher.pipeline.delivery import Channels, Delivered, OnDelivery, Round, Senders
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.store.database import Database
from watcher.store.outbox.queries import has_abandoned_deliveries, list_waiting_channels

PAUSE_FIRST = timedelta(seconds=30)
PAUSE_CAP = timedelta(minutes=10)


@dataclass(slots=True)
class _Pause:
    """How often in a row a channel was found dead, and until when it is left alone."""

    times: int
    until: datetime


class Dispatcher:
    """Sends what waits, side by side on all channels, until `drain`.

    A channel that does not answer is left alone for a while, longer each time: its messages keep their tries.
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
    ) -> None:
        self._database = database
        self._senders = senders
        self._clock = clock
        self._owner = owner
        self._on_delivery = on_delivery
        self._jitter = jitter
        self._storage = storage or StorageMonitor()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, _Pause] = {}
        self._stopping = False

    async def tick(self, channels: Channels) -> None:
        """Begin to send on every channel on which something is due and nothing is being sent; wait for none."""
        now = self._clock()
        with self._database.read() as db:
            lost, names = has_abandoned_deliveries(db, now), list_waiting_channels(db, now)
        # While a fault of the database lasts, and shortly after, a message that seems abandoned may have been sent by a
        # process, this one or another, that could not record it yet.
        if lost and self._storage.is_settled:
            await asyncio.to_thread(self._round(channels).settle_abandoned)
        for name in names:
            pause = self._pauses.get(name)
            if not self._stopping and name not in self._busy and (pause is None or pause.until <= now):
                self._busy[name] = asyncio.create_task(self._drain(name, channels))

    async def settled(self) -> None:
        """Wait until nothing is being sent."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    async def drain(self) -> None:
        """Begin no further message, and wait for those that are being sent."""
        self._stopping = True
        await self.settled()

    async def _drain(self, name: str, channels: Channels) -> None:
        try:
            fine = await self._round(channels).drain(name, 10_000, lambda: self._stopping)
        except StoreError as error:
            self._storage.fail("deliver", error)
            return
        finally:
            self._busy.pop(name, None)
        self._storage.succeed("deliver")
        if fine:
            self._pauses.pop(name, None)
            return
        times = self._pauses[name].times + 1 if name in self._pauses else 0
        wait = min(PAUSE_FIRST * (1 << min(times, 10)), PAUSE_CAP)
        self._pauses[name] = _Pause(times, self._clock() + wait)

    def _round(self, channels: Channels) -> Round:
        return Round(
            self._database,
            channels,
            self._senders,
            self._clock,
            self._jitter,
            Delivered(),
            self._owner,
            on_delivery=self._on_delivery,
            storage=self._storage,
        )
