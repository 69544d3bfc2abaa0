"""The jobs that every engine runs, bound to one process, and the table of when they run."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

import structlog

from watcher import clock
from watcher.app.bootstrap import App
from watcher.app.meaning import ReadingService
from watcher.app.pipeline import build_pipeline, build_poller, build_shards, build_subscriber
from watcher.channels.base import SenderContext
from watcher.channels.senders import Senders
from watcher.engine.clock_monitor import ClockMonitor
from watcher.errors import StoreError
from watcher.fetch import Fetcher
from watcher.pipeline.digests import compose_due
from watcher.pipeline.dispatcher import Dispatcher
from watcher.pipeline.feed_events import to_poll_record
from watcher.pipeline.host_shards import HostShards
from watcher.pipeline.ingest_result import IngestResult
from watcher.pipeline.lease_recovery import is_owner_dead, recover_leases, recover_silent_leases
from watcher.pipeline.shard_terms import UPDATE_INTERVAL
from watcher.pipeline.storage_monitor import StorageMonitor
from watcher.reading.arenas import release_heap
from watcher.store.database.pruning import prune_database
from watcher.store.system.workers import record_heartbeat, remove_worker

log = structlog.get_logger()

Job = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a job runs: `interval` apart, for the first time `first_delay` after the start.

    `cron`, where a job runs once for all processes, says the same to procrastinate, which runs it at each moment that
    it names; a sixth field counts seconds.
    """

    interval: timedelta
    first_delay: timedelta = timedelta()
    cron: str = ""


SCHEDULE: Mapping[str, Schedule] = MappingProxyType(
    {
        # Each process polls for itself, and shares the hosts with the others by leases of their shards.
        "poll": Schedule(interval=timedelta(seconds=1)),
        "shards": Schedule(interval=UPDATE_INTERVAL),
        # One process composes and delivers one after the other; several may do both at a time.
        "send": Schedule(interval=timedelta(seconds=2)),
        "compose": Schedule(interval=timedelta(seconds=2), cron="* * * * * */2"),
        "deliver": Schedule(interval=timedelta(seconds=2), cron="* * * * * */2"),
        # Each process reads for itself, and shares the backlog with the others by its claims.
        "embed": Schedule(interval=timedelta(seconds=1), first_delay=timedelta(seconds=1)),
        "clock": Schedule(interval=timedelta(minutes=1), first_delay=timedelta(minutes=1)),
        "subscribe": Schedule(interval=timedelta(minutes=1), first_delay=timedelta(seconds=5), cron="* * * * *"),
        "clear": Schedule(interval=timedelta(seconds=5), cron="* * * * * */5"),
        "prune": Schedule(interval=timedelta(hours=6), first_delay=timedelta(minutes=10), cron="17 */6 * * *"),
    }
)
"""Every job by its name, which procrastinate stores with what it queues. The heartbeat is the process's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """How often a process records that it is alive, and after how long a silence it counts as dead."""

    interval: timedelta = timedelta(seconds=5)
    silent_after: timedelta = timedelta(seconds=20)


class Engine(Protocol):
    """Runs the jobs of a process by the schedule."""

    async def start(self) -> None:
        """Run the jobs from now on, in the background. Raises StoreError where the database is away."""

    async def drain(self, grace: timedelta) -> None:
        """Run no further job, and wait up to `grace` for those that are running."""

    @property
    def is_alive(self) -> bool:
        """Return whether polling goes on."""


class Jobs:
    """What one process does when its engine calls; an async context manager. `app` may be reloaded meanwhile.

    `clock` returns aware UTC, `monotonic` seconds. `senders` replaces the usual ones.
    """

    def __init__(
        self,
        app: App,
        fetcher: Fetcher,
        clock: Callable[[], datetime],
        heartbeat: Heartbeat | None = None,
        *,
        monotonic: Callable[[], float] = clock.monotonic,
        senders: Senders | None = None,
    ) -> None:
        self.app = app
        self.clock = clock
        self.monotonic = monotonic
        self.clock_monitor = ClockMonitor(app.database, clock, monotonic)
        self.heartbeat = heartbeat or Heartbeat()
        self.storage = StorageMonitor(monotonic)
        self.owner = f"{socket.gethostname()}:{os.getpid()}"
        self._shards = self._build_shards(fetcher)
        pipeline = build_pipeline(
            app,
            fetcher,
            clock,
            owner=self.owner,
            shards=self._shards,
            on_ingested=self._count_poll,
            on_response=self.clock_monitor.observe,
            storage=self.storage,
        )
        self.poller = build_poller(app, pipeline)
        self.subscriber = build_subscriber(app, pipeline)
        self._reading, self._reader = asyncio.Lock(), self._build_reader()
        self._dispatcher = Dispatcher(
            app.database,
            senders or Senders(SenderContext(http=fetcher.client(), clock=clock)),
            clock,
            owner=self.owner,
            on_delivery=app.activity.count_delivery,
            storage=self.storage,
            is_clock_doubted=lambda: self.clock_monitor.is_doubted,
        )

    async def __aenter__(self) -> Jobs:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.poller.__aexit__(*error)

    async def recover_dead_leases(self) -> None:
        """Free at once what processes held that are known to be dead."""
        database = self.app.database

        def is_dead(owner: str) -> bool:
            """Return whether an owner of leases is dead; on SQLite no other daemon can be at work."""
            return is_owner_dead(owner, self.owner, is_only_daemon=not database.is_shared)

        recovered = await asyncio.to_thread(recover_leases, database, is_dead, self.clock())
        if any(recovered):
            log.warning("taken over from a process that died", feeds=recovered.feeds, messages=recovered.messages)

    async def recover_silent_leases(self) -> None:
        """Free what processes hold whose heartbeat has expired."""
        recovered = await asyncio.to_thread(recover_silent_leases, self.app.database, self.clock())
        if any(recovered):
            log.warning(
                "taken over from a process that fell silent", feeds=recovered.feeds, messages=recovered.messages
            )

    async def send(self) -> None:
        """Compose what is due and deliver what waits."""
        await self.compose()
        await self.deliver()

    async def compose(self) -> None:
        """Compose the digests and alerts that are due."""
        await asyncio.to_thread(compose_due, self.app.database, self.app.press(), self.clock())

    async def deliver(self) -> None:
        """Start delivering what waits, a message at a time on every channel; no slow one keeps another waiting."""
        await self._dispatcher.tick(self.app.press().channels)

    async def wait_until_sent(self) -> None:
        """Wait until no message is being sent."""
        await self._dispatcher.wait_until_idle()

    async def subscribe(self) -> None:
        """Ask hubs to push, to push for longer, or to push no more."""
        await self.subscriber.run_once()

    async def embed(self) -> None:
        """Read stored entries for their meaning, for a few seconds at most; a run that overlaps does nothing."""
        if not self._reading.locked():
            async with self._reading:
                await asyncio.to_thread(self._reader.run_once)

    async def prune(self) -> None:
        """Delete what is older than it is kept, unless the clock that says so is doubted."""
        if not self.clock_monitor.may_prune:
            log.warning("nothing is pruned while the clock is doubted or no server has confirmed it")
            return
        pruned = await asyncio.to_thread(prune_database, self.app.database, self.app.retention(), self.clock())
        log.info("pruned", entries=pruned.entries, polls=pruned.polls, freed=pruned.freed_bytes)

    async def record_heartbeat(self) -> None:
        """Record that this process is alive, and whether it reaches a network."""
        expires_in, away_since = self.heartbeat.silent_after, self.poller.check_network()
        await asyncio.to_thread(
            record_heartbeat, self.app.database, self.owner, self.owner, self.clock(), expires_in, away_since
        )

    async def keep_alive(self) -> None:
        """Record that this process is alive, and free what processes hold that are not, and what polls have freed."""
        await self.record_heartbeat()
        await self.recover_silent_leases()
        if not self.poller.in_flight:
            await asyncio.to_thread(release_heap)

    @property
    def has_shards(self) -> bool:
        """Return whether hosts are divided into shards, which other processes may hold."""
        return self._shards is not None

    async def update_shards(self) -> None:
        """Take this process's share of the hosts, and renew what it has; nothing is asked of hosts that it has not."""
        if self._shards is not None:
            await self._shards.update(is_away=self.poller.is_offline)

    async def sign_off(self) -> None:
        """Record that this process has ended, and release its hosts to others."""

        def sign_off() -> None:
            """Remove this process from the workers."""
            with self.app.database.write() as db:
                remove_worker(db, self.owner)

        if self._shards is not None:
            await self._shards.release_all()
        await asyncio.to_thread(sign_off)

    async def drain(self, grace: timedelta) -> None:
        """Wait up to `grace` for what is in flight, release what has not ended, and begin no further message."""
        await asyncio.to_thread(self._reader.close)
        sending = asyncio.create_task(self._dispatcher.drain())
        # What became of a message may have to wait for a database that is away; the next process finds it in doubt.
        await asyncio.gather(self.poller.drain(grace), asyncio.wait([sending], timeout=grace.total_seconds()))
        async with self._reading:
            pass  # the thread that read has ended, too

    def _build_shards(self, fetcher: Fetcher) -> HostShards | None:
        return build_shards(
            self.app,
            fetcher,
            self.clock,
            owner=self.owner,
            monotonic=self.monotonic,
            lease_for=self.heartbeat.silent_after,
            renew_every=self.heartbeat.interval,
        )

    def _build_reader(self) -> ReadingService:
        return ReadingService(
            self.app,
            self.clock,
            self.monotonic,
            owner=self.owner,
            is_busy=lambda: bool(self.poller.in_flight),
            on_read=self.app.activity.count_read_entries,
        )

    def _count_poll(self, result: IngestResult) -> None:
        if not result.is_stored:
            return
        poll = to_poll_record(result, self.clock())
        self.app.activity.count_poll(poll.outcome, poll.elapsed, poll.new, poll.updated)
        if result.hits:
            log.info("hits", feed=result.before.name, hits=len(result.hits), new=len(result.new))


def tolerate_storage_errors(name: str, job: Job, storage: StorageMonitor) -> Job:
    """Return a job that goes on with its next run where the database is full, locked or away; `storage` records it."""

    async def run() -> None:
        """Run the job once, and record whether the database could be used."""
        try:
            await job()
        except StoreError as error:
            storage.fail(name, error)
        else:
            storage.succeed(name)

    return run
