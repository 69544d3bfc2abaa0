"""The post room of a process: every channel at its own pace, so that a slow one keeps no other waiting."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from watcher.pipeline.sending import Attempt, Channels, Delivered, OnDelivery, Round, Senders, UnrecordedError
from watcher.store import outbox
from watcher.store.engine import Database

log = structlog.get_logger()

PAUSE_FIRST = timedelta(seconds=30)
PAUSE_CAP = timedelta(minutes=10)


@dataclass(slots=True)
class _Pause:
    """How often in a row a channel was found dead, and until when it is left alone."""

    times: int
    until: datetime


class Post:
    """Sends what waits, side by side on all channels, until `drain`.

    A channel that does not answer is left alone for a while, longer each time: its messages keep their tries. What
    became of a message while the database was away is recorded once it is back.
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
    ) -> None:
        self._database = database
        self._senders = senders
        self._clock = clock
        self._owner = owner
        self._on_delivery = on_delivery
        self._jitter = jitter
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._pauses: dict[str, _Pause] = {}
        self._unrecorded: dict[str, Attempt] = {}
        self._stopping = False

    async def tick(self, channels: Channels) -> None:
        """Begin to send on every channel on which something is due and nothing is being sent; wait for none."""
        now = self._clock()
        with self._database.read() as db:
            lost, names = outbox.has_abandoned(db, now), outbox.waiting_channels(db, now)
        if lost:
            await asyncio.to_thread(self._round(channels).settle_abandoned)
        for name in dict.fromkeys((*names, *self._unrecorded)):
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
        unrecorded = self._unrecorded.pop(name, None)
        try:
            fine = await self._round(channels).drain(name, 10_000, lambda: self._stopping, unrecorded=unrecorded)
        except UnrecordedError as error:
            if error.attempt is not None:
                self._unrecorded[name] = error.attempt
            log.error("database", tick="send", channel=name, error=str(error))
            return
        finally:
            self._busy.pop(name, None)
        if fine:
            self._pauses.pop(name, None)
            return
        times = self._pauses[name].times + 1 if name in self._pauses else 0
        wait = min(PAUSE_FIRST * (1 << min(times, 10)), PAUSE_CAP)
        self._pauses[name] = _Pause(times, self._clock() + wait)

    def _round(self, channels: Channels) -> Round:
        return Round(
            self._database, channels, self._senders, self._clock, self._jitter, Delivered(), self._owner,
            on_delivery=self._on_delivery,
        )  # fmt: skip
