"""The steps that every engine runs, bound to one process: poll, send, prune, and say that it is at work."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from watcher import clock
from watcher.app.bootstrap import App
from watcher.channels.base import SenderContext
from watcher.channels.senders import Senders
from watcher.engine.clock_monitor import ClockMonitor
from watcher.errors import StoreError
from watcher.fetch import Fetcher
from watcher.pipeline.digests import compose_due
from watcher.pipeline.dispatcher import Dispatcher
from watcher.pipeline.feed_events import to_poll_record
from watcher.pipeline.ingest import IngestResult
from watcher.pipeline.lease_recovery import is_dead, recover_silent_leases, take_over
from watcher.pipeline.poller import Poller
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.pipeline.websub.service import Subscriber
from watcher.store.database.pruning import prune_database
from watcher.store.system.workers import record_heartbeat, remove_worker

log = structlog.get_logger()

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How often a process says that it is at work, and after how long a silence it counts as dead."""

    beat: timedelta = timedelta(seconds=5)
    silent_after: timedelta = timedelta(seconds=20)


class Engine(Protocol):
    """Whoever calls the steps. `alive` tells whether polling goes on."""

    async def start(self) -> None: ...

    async def drain(self, grace: timedelta) -> None: ...

    @property
    def alive(self) -> bool: ...


class Jobs:
    """What one process does at an engine's word; an async context manager. `app` may be reloaded meanwhile.

    `senders` replaces the usual ones.
    """

    def __init__(
        self,
        app: App,
        fetcher: Fetcher,
        clock: Callable[[], datetime],
        pace: Heartbeat | None = None,
        *,
        monotonic: Callable[[], float] = clock.monotonic,
        senders: Senders | None = None,
    ) -> None:
        self.app = app
        self.clock = clock
        self.monotonic = monotonic
        self.clock_monitor = ClockMonitor(app.database, clock, monotonic)
        self.pace = pace or Heartbeat()
        self.storage = StorageMonitor(monotonic)
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self.poller = Poller(
            app.database,
            fetcher,
            lambda: app.watched,
            clock,
            bounds=app.bounds,
            concurrency=app.settings.fetch.concurrency,
            owner=self.owner,
            on_settled=self._count_poll,
            on_answer=self.clock_monitor.observe,
            configured=lambda url: app.settings.source(url),
            storage=self.storage,
        )
        self.subscriber = Subscriber(
            app.database,
            fetcher,
            lambda: app.watched,
            clock,
            bounds=app.bounds,
            base=lambda: app.settings.web.base_url,
            active=lambda: app.settings.fetch.websub,
            owner=self.owner,
            reader=self.poller.reader,
            on_settled=self._count_poll,
        )
        self._dispatcher = Dispatcher(
            app.database,
            senders or Senders(SenderContext(http=fetcher.client(), clock=clock)),
            clock,
            owner=self.owner,
            on_delivery=app.activity.count_delivery,
            storage=self.storage,
        )

    def _count_poll(self, settled: IngestResult) -> None:
        if not settled.held:
            return
        poll = to_poll_record(settled, self.clock())
        self.app.activity.count_poll(poll.outcome, poll.elapsed, poll.new, poll.updated)
        if settled.hits:
            log.info("hits", feed=settled.before.name, hits=len(settled.hits), new=len(settled.new))

    async def __aenter__(self) -> Jobs:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.poller.__aexit__(*error)

    async def take_over(self) -> None:
        """Take up at once what a process held that is known to be dead."""
        alone = self.app.database.is_sqlite
        taken = await asyncio.to_thread(
            take_over, self.app.database, lambda owner: is_dead(owner, self.owner, alone=alone), self.clock()
        )
        if any(taken):
            log.warning("taken over from a process that died", feeds=taken[0], messages=taken[1])

    async def recover_silent_leases(self) -> None:
        """Take up what those held who said that they were at work and say so no longer."""
        taken = await asyncio.to_thread(recover_silent_leases, self.app.database, self.clock())
        if any(taken):
            log.warning("taken over from a process that fell silent", feeds=taken[0], messages=taken[1])

    async def send(self) -> None:
        """Compose what is due and deliver what waits."""
        await self.compose()
        await self.deliver()

    async def compose(self) -> None:
        """Compose the digests and alerts that are due."""
        await asyncio.to_thread(compose_due, self.app.database, self.app.press(), self.clock())

    async def deliver(self) -> None:
        """Begin to deliver what waits, a message at a time on every channel; no slow one keeps another waiting."""
        await self._dispatcher.tick(self.app.press().channels)

    async def wait_until_sent(self) -> None:
        """Wait until no message is being sent."""
        await self._dispatcher.wait_until_idle()

    async def subscribe(self) -> None:
        """Ask hubs for what is to be pushed, for longer, or for no more."""
        await self.subscriber.care()

    async def prune(self) -> None:
        """Drop what is older than it is kept, unless the clock that says so is doubted."""
        if not self.clock_monitor.may_prune:
            log.warning("nothing is pruned while the clock is doubted or no server has confirmed it")
            return
        done = await asyncio.to_thread(prune_database, self.app.database, self.app.retention(), self.clock())
        log.info("pruned", entries=done.entries, polls=done.polls, freed=done.freed_bytes)

    async def beat(self) -> None:
        """Say that this process is at work, and whether it has a network."""
        lasts, away = self.pace.silent_after, self.poller.find_network_away()
        await asyncio.to_thread(record_heartbeat, self.app.database, self.owner, self.owner, self.clock(), lasts, away)

    async def leave(self) -> None:
        """Say that this process is at work no longer."""

        def leave() -> None:
            with self.app.database.write() as db:
                remove_worker(db, self.owner)

        await asyncio.to_thread(leave)

    async def drain(self, grace: timedelta) -> None:
        """Let what is in flight end, give back what does not within `grace`, and begin no further message."""
        posting = asyncio.create_task(self._dispatcher.drain())
        # What came of a message may have to wait for a database that is away; the next process finds it in doubt.
        await asyncio.gather(self.poller.drain(grace), asyncio.wait([posting], timeout=grace.total_seconds()))


def patient(name: str, step: Step, storage: StorageMonitor) -> Step:
    """Return a step that a database which is full, locked or away does not end, and that `storage` hears of."""

    async def tick() -> None:
        try:
            await step()
        except StoreError as error:
            storage.fail(name, error)
        else:
            storage.succeed(name)

    return tick
